#pragma once
#include <cstdint>
#include <cstring>

#include "device.cuh"
#include "seesaw/types.hpp"

// Choosing the best of a row's candidates, by one thread block: radix selection over keys, then a bitonic sort.
namespace seesaw::cuda {

inline constexpr int kSelectThreads = 256;

template <class T>
struct KeyOf;
template <>
struct KeyOf<float> {
  using type = std::uint32_t;
};
template <>
struct KeyOf<double> {
  using type = std::uint64_t;
};
/// Unsigned numbers in the order of the scores that they stand for.
template <class T>
using Key = typename KeyOf<T>::type;

template <class T>
inline constexpr Key<T> kAbsent = 0;  // less than the key of any finite score
template <class T>
inline constexpr Key<T> kNotFinite = ~Key<T>(0);

template <class T>
inline constexpr Key<T> kSign = Key<T>(1) << (8 * sizeof(T) - 1);

template <class T>
__device__ __forceinline__ Key<T> key_of(T score) {
  if (!(score - score == T(0))) return kNotFinite<T>;
  score += T(0);  // of -0 too
  Key<T> bits;
  memcpy(&bits, &score, sizeof bits);
  return (bits & kSign<T>) != 0 ? static_cast<Key<T>>(~bits) : bits | kSign<T>;
}

template <class T>
__device__ __forceinline__ T score_of(Key<T> key) {
  const Key<T> bits = (key & kSign<T>) != 0 ? key & ~kSign<T> : static_cast<Key<T>>(~key);
  T score;
  memcpy(&score, &bits, sizeof score);
  return score;
}

/// A candidate: the better, the greater. Of two with one key the one at the lower position is better, so `place` is
/// 2^32 - 1 - its position.
template <class T>
struct Element {
  Key<T> key;
  Key<T> place;
};

template <class T>
__device__ __forceinline__ bool is_better(const Element<T>& a, const Element<T>& b) {
  return a.key > b.key || (a.key == b.key && a.place > b.place);
}

template <class T>
__device__ __forceinline__ index_t position_of(const Element<T>& element) {
  return index_t{0xffffffff} - static_cast<index_t>(element.place);
}

/// A row's candidates: keys[first] to keys[last - 1], of which the absent and the not finite ones do not count.
template <class T>
struct Candidates {
  const Key<T>* keys;
  index_t first;
  index_t last;

