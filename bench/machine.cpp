#include "machine.hpp"

#include <omp.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "machine.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace seesaw::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Operations done in `steps` steps of independent chains, enough of them to hide the latency. Every chain starts
/// elsewhere and each number depends on the one before, so that none can be left out.
template <class T>
double run_chains(std::ptrdiff_t steps, T* start) {
  const hn::ScalableTag<T> d;
  constexpr int kChains = hn::MaxLanes(d) * sizeof(T) == 64 ? 16 : 10;
  hn::Vec<decltype(d)> chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = hn::Set(d, start[c]);
  const auto factor = hn::Set(d, start[kChains]), term = hn::Set(d, start[kChains + 1]);
  for (std::ptrdiff_t s = 0; s < steps; ++s)
    for (int c = 0; c < kChains; ++c) chain[c] = hn::MulAdd(chain[c], factor, term);
  auto sum = hn::Zero(d);
  for (int c = 0; c < kChains; ++c) sum = hn::Add(sum, chain[c]);
  start[0] += hn::GetLane(hn::SumOfLanes(d, sum));
  return 2.0 * static_cast<double>(hn::Lanes(d)) * kChains * static_cast<double>(steps);
}

double run_chains_float(std::ptrdiff_t steps, float* start) { return run_chains(steps, start); }
double run_chains_double(std::ptrdiff_t steps, double* start) { return run_chains(steps, start); }

}  // namespace seesaw::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::bench {

HWY_EXPORT(run_chains_float);
HWY_EXPORT(run_chains_double);

namespace {

constexpr int kRepeats = 5;  // the best is taken

double run_chains(std::ptrdiff_t steps, float* start) { return HWY_DYNAMIC_DISPATCH(run_chains_float)(steps, start); }
double run_chains(std::ptrdiff_t steps, double* start) { return HWY_DYNAMIC_DISPATCH(run_chains_double)(steps, start); }

}  // namespace

template <class T>
double peak_gflops(int threads) {
  constexpr std::ptrdiff_t kSteps = 4'000'000;
  double best = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    double operations = 0;
    const double begin = omp_get_wtime();
#pragma omp parallel num_threads(threads) reduction(+ : operations)
    {
      T start[20];
      for (int c = 0; c < 20; ++c) start[c] = static_cast<T>(0.5) + static_cast<T>(c + omp_get_thread_num()) / 64;
      operations += run_chains(kSteps, start);
      volatile T kept = start[0];
      static_cast<void>(kept);
    }
    best = std::max(best, operations / (omp_get_wtime() - begin) / 1e9);
  }
  return best;
}

template double peak_gflops<float>(int);
template double peak_gflops<double>(int);

double peak_bandwidth(int threads) {
  constexpr std::ptrdiff_t kSize = 1 << 24;  // 128 MiB each
  std::vector<double> a(kSize), b(kSize, 1.0), c(kSize, 2.0);
  double best = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    const double begin = omp_get_wtime();
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::ptrdiff_t i = 0; i < kSize; ++i)
      a[static_cast<std::size_t>(i)] = b[static_cast<std::size_t>(i)] + 3.0 * c[static_cast<std::size_t>(i)];
    best = std::max(best, 3.0 * kSize * sizeof(double) / (omp_get_wtime() - begin) / 1e9);
  }
  return best;
}

const Peaks& peaks(Context& ctx) {
#ifdef SEESAW_HAS_CUDA
  if (ctx.backend() == Backend::cuda) {
    static const Peaks device = device_peaks(ctx);
    return device;
  }
#endif
  static std::map<int, Peaks> measured;
  const int threads = ctx.threads();
  const auto known = measured.find(threads);
  if (known != measured.end()) return known->second;
  const Peaks now{peak_gflops<float>(threads), peak_gflops<double>(threads), peak_bandwidth(threads)};
  return measured.emplace(threads, now).first->second;
}

}  // namespace seesaw::bench
#endif
