#include "fiber.hpp"

#include <sys/mman.h>

#include <new>

#include "sanitizer.hpp"

namespace host_cuda {
namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kStack = std::size_t{256} << 10;  // address space only: pages come with their first use
constexpr std::size_t kCacheLine = 64;

}  // namespace

StackPool::StackPool(int stacks) : bytes_(static_cast<std::size_t>(stacks) * (kPage + kStack)) {
  void* base = mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<std::byte*>(base);
  for (int i = 0; i < stacks; ++i)
    if (mprotect((*this)[i].bottom, kStack, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
}

StackPool::~StackPool() { munmap(base_, bytes_); }

Stack StackPool::operator[](int i) const {
  const auto n = static_cast<std::size_t>(i);
  // Tops at equal distances from a page would all fall into the same few sets of the cache.
  const std::size_t stagger = n * 5 % (kPage / kCacheLine) * kCacheLine;
  return {base_ + n * (kPage + kStack) + kPage, kStack - stagger};
}

void Fiber::prepare(Stack stack, void (*body)()) {
  stack_ = stack;
  body_ = body;
  context_ = make_fcontext(stack.bottom + stack.bytes, stack.bytes, &Fiber::main);
}

void Fiber::main(transfer_t from) {
  Fiber& self = *static_cast<Fiber*>(from.data);
  self.context_ = from.fctx;
  finish_switch(nullptr, &self.caller_stack_, &self.caller_bytes_);
  self.body_();
  start_switch(nullptr, self.caller_stack_, self.caller_bytes_);  // null: this stack is done with
  jump_fcontext(self.context_, nullptr);
}

void Fiber::resume() {
  void* saved = nullptr;
  start_switch(&saved, stack_.bottom, stack_.bytes);
  context_ = jump_fcontext(context_, this).fctx;
  finish_switch(saved, nullptr, nullptr);
}

void Fiber::pause() {
  void* saved = nullptr;
  start_switch(&saved, caller_stack_, caller_bytes_);
  context_ = jump_fcontext(context_, nullptr).fctx;
  finish_switch(saved, &caller_stack_, &caller_bytes_);
}

}  // namespace host_cuda