  /// Calls body(element) for those that count, shared out over the threads of the block.
  template <class Body>
  __device__ __forceinline__ void each(Body body) const {
#pragma unroll 1
    for (index_t p = first + threadIdx.x; p < last; p += kSelectThreads)
      if (keys[p] != kAbsent<T> && keys[p] != kNotFinite<T>)
        body(Element<T>{keys[p], static_cast<Key<T>>(index_t{0xffffffff} - p)});
  }
};

// An element as digits of 8 bits, from the top: the key's, then the four of its place.

template <class T>
inline constexpr int kKeyDigits = static_cast<int>(sizeof(T));
template <class T>
inline constexpr int kDigits = kKeyDigits<T> + 4;

template <class T>
__device__ __forceinline__ int shift_of(int digit) {
  return 8 * ((digit < kKeyDigits<T> ? kKeyDigits<T> : kDigits<T>)-1 - digit);
}

template <class T>
__device__ __forceinline__ unsigned digit_of(const Element<T>& element, int digit) {
  return static_cast<unsigned>((digit < kKeyDigits<T> ? element.key : element.place) >> shift_of<T>(digit)) & 255u;
}

/// Whether the digits above `digit` are the same.
template <class T>
__device__ __forceinline__ bool same_above(const Element<T>& a, const Element<T>& b, int digit) {
  const Key<T> key = a.key ^ b.key, place = a.place ^ b.place;
  if (digit == 0) return true;
  if (digit < kKeyDigits<T>) return key >> (shift_of<T>(digit) + 8) == 0;
  if (key != 0) return false;
  return digit == kKeyDigits<T> || place >> (shift_of<T>(digit) + 8) == 0;
}

template <class T>
struct SelectMemory {
  Element<T> least;         ///< of those chosen: its digits as far as they are known, then zeros
  unsigned histogram[256];  ///< of the digit in question, over the candidates that have the known ones
  unsigned wanted;          ///< how many of these are to be chosen
  unsigned collected;
  int settled;  ///< whether all of them are
};

/// The next digit of memory.least. Lane l of one warp owns the values 255 - 8 l down to 248 - 8 l.
template <class T>
__device__ __forceinline__ void choose_digit(int digit, SelectMemory<T>& memory) {
  const int lane = static_cast<int>(threadIdx.x);
  const unsigned wanted = memory.wanted, *values = memory.histogram + 248 - 8 * lane;
  unsigned mine = 0;
  for (int v = 0; v < 8; ++v) mine += values[v];
  unsigned through = mine;  // with those of the lanes before
  for (unsigned distance = 1; distance < 32; distance *= 2) {
    const unsigned before = __shfl_up_sync(0xffffffffu, through, distance);
    if (lane >= static_cast<int>(distance)) through += before;
  }
  const unsigned total = __shfl_sync(0xffffffffu, through, 31);
  __syncwarp();  // all have read `wanted`
  if (total <= wanted) {
    if (lane == 0) memory.settled = 1;
    return;
  }
  unsigned above = through - mine;
  if (above >= wanted || wanted > through) return;
  int v = 7;
  for (; above + values[v] < wanted; --v) above += values[v];
  const auto value = static_cast<Key<T>>(248 - 8 * lane + v) << shift_of<T>(digit);
  (digit < kKeyDigits<T> ? memory.least.key : memory.least.place) |= value;
  memory.wanted = wanted - above;
  memory.settled = values[v] == wanted - above ? 1 : 0;
}

/// memory.least = the least of the best `keep`, or less where none lies between; any where there are no more than that.
template <class T>
__device__ __forceinline__ void choose(const Candidates<T>& candidates, unsigned keep, SelectMemory<T>& memory) {
  if (threadIdx.x == 0) {
    memory.least = {0, 0};
    memory.wanted = keep;
    memory.settled = 0;
  }
#pragma unroll 1
  for (int digit = 0; digit < kDigits<T>; ++digit) {
    memory.histogram[threadIdx.x] = 0;
    __syncthreads();
    const Element<T> least = memory.least;
    candidates.each([&](const Element<T>& element) {
      if (same_above(element, least, digit)) atomicAdd(&memory.histogram[digit_of(element, digit)], 1u);
    });
    __syncthreads();
    if (threadIdx.x < 32) choose_digit(digit, memory);
    __syncthreads();
    if (memory.settled != 0) break;
  }
}

/// list = the candidates that are not less than memory.least, in any order, then absent ones.
template <class T>
__device__ __forceinline__ void collect(const Candidates<T>& candidates, Element<T>* list, index_t size,
                                        SelectMemory<T>& memory) {
  for (index_t p = threadIdx.x; p < size; p += kSelectThreads) list[p] = {kAbsent<T>, 0};
  if (threadIdx.x == 0) memory.collected = 0;
  __syncthreads();
  const Element<T> least = memory.least;
  candidates.each([&](const Element<T>& element) {
    if (!is_better(least, element)) list[atomicAdd(&memory.collected, 1u)] = element;
  });
  __syncthreads();
}

/// Best first. `size` is a power of two.
template <class T>
__device__ __forceinline__ void sort_list(Element<T>* list, index_t size) {
#pragma unroll 1
  for (index_t run = 2; run <= size; run *= 2)
#pragma unroll 1
    for (index_t distance = run / 2; distance > 0; distance /= 2) {
      for (index_t t = threadIdx.x; t < size / 2; t += kSelectThreads) {
        const index_t low = 2 * t - (t & (distance - 1)), high = low + distance;
        const Element<T> a = list[low], b = list[high];
        if (is_better(b, a) == ((low & run) == 0)) {
          list[low] = b;
          list[high] = a;
        }
      }
      __syncthreads();
    }
}

}  // namespace seesaw::cuda
