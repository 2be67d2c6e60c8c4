#include <algorithm>
#include <chrono>

#include "cuda/launch.cuh"
#include "device_kernels.cuh"
#include "machine.hpp"

namespace seesaw::bench {
namespace {

constexpr int kRepeats = 5;   // the best is taken
constexpr int kLaunches = 8;  // timed together: a launch takes microseconds

/// Nanoseconds of one call of enqueue(), after one that does not count.
template <class Enqueue>
double best_time(Context& ctx, Enqueue enqueue) {
  enqueue();
  ctx.synchronize();
  double best = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    const auto begin = std::chrono::steady_clock::now();
    for (int n = 0; n < kLaunches; ++n) enqueue();
    ctx.synchronize();
    const std::chrono::duration<double, std::nano> all = std::chrono::steady_clock::now() - begin;
    best = repeat == 0 ? all.count() : std::min(best, all.count());
  }
  return best / kLaunches;
}

template <class T>
double device_gflops(Context& ctx, int multiprocessors) {
  constexpr int kSteps = 8192, kBlocksEach = 4 * 8;  // four times as many as are resident
  const index_t blocks = index_t{multiprocessors} * kBlocksEach;
  Buffer<T> out(ctx, blocks * kPeakThreads);
  const double time = best_time(ctx, [&] {
    cuda::launch(run_chains_kernel<T>, blocks, kPeakThreads, 0, static_cast<cudaStream_t>(ctx.stream()),
                 static_cast<T>(0.5), static_cast<T>(0.25), kSteps, out.data());
  });
  return 2.0 * kChains * kSteps * static_cast<double>(blocks * kPeakThreads) / time;
}

double device_bandwidth(Context& ctx) {
  constexpr index_t kPairs = index_t{1} << 24;  // 256 MiB each
  Buffer<double> a(ctx, 2 * kPairs), b(ctx, 2 * kPairs), c(ctx, 2 * kPairs);
  const auto stream = static_cast<cudaStream_t>(ctx.stream());
  for (double* array : {b.data(), c.data()})
    cuda::check(cudaMemsetAsync(array, 0, 2 * kPairs * sizeof(double), stream), "cudaMemsetAsync");
  const double time = best_time(ctx, [&] {
    cuda::launch(triad_kernel, kPairs / kPeakThreads, kPeakThreads, 0, stream, reinterpret_cast<const Pair*>(b.data()),
                 reinterpret_cast<const Pair*>(c.data()), kPairs, reinterpret_cast<Pair*>(a.data()));
  });
  return 3.0 * sizeof(Pair) * static_cast<double>(kPairs) / time;
}

}  // namespace

Peaks device_peaks(Context& ctx) {
  int device = 0, multiprocessors = 0;
  cuda::check(cudaGetDevice(&device), "cudaGetDevice");
  cuda::check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device),
              "cudaDeviceGetAttribute");
  return {device_gflops<float>(ctx, multiprocessors), device_gflops<double>(ctx, multiprocessors),
          device_bandwidth(ctx)};
}

}  // namespace seesaw::bench
