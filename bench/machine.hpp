#pragma once

// What this machine can do at most, measured: the two numbers that the benches print beside their own.
namespace seesaw::bench {

/// Fused multiply-adds of the widest SIMD type, counted as two operations each, on so many threads. GFLOP/s.
template <class T>
double peak_gflops(int threads);

/// a = b + s c over arrays far larger than the caches (the triad of McCalpin's STREAM), three arrays counted. GB/s.
double peak_bandwidth(int threads);

struct Peaks {
  double gflops_float, gflops_double, bandwidth;
};

/// All of them, measured once for each number of threads.
const Peaks& peaks(int threads);

}  // namespace seesaw::bench
