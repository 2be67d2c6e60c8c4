#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace seesaw::io {

/// "<path>: <what failed>: <reason that errno gives>"
std::string system_message(const std::string& path, const std::string& what, int error);

/// Bytes in memory of their own that grows.
class Bytes {
 public:
  Bytes() = default;
  ~Bytes();
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  /// Room for at least `more` bytes behind those there are; throws OutOfMemory.
  char* room(std::size_t more);
  std::size_t room_size() const { return capacity_ - size_; }
  void grow(std::size_t by) { size_ += by; }
  std::string_view view() const { return {data_, size_}; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// A file's bytes, read as the memory is touched.
class Mapping {
 public:
  Mapping(const std::string& path, int descriptor, std::size_t size);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  std::string_view view() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_;
  std::size_t size_;
};

inline constexpr int kStandardInput = 0;

/// The contents of a file, inflated where they are gzip.
class FileText {
 public:
  /// Throws IoError, OutOfMemory.
  explicit FileText(const std::string& path);
  /// Of an open file, which stays open and is called `path` in messages.
  FileText(const std::string& path, int descriptor);
  std::string_view view() const { return view_; }
  /// Lets go of the memory behind `part` of the view; a later look at it reads the file again.
  void release(std::string_view part) const;

 private:
  void read(const std::string& path, int descriptor);

  std::string_view view_;
  std::unique_ptr<Bytes> bytes_;      ///< of gzip and of what cannot be mapped
  std::unique_ptr<Mapping> mapping_;  ///< of other files
};

}  // namespace seesaw::io
