#pragma once
#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "fiber.hpp"
#include "host_cuda/host_cuda.hpp"
#include "host_cuda/vector_types.h"
#include "host_cuda/warp.h"

namespace host_cuda {

inline constexpr int kMaxThreads = 1024;  // of a block

/// Random numbers that are the same with every standard library.
class Random {
 public:
  using result_type = std::uint64_t;
  explicit Random(std::uint64_t seed) : state_(seed) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();  // splitmix64

 private:
  std::uint64_t state_;
};

/// 0 to n - 1 in the order of a schedule.
template <class Index>
void arrange(std::vector<Index>& order, std::size_t n, Schedule schedule, Random& random);

/// The threads that can run, and which of them is next: always the one that stands first in the schedule's order. So
/// a warp runs as far ahead of the others as the barriers let it, which is what shows a missing one.
class ReadyThreads {
 public:
  /// A new order of `threads` threads, none of them ready.
  void arrange(int threads, Schedule schedule, Random& random);
  void add(int thread);
  void remove(int thread);
  /// -1 where none is ready.
  int first() const;

 private:
  std::vector<int> thread_at_;                           // by rank
  std::array<int, kMaxThreads> rank_{};                  // by thread
  std::array<std::uint64_t, kMaxThreads / 64> ready_{};  // bit r: the thread of rank r is ready
};

/// Runs one block after another, a fiber for each thread.
class BlockRunner {
 public:
  BlockRunner(const void* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread,
              Schedule schedule);
  ~BlockRunner();
  BlockRunner(const BlockRunner&) = delete;
  BlockRunner& operator=(const BlockRunner&) = delete;

  /// Throws KernelError; no thread of the block is left over then.
  void run(uint3 block);

  /// The runner of the kernel that is running. Throws KernelError outside of one.
  static BlockRunner& current(const char* operation);

  // What the running thread may ask for.
  Votes barrier(const char* operation, bool vote, std::source_location site);
  std::uint64_t exchange(const char* operation, unsigned mask, std::uint64_t bits, int source,
                         std::source_location site);
  unsigned ballot(const char* operation, unsigned mask, bool vote, std::source_location site);
  void copy_later(void* to, const void* from, int bytes, std::source_location site);
  void finish_copies();
  int lane() const { return running_ % warpSize; }
  void* shared() { return shared_.get(); }
  [[noreturn]] void fail(const std::string& what) const;

 private:
  enum class State { ready, at_barrier, in_warp_operation, exited };

  struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
  };

  struct Thread {
    Fiber fiber;
    State state = State::exited;
    bool started = false;
    // What it waits for, and what it brought
    const char* operation = nullptr;
    std::source_location site;
    unsigned mask = 0;
    std::uint64_t bits = 0;
    int source = kOwnValue;
    // What it was given; kept apart from `bits`, as others may be ahead of it by then
    std::uint64_t received = 0;
    unsigned votes = 0;
    std::vector<Copy> copies;  // still to be made
  };

  struct Warp {            // bit l: lane l
    unsigned waiting = 0;  // in a warp operation
    unsigned exited = 0;   // or not in the block
  };

  struct Abandoned {};  // thrown in a thread to unwind it

  static void thread_main();
  void resume(int thread);
  Thread& arrive(State state, const char* operation, std::uint64_t bits, std::source_location site);
  void wait(Thread& self);
  void run_to_end();
  void release_barrier();
  const Thread& join_warp(const char* operation, unsigned mask, std::uint64_t bits, int source,
                          std::source_location site);
  bool warp_complete(int first, unsigned mask) const;
  void release_warp(int first, unsigned mask);
  void abandon();
  std::string where_all_wait() const;

  const void* kernel_;
  dim3 block_;
  int size_;
  const std::function<void()>& thread_;
  Schedule schedule_;
  Random random_;
  std::unique_ptr<void, void (*)(void*)> shared_;
  std::size_t shared_bytes_;

  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  ReadyThreads ready_;
  int running_ = -1;
  Votes votes_{};
  bool abandoning_ = false;
  std::exception_ptr error_;
};

}  // namespace host_cuda
