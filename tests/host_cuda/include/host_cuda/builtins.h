#pragma once
// What device code finds without including anything: qualifiers, indices, barriers, atomics, arithmetic.
// Warp operations are in warp.h. Static __shared__ variables are not offered: g++ cannot gather those of templates
// into one section, so they could neither be poisoned nor bounded. Use seesaw::cuda::dynamic_shared.
#include <math.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <source_location>
#include <type_traits>

#include "host_cuda/vector_types.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;
inline constexpr int warpSize = 32;

namespace host_cuda {

/// What the threads of a block said on arriving at a barrier.
struct Votes {
  int yes;
  int all;
};

/// Waits until every thread of the block that has not exited arrived at the same `site`.
Votes block_barrier(const char* operation, bool vote, std::source_location site);

/// The block's dynamic shared memory, 16-byte aligned.
void* block_shared_memory();

/// For the twins of cp.async. The copy of 4, 8 or 16 bytes, both ends aligned to as many, is made when the thread calls
/// finish_copies(): as late as the hardware may make it, and never where the wait was forgotten.
void copy_later(void* to, const void* from, int bytes, std::source_location site = std::source_location::current());
void finish_copies();

/// Replaces `*target` by `combine` of it and returns what was there. Atomic, as a thread gives way to others only where
/// it waits.
template <class T, class Combine>
T fetch_and_replace(T* target, Combine combine) {
  const T old = *target;
  *target = combine(old);
  return old;
}

}  // namespace host_cuda

// A barrier's site is its place in the source, not its return address: the optimizer may duplicate a call.
inline void __syncthreads(std::source_location site = std::source_location::current()) {
  host_cuda::block_barrier("__syncthreads", false, site);
}
inline int __syncthreads_count(int predicate, std::source_location site = std::source_location::current()) {
  return host_cuda::block_barrier("__syncthreads_count", predicate != 0, site).yes;
}
inline int __syncthreads_and(int predicate, std::source_location site = std::source_location::current()) {
  const host_cuda::Votes votes = host_cuda::block_barrier("__syncthreads_and", predicate != 0, site);
  return votes.yes == votes.all;
}
inline int __syncthreads_or(int predicate, std::source_location site = std::source_location::current()) {
  return host_cuda::block_barrier("__syncthreads_or", predicate != 0, site).yes != 0;
}

inline void __threadfence() {}
inline void __threadfence_block() {}

// Atomics: the toolkit's overloads and no others, so that one that nvcc lacks (int64_t, say) is missing here too.
inline int atomicAdd(int* p, int v) {
  return host_cuda::fetch_and_replace(
      p, [v](int old) { return static_cast<int>(static_cast<unsigned>(old) + unsigned(v)); });
}
inline unsigned atomicAdd(unsigned* p, unsigned v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned old) { return old + v; });
}
inline unsigned long long atomicAdd(unsigned long long* p, unsigned long long v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned long long old) { return old + v; });
}
inline float atomicAdd(float* p, float v) {
  return host_cuda::fetch_and_replace(p, [v](float old) { return old + v; });
}
inline double atomicAdd(double* p, double v) {
  return host_cuda::fetch_and_replace(p, [v](double old) { return old + v; });
}

inline int atomicMax(int* p, int v) {
  return host_cuda::fetch_and_replace(p, [v](int old) { return old > v ? old : v; });
}
inline unsigned atomicMax(unsigned* p, unsigned v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned old) { return old > v ? old : v; });
}
inline long long atomicMax(long long* p, long long v) {
  return host_cuda::fetch_and_replace(p, [v](long long old) { return old > v ? old : v; });
}
inline unsigned long long atomicMax(unsigned long long* p, unsigned long long v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned long long old) { return old > v ? old : v; });
}
inline int atomicMin(int* p, int v) {
  return host_cuda::fetch_and_replace(p, [v](int old) { return old < v ? old : v; });
}
inline unsigned atomicMin(unsigned* p, unsigned v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned old) { return old < v ? old : v; });
}
inline long long atomicMin(long long* p, long long v) {
  return host_cuda::fetch_and_replace(p, [v](long long old) { return old < v ? old : v; });
}
inline unsigned long long atomicMin(unsigned long long* p, unsigned long long v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned long long old) { return old < v ? old : v; });
}

