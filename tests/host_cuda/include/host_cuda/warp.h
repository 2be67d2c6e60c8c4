#pragma once
// Warp operations. Every lane that `mask` names waits until all of them stand at the same call with the same mask; no
// other thread is waited for.
#include <bit>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "host_cuda/builtins.h"

namespace host_cuda {

/// A lane of the warp, or none: the lane keeps its own value.
inline constexpr int kOwnValue = -1;

/// Waits for the lanes in `mask`; the `bits` that lane `source` brought. A lane outside `mask` brings nothing: its
/// value is undefined on the hardware and all ones (NaN) here.
std::uint64_t warp_exchange(const char* operation, unsigned mask, std::uint64_t bits, int source,
                            std::source_location site);

/// Waits for the lanes in `mask`; bit l is lane l's vote.
unsigned warp_ballot(const char* operation, unsigned mask, bool vote, std::source_location site);

/// This thread's place in its warp.
int lane();

/// Throws KernelError unless `width` is 1, 2, 4, 8, 16 or 32.
void require_width(const char* operation, int width, std::source_location site);

/// The types that the toolkit has shuffles for.
template <class T>
concept Shuffled = std::is_arithmetic_v<T> &&(sizeof(T) == 4 || sizeof(T) == 8);

template <Shuffled T>
T shuffle(const char* operation, unsigned mask, T value, int source, std::source_location site) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = warp_exchange(operation, mask, bits, source, site);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace host_cuda

inline void __syncwarp(unsigned mask = 0xffffffffu, std::source_location site = std::source_location::current()) {
  host_cuda::warp_exchange("__syncwarp", mask, 0, host_cuda::kOwnValue, site);
}

// Below, a segment is `width` lanes that act as a warp of their own. The hardware looks at the low five bits of a
// lane number, distance or lane mask.

/// From lane `source` modulo width of the same segment.
template <host_cuda::Shuffled T>
T __shfl_sync(unsigned mask, T value, int source, int width = warpSize,
              std::source_location site = std::source_location::current()) {
  host_cuda::require_width("__shfl_sync", width, site);
  const int segment = host_cuda::lane() & ~(width - 1);
  return host_cuda::shuffle("__shfl_sync", mask, value, segment | (source & (width - 1)), site);
}

/// From `distance` lanes below; the lowest lanes of a segment keep their own.
template <host_cuda::Shuffled T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = warpSize,
                 std::source_location site = std::source_location::current()) {
  host_cuda::require_width("__shfl_up_sync", width, site);
  const int segment = host_cuda::lane() & ~(width - 1);
  const int source = host_cuda::lane() - static_cast<int>(distance & 31u);
  return host_cuda::shuffle("__shfl_up_sync", mask, value, source >= segment ? source : host_cuda::lane(), site);
}

/// From `distance` lanes above; the highest lanes of a segment keep their own.
template <host_cuda::Shuffled T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = warpSize,
                   std::source_location site = std::source_location::current()) {
  host_cuda::require_width("__shfl_down_sync", width, site);
  const int last = host_cuda::lane() | (width - 1);
  const int source = host_cuda::lane() + static_cast<int>(distance & 31u);
  return host_cuda::shuffle("__shfl_down_sync", mask, value, source <= last ? source : host_cuda::lane(), site);
}

/// From the lane whose number differs in the bits of `lanes`. It may lie in an earlier segment; from a later one, a
/// lane keeps its own.
template <host_cuda::Shuffled T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = warpSize,
                  std::source_location site = std::source_location::current()) {
  host_cuda::require_width("__shfl_xor_sync", width, site);
  const int last = host_cuda::lane() | (width - 1);
  const int source = host_cuda::lane() ^ (lanes & 31);
  return host_cuda::shuffle("__shfl_xor_sync", mask, value, source <= last ? source : host_cuda::lane(), site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              std::source_location site = std::source_location::current()) {
  return host_cuda::warp_ballot("__ballot_sync", mask, predicate != 0, site);
}
inline int __any_sync(unsigned mask, int predicate, std::source_location site = std::source_location::current()) {
  return host_cuda::warp_ballot("__any_sync", mask, predicate != 0, site) != 0;
}
inline int __all_sync(unsigned mask, int predicate, std::source_location site = std::source_location::current()) {
  return host_cuda::warp_ballot("__all_sync", mask, predicate != 0, site) == mask;
}
