#pragma once
#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace host_cuda {

struct Stack {
  std::byte* bottom;
  std::size_t bytes;
};

/// Stacks of equal size, each with a page below it that may not be touched; kept for reuse.
class StackPool {
 public:
  explicit StackPool(int stacks);
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  Stack operator[](int i) const;

 private:
  std::byte* base_;
  std::size_t bytes_;
};

/// A function that can pause on a stack of its own. It must not let an exception out.
class Fiber {
 public:
  /// Makes `body` ready to run on `stack`, whatever ran there before.
  void prepare(Stack stack, void (*body)());
  /// Runs `body` until it pauses or ends.
  void resume();
  /// Called by the body: returns to resume()'s caller, until the next resume().
  void pause();

 private:
  static void main(boost::context::detail::transfer_t from);

  Stack stack_{};
  void (*body_)() = nullptr;
  boost::context::detail::fcontext_t context_ = nullptr;  // the body's while paused, resume()'s while it runs
  const void* caller_stack_ = nullptr;                    // for AddressSanitizer
  std::size_t caller_bytes_ = 0;
};

}  // namespace host_cuda
