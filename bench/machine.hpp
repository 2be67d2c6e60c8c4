#pragma once
#include "seesaw/context.hpp"

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

/// The same of the device of a cuda context: fused multiply-adds in registers, and the triad over arrays of 256 MiB, of
/// which caches hold a part of a tenth or so. Only where CUDA is built.
Peaks device_peaks(Context& ctx);

/// Those of the context, cpu or cuda; measured once for each number of threads, and for the device.
const Peaks& peaks(Context& ctx);

}  // namespace seesaw::bench
