#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace host_cuda {

/// Device memory: one stretch of address space that only kernels and copies may touch. Not thread-safe: see state.hpp.
class Arena {
 public:
  static Arena& instance();

  /// Uninitialized memory, all bytes 0xFF (of a huge allocation, 64 MiB at either end), 256-byte aligned; null where it
  /// would exceed the limit.
  void* allocate(std::size_t bytes);
  /// Whether `pointer` was live and is now free.
  bool release(const void* pointer);

  bool contains(const void* pointer) const;
  /// Bytes from `pointer` to the end of the live allocation around it; 0 where there is none.
  std::size_t extent(const void* pointer) const;

  void set_limit(std::size_t bytes) { limit_ = bytes; }
  std::size_t limit() const { return limit_; }
  std::size_t in_use() const { return in_use_; }
  std::size_t allocations() const { return live_.size(); }

  /// Calls of open and close nest; the memory is accessible from the first open to the last close.
  void open();
  void close();

  /// The contents of the live allocations, in the order of their addresses. To be taken, restored and compared while
  /// open and with nothing allocated or freed between.
  using Contents = std::vector<std::vector<std::byte>>;
  Contents contents() const;
  void restore(const Contents& contents);
  /// Where the memory differs from `contents`, in words; empty where it does not.
  std::string difference(const Contents& contents) const;

  /// Which allocation was written beyond its end, in words; empty where none was. AddressSanitizer, where built in,
  /// reports it at the place instead.
  std::string overrun() const;

 private:
  struct Block {
    std::size_t bytes;     // asked for
    std::size_t occupied;  // with what lies between it and the next
  };

  Arena();
  void protect(std::size_t first, std::size_t last, int protection);
  std::byte* at(std::size_t offset) const { return base_ + offset; }

  std::byte* base_ = nullptr;
  std::size_t used_ = 0;  // beyond it nothing was ever allocated: never made accessible
  std::size_t limit_;
  std::size_t in_use_ = 0;
  int open_ = 0;
  std::map<std::size_t, Block> live_;        // by offset
  std::map<std::size_t, std::size_t> free_;  // offset and size, no two adjacent
};

}  // namespace host_cuda
