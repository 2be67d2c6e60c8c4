#include "arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>

#include "host_cuda/host_cuda.hpp"
#include "sanitizer.hpp"
#include "state.hpp"

namespace host_cuda {
namespace {

constexpr std::size_t kCapacity = std::size_t{64} << 30;  // address space only: pages come with their first use
constexpr std::size_t kAlignment = 256;                   // cudaMalloc's
constexpr std::size_t kPage = 4096;
constexpr int kPoison = 0xFF;                                // NaN in float and double, -1 in integers
constexpr std::size_t kPoisonedEnd = std::size_t{64} << 20;  // of a huge allocation: the rest stays without pages

constexpr std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

std::string place(std::size_t index, std::size_t bytes) {
  return "device allocation " + std::to_string(index) + " (of " + std::to_string(bytes) + " bytes)";
}

}  // namespace

Arena& Arena::instance() {
  static Arena arena;
  return arena;
}

Arena::Arena() : limit_(kCapacity) {
  void* base = mmap(nullptr, kCapacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<std::byte*>(base);
  free_[0] = kCapacity;
}

void Arena::protect(std::size_t first, std::size_t last, int protection) {
  if (first < last && mprotect(at(first), last - first, protection) != 0) throw std::bad_alloc();
}

void Arena::open() {
  if (open_++ == 0) protect(0, used_, PROT_READ | PROT_WRITE);
}

void Arena::close() {
  if (--open_ == 0) protect(0, used_, PROT_NONE);
}

void* Arena::allocate(std::size_t bytes) {
  if (bytes > limit_ || in_use_ > limit_ - bytes) return nullptr;
  // One unit more than asked for lies between an allocation and the next, so that an overrun meets neither.
  const std::size_t occupied = round_up(bytes, kAlignment) + kAlignment;
  auto hole = free_.begin();
  while (hole != free_.end() && hole->second < occupied) ++hole;
  if (hole == free_.end()) return nullptr;

  const auto [offset, size] = *hole;
  free_.erase(hole);
  if (size > occupied) free_[offset + occupied] = size - occupied;
  live_[offset] = {bytes, occupied};
  in_use_ += bytes;

  const std::size_t end = round_up(offset + occupied, kPage);
  if (end > used_) {
    if (open_ > 0) protect(used_, end, PROT_READ | PROT_WRITE);
    used_ = end;
  }
  const DeviceAccess access;
  unpoison(at(offset), occupied);
  std::memset(at(offset), kPoison, std::min(occupied, kPoisonedEnd));
  if (occupied > kPoisonedEnd) {
    const std::size_t from = std::max(kPoisonedEnd, occupied - kPoisonedEnd);
    std::memset(at(offset + from), kPoison, occupied - from);
  }
  poison(at(offset + bytes), occupied - bytes);
  return at(offset);
}

bool Arena::release(const void* pointer) {
  if (!contains(pointer)) return false;
  std::size_t offset = static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - base_);
  const auto found = live_.find(offset);
  if (found == live_.end()) return false;
  std::size_t size = found->second.occupied;
  in_use_ -= found->second.bytes;
  live_.erase(found);
  poison(at(offset), size);

  auto next = free_.lower_bound(offset);
  if (next != free_.end() && next->first == offset + size) {
    size += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
    }
  }
  free_[offset] = size;
  return true;
}

bool Arena::contains(const void* pointer) const {
  const std::less<const std::byte*> less;
  const auto* p = static_cast<const std::byte*>(pointer);
  return !less(p, base_) && less(p, base_ + kCapacity);
}

std::size_t Arena::extent(const void* pointer) const {
  if (!contains(pointer)) return 0;
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - base_);
  auto after = live_.upper_bound(offset);
  if (after == live_.begin()) return 0;
  const auto& [start, block] = *std::prev(after);
  return offset < start + block.bytes ? start + block.bytes - offset : 0;
}

Arena::Contents Arena::contents() const {
  Contents contents;
  contents.reserve(live_.size());
  for (const auto& [offset, block] : live_) contents.emplace_back(at(offset), at(offset + block.bytes));
  return contents;
}

void Arena::restore(const Contents& contents) {
  auto saved = contents.begin();
  for (const auto& [offset, block] : live_) std::memcpy(at(offset), (saved++)->data(), block.bytes);
}

std::string Arena::difference(const Contents& contents) const {
  std::size_t index = 0;
  for (const auto& [offset, block] : live_) {
    const std::byte* saved = contents[index].data();
    if (std::memcmp(at(offset), saved, block.bytes) != 0) {
      std::size_t byte = 0;
      while (*at(offset + byte) == saved[byte]) ++byte;
      return place(index, block.bytes) + " from byte " + std::to_string(byte) + " on";
    }
    ++index;
  }
  return {};
}

std::string Arena::overrun() const {
  if constexpr (kAddressSanitizer) return {};
  std::size_t index = 0;
  for (const auto& [offset, block] : live_) {
    for (std::size_t byte = block.bytes; byte < block.occupied; ++byte)
      if (*at(offset + byte) != std::byte{kPoison})
        return place(index, block.bytes) + " was written at byte " + std::to_string(byte);
    ++index;
  }
  return {};
}

DeviceAccess::DeviceAccess() {
  const ApiLock lock;
  Arena::instance().open();
}

DeviceAccess::~DeviceAccess() {
  const ApiLock lock;
  Arena::instance().close();
}

std::size_t device_extent(const void* pointer) {
  const ApiLock lock;
  return Arena::instance().extent(pointer);
}

void set_memory_limit(std::size_t bytes) {
  const ApiLock lock;
  Arena::instance().set_limit(bytes);
}

std::size_t memory_limit() { return Arena::instance().limit(); }
std::size_t memory_in_use() { return Arena::instance().in_use(); }
std::size_t live_allocations() { return Arena::instance().allocations(); }

}  // namespace host_cuda