inline int atomicOr(int* p, int v) {
  return host_cuda::fetch_and_replace(p, [v](int old) { return old | v; });
}
inline unsigned atomicOr(unsigned* p, unsigned v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned old) { return old | v; });
}
inline unsigned long long atomicOr(unsigned long long* p, unsigned long long v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned long long old) { return old | v; });
}
inline int atomicExch(int* p, int v) {
  return host_cuda::fetch_and_replace(p, [v](int) { return v; });
}
inline unsigned atomicExch(unsigned* p, unsigned v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned) { return v; });
}
inline unsigned long long atomicExch(unsigned long long* p, unsigned long long v) {
  return host_cuda::fetch_and_replace(p, [v](unsigned long long) { return v; });
}
inline int atomicCAS(int* p, int expected, int v) {
  return host_cuda::fetch_and_replace(p, [=](int old) { return old == expected ? v : old; });
}
inline unsigned atomicCAS(unsigned* p, unsigned expected, unsigned v) {
  return host_cuda::fetch_and_replace(p, [=](unsigned old) { return old == expected ? v : old; });
}
inline unsigned long long atomicCAS(unsigned long long* p, unsigned long long expected, unsigned long long v) {
  return host_cuda::fetch_and_replace(p, [=](unsigned long long old) { return old == expected ? v : old; });
}

template <class T>
T __ldg(const T* p) {
  return *p;
}

inline int __popc(unsigned v) { return std::popcount(v); }
inline int __popcll(unsigned long long v) { return std::popcount(v); }
inline int __clz(int v) { return std::countl_zero(static_cast<unsigned>(v)); }
inline int __clzll(long long v) { return std::countl_zero(static_cast<unsigned long long>(v)); }
/// The lowest set bit, counted from 1; 0 where there is none.
inline int __ffs(int v) { return __builtin_ffs(v); }
inline int __ffsll(long long v) { return __builtin_ffsll(v); }

inline float __int_as_float(int v) { return std::bit_cast<float>(v); }
inline int __float_as_int(float v) { return std::bit_cast<int>(v); }
inline float __uint_as_float(unsigned v) { return std::bit_cast<float>(v); }
inline unsigned __float_as_uint(float v) { return std::bit_cast<unsigned>(v); }
inline double __longlong_as_double(long long v) { return std::bit_cast<double>(v); }
inline long long __double_as_longlong(double v) { return std::bit_cast<long long>(v); }

inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float v) { return std::sqrt(v); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double v) { return std::sqrt(v); }
// Correctly rounded but for the division: the hardware's differs in the last bits, so tests may not rely on either's.
inline float rsqrtf(float v) noexcept { return 1.0f / std::sqrt(v); }
inline float rsqrt(float v) noexcept { return 1.0f / std::sqrt(v); }
inline double rsqrt(double v) noexcept { return 1.0 / std::sqrt(v); }

inline int min(int a, int b) { return b < a ? b : a; }
inline unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
inline long min(long a, long b) { return b < a ? b : a; }
inline long long min(long long a, long long b) { return b < a ? b : a; }
inline unsigned long long min(unsigned long long a, unsigned long long b) { return b < a ? b : a; }
inline unsigned long min(unsigned long a, unsigned long b) { return b < a ? b : a; }
inline float min(float a, float b) { return std::fmin(a, b); }
inline double min(double a, double b) { return std::fmin(a, b); }
inline int max(int a, int b) { return a < b ? b : a; }
inline unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
inline long max(long a, long b) { return a < b ? b : a; }
inline long long max(long long a, long long b) { return a < b ? b : a; }
inline unsigned long long max(unsigned long long a, unsigned long long b) { return a < b ? b : a; }
inline unsigned long max(unsigned long a, unsigned long b) { return a < b ? b : a; }
inline float max(float a, float b) { return std::fmax(a, b); }
inline double max(double a, double b) { return std::fmax(a, b); }
