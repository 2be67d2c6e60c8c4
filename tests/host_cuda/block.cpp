#include "block.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <numeric>
#include <sstream>
#include <utility>

#include "kernel_name.hpp"
#include "sanitizer.hpp"

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace host_cuda {
namespace {

constexpr int kPoison = 0xFF;  // NaN in float and double

BlockRunner* runner = nullptr;

StackPool& stacks() {
  static StackPool pool(kMaxThreads);
  return pool;
}

bool same(const char* a, const char* b) { return a == b || std::strcmp(a, b) == 0; }

bool same(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && a.column() == b.column() && same(a.file_name(), b.file_name()) &&
         same(a.function_name(), b.function_name());
}

std::string place(const char* operation, std::source_location site) {
  return std::string(operation) + " at " + site.file_name() + ":" + std::to_string(site.line()) + " in " +
         site.function_name();
}

std::string hex(unsigned value) {
  std::ostringstream out;
  out << "0x" << std::hex << value;
  return out.str();
}

}  // namespace

Random::result_type Random::operator()() {
  std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

template <class Index>
void arrange(std::vector<Index>& order, std::size_t n, Schedule schedule, Random& random) {
  order.resize(n);
  std::iota(order.begin(), order.end(), Index{0});
  if (schedule.order == Schedule::reverse) std::reverse(order.begin(), order.end());
  if (schedule.order == Schedule::random)
    for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
}
template void arrange(std::vector<int>&, std::size_t, Schedule, Random&);
template void arrange(std::vector<std::uint64_t>&, std::size_t, Schedule, Random&);

void ReadyThreads::arrange(int threads, Schedule schedule, Random& random) {
  host_cuda::arrange(thread_at_, static_cast<std::size_t>(threads), schedule, random);
  for (int rank = 0; rank < threads; ++rank)
    rank_[static_cast<std::size_t>(thread_at_[static_cast<std::size_t>(rank)])] = rank;
  ready_ = {};
}

void ReadyThreads::add(int thread) {
  const auto rank = static_cast<std::size_t>(rank_[static_cast<std::size_t>(thread)]);
  ready_[rank / 64] |= std::uint64_t{1} << rank % 64;
}

void ReadyThreads::remove(int thread) {
  const auto rank = static_cast<std::size_t>(rank_[static_cast<std::size_t>(thread)]);
  ready_[rank / 64] &= ~(std::uint64_t{1} << rank % 64);
}

int ReadyThreads::first() const {
  for (std::size_t word = 0; word < ready_.size(); ++word)
    if (ready_[word] != 0) return thread_at_[word * 64 + static_cast<std::size_t>(std::countr_zero(ready_[word]))];
  return -1;
}

BlockRunner::BlockRunner(const void* kernel, dim3 grid, dim3 block, std::size_t shared_bytes,
                         const std::function<void()>& thread, Schedule schedule)
    : kernel_(kernel),
      block_(block),
      size_(static_cast<int>(block.x * block.y * block.z)),
      thread_(thread),
      schedule_(schedule),
      random_(schedule.seed),
      shared_(std::malloc(shared_bytes), std::free),  // to the byte: AddressSanitizer sees what lies beyond
      shared_bytes_(shared_bytes),
      threads_(static_cast<std::size_t>(size_)),
      warps_(static_cast<std::size_t>((size_ + warpSize - 1) / warpSize)) {
  if (runner != nullptr) throw KernelError("a kernel launched a kernel");
  runner = this;
  blockDim = block;
  gridDim = grid;
}

BlockRunner::~BlockRunner() { runner = nullptr; }

BlockRunner& BlockRunner::current(const char* operation) {
  if (runner == nullptr) throw KernelError(std::string(operation) + " outside of a kernel");
  return *runner;
}

void BlockRunner::run(uint3 block) {
  blockIdx = block;
  if (shared_bytes_ > 0) std::memset(shared_.get(), kPoison, shared_bytes_);
  ready_.arrange(size_, schedule_, random_);
  std::fill(warps_.begin(), warps_.end(), Warp{});
  if (size_ % warpSize != 0) warps_.back().exited = ~0u << size_ % warpSize;
  for (int t = 0; t < size_; ++t) {
    Thread& thread = threads_[static_cast<std::size_t>(t)];
    thread.state = State::ready;
    thread.started = false;
    thread.copies.clear();
    ready_.add(t);
  }
  try {
    run_to_end();
  } catch (...) {
    abandon();
    throw;
  }
}

void BlockRunner::run_to_end() {
  for (;;) {
    const int next = ready_.first();
    if (next >= 0) {
      resume(next);
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    } else if (std::all_of(threads_.begin(), threads_.end(),
                           [](const Thread& t) { return t.state == State::exited; })) {
      return;
    } else {
      release_barrier();
    }
  }
}

void BlockRunner::resume(int t) {
  Thread& thread = threads_[static_cast<std::size_t>(t)];
  const auto index = static_cast<unsigned>(t);
  threadIdx = {index % block_.x, index / block_.x % block_.y, index / block_.x / block_.y};
  running_ = t;
  if (!thread.started) {
    const Stack stack = stacks()[t];
    unpoison(stack.bottom, stack.bytes);
    thread.fiber.prepare(stack, &BlockRunner::thread_main);
    thread.started = true;
  }
  thread.fiber.resume();
}

void BlockRunner::thread_main() {
  try {
    runner->thread_();
  } catch (const Abandoned&) {
  } catch (...) {
    runner->error_ = std::current_exception();
  }
  runner->threads_[static_cast<std::size_t>(runner->running_)].state = State::exited;
  runner->warps_[static_cast<std::size_t>(runner->running_ / warpSize)].exited |= 1u << runner->lane();
  runner->ready_.remove(runner->running_);
}

BlockRunner::Thread& BlockRunner::arrive(State state, const char* operation, std::uint64_t bits,
                                         std::source_location site) {
  Thread& self = threads_[static_cast<std::size_t>(running_)];
  self.state = state;
  self.operation = operation;
  self.bits = bits;
  self.site = site;
  ready_.remove(running_);
  return self;
}

void BlockRunner::wait(Thread& self) {
  self.fiber.pause();
  if (abandoning_) throw Abandoned{};
}

/// Ends every thread that stands somewhere inside the kernel.
void BlockRunner::abandon() {
  abandoning_ = true;
  for (int t = 0; t < size_; ++t) {
    const Thread& thread = threads_[static_cast<std::size_t>(t)];
    if (thread.started && thread.state != State::exited) resume(t);
  }
  abandoning_ = false;
}

Votes BlockRunner::barrier(const char* operation, bool vote, std::source_location site) {
  wait(arrive(State::at_barrier, operation, vote ? 1 : 0, site));
  return votes_;  // of this barrier still: the next one waits for this thread
}

/// No thread can run: all that have not exited must stand at one barrier, else they wait for each other for ever.
void BlockRunner::release_barrier() {
  const Thread* first = nullptr;
  votes_ = {};
  for (const Thread& thread : threads_) {
    if (thread.state == State::exited) continue;
    if (first == nullptr) first = &thread;
    if (thread.state != State::at_barrier || !same(thread.site, first->site))
      fail("the threads wait at different places" + where_all_wait());
    votes_.yes += static_cast<int>(thread.bits);
    ++votes_.all;
  }
  ready_.arrange(size_, schedule_, random_);
  for (int t = 0; t < size_; ++t) {
    Thread& thread = threads_[static_cast<std::size_t>(t)];
    if (thread.state == State::exited) continue;
    thread.state = State::ready;
    ready_.add(t);
  }
}

std::uint64_t BlockRunner::exchange(const char* operation, unsigned mask, std::uint64_t bits, int source,
                                    std::source_location site) {
  return join_warp(operation, mask, bits, source, site).received;
}

unsigned BlockRunner::ballot(const char* operation, unsigned mask, bool vote, std::source_location site) {
  return join_warp(operation, mask, vote ? 1 : 0, kOwnValue, site).votes;
}

const BlockRunner::Thread& BlockRunner::join_warp(const char* operation, unsigned mask, std::uint64_t bits, int source,
                                                  std::source_location site) {
  if ((mask >> lane() & 1u) == 0)
    fail("lane " + std::to_string(lane()) + " is not in its own mask " + hex(mask) + " of " + place(operation, site));
  Thread& self = arrive(State::in_warp_operation, operation, bits, site);
  self.mask = mask;
  self.source = source;
  const int first = running_ - lane();
  warps_[static_cast<std::size_t>(first / warpSize)].waiting |= 1u << lane();
  if (warp_complete(first, mask)) release_warp(first, mask);
  wait(self);  // even when complete: the order decides who goes on, not who came last
  return self;
}

/// Whether the lanes in `mask` of the warp that begins at thread `first` stand where the running one does.
bool BlockRunner::warp_complete(int first, unsigned mask) const {
  const Thread& self = threads_[static_cast<std::size_t>(running_)];
  const Warp& warp = warps_[static_cast<std::size_t>(first / warpSize)];
  if (const unsigned gone = mask & warp.exited; gone != 0) {
    const int lane = std::countr_zero(gone);
    fail("lane " + std::to_string(lane) + (first + lane < size_ ? " has exited" : " is not in this block") +
         " and is in mask " + hex(mask) + " of " + place(self.operation, self.site));
  }
  if ((mask & warp.waiting) != mask) return false;
  for (unsigned lanes = mask; lanes != 0; lanes &= lanes - 1) {
    const Thread& other = threads_[static_cast<std::size_t>(first + std::countr_zero(lanes))];
    if (other.mask != mask || !same(other.site, self.site)) return false;
  }
  return true;
}

void BlockRunner::release_warp(int first, unsigned mask) {
  unsigned votes = 0;
  for (unsigned lanes = mask; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    if (threads_[static_cast<std::size_t>(first + lane)].bits != 0) votes |= 1u << lane;
  }
  for (unsigned lanes = mask; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    Thread& thread = threads_[static_cast<std::size_t>(first + lane)];
    const int source = thread.source == kOwnValue ? lane : thread.source;
    const bool brought = (mask >> source & 1u) != 0;
    thread.received = brought ? threads_[static_cast<std::size_t>(first + source)].bits : ~std::uint64_t{0};
    thread.votes = votes;
    thread.state = State::ready;
    ready_.add(first + lane);
  }
  warps_[static_cast<std::size_t>(first / warpSize)].waiting &= ~mask;
}

void BlockRunner::copy_later(void* to, const void* from, int bytes, std::source_location site) {
  const auto size = static_cast<std::size_t>(bytes);
  const bool aligned = (reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from)) % size == 0;
  if (!aligned) fail("an end is not aligned to the " + std::to_string(bytes) + " bytes of " + place("a copy", site));
  threads_[static_cast<std::size_t>(running_)].copies.push_back({to, from, size});
}

void BlockRunner::finish_copies() {
  std::vector<Copy>& copies = threads_[static_cast<std::size_t>(running_)].copies;
  for (const Copy& copy : copies) std::memcpy(copy.to, copy.from, copy.bytes);
  copies.clear();
}

void BlockRunner::fail(const std::string& what) const {
  std::ostringstream message;
  message << "kernel " << kernel_name(kernel_) << ", block (" << blockIdx.x << ", " << blockIdx.y << ", " << blockIdx.z
          << "), schedule " << to_string(schedule_) << ": " << what;
  throw KernelError(message.str());
}

std::string BlockRunner::where_all_wait() const {
  std::map<std::string, std::vector<int>> waiting;
  for (int t = 0; t < size_; ++t) {
    const Thread& thread = threads_[static_cast<std::size_t>(t)];
    std::string at = thread.state == State::exited ? "exited" : place(thread.operation, thread.site);
    if (thread.state == State::in_warp_operation) at += " for lanes " + hex(thread.mask);
    waiting[at].push_back(t);
  }
  std::ostringstream out;
  for (const auto& [at, threads] : waiting)
    out << "; " << threads.size() << " thread(s) from " << threads.front() << " on: " << at;
  return out.str();
}

// The entry points of device code.

Votes block_barrier(const char* operation, bool vote, std::source_location site) {
  return BlockRunner::current(operation).barrier(operation, vote, site);
}

void* block_shared_memory() { return BlockRunner::current("shared memory").shared(); }

std::uint64_t warp_exchange(const char* operation, unsigned mask, std::uint64_t bits, int source,
                            std::source_location site) {
  return BlockRunner::current(operation).exchange(operation, mask, bits, source, site);
}

unsigned warp_ballot(const char* operation, unsigned mask, bool vote, std::source_location site) {
  return BlockRunner::current(operation).ballot(operation, mask, vote, site);
}

void copy_later(void* to, const void* from, int bytes, std::source_location site) {
  BlockRunner::current("a copy").copy_later(to, from, bytes, site);
}

void finish_copies() { BlockRunner::current("a wait for copies").finish_copies(); }

int lane() { return BlockRunner::current("a warp operation").lane(); }

void require_width(const char* operation, int width, std::source_location site) {
  if (width < 1 || width > warpSize || !std::has_single_bit(static_cast<unsigned>(width)))
    BlockRunner::current(operation).fail("width " + std::to_string(width) + " of " + place(operation, site) +
                                         " is none of 1, 2, 4, 8, 16, 32");
}

}  // namespace host_cuda
