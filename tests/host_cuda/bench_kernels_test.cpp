// The kernels that measure a device for the benches do what they are counted for.
#include "bench/device_kernels.cuh"
#include "test_device.hpp"

namespace {

using seesaw::bench::kChains;
using seesaw::bench::kPeakThreads;
using seesaw::bench::Pair;

// chain -> 2 chain + 1, three times from n: 8 n + 7. Small whole numbers are exact.
template <class T>
void chains_are_run() {
  const DeviceArray<T> out(2 * kPeakThreads);
  seesaw::cuda::launch(seesaw::bench::run_chains_kernel<T>, 2, kPeakThreads, 0, nullptr, T{2}, T{1}, 3, out.data());
  const auto sums = out.host();
  for (int t = 0; t < 2 * kPeakThreads; ++t) {
    T expected = 0;
    for (int c = 0; c < kChains; ++c) expected += static_cast<T>(8 * (t % 32 + c) + 7);
    ASSERT_EQ(sums[static_cast<std::size_t>(t)], expected) << "thread " << t;
  }
}

TEST(BenchKernels, EveryChainTakesEveryStep) {
  chains_are_run<float>();
  chains_are_run<double>();
}

TEST(BenchKernels, TheTriadReadsAndWritesEveryPair) {
  constexpr int kPairs = 300;  // the second block is not full
  std::vector<Pair> b, c;
  for (int n = 0; n < kPairs; ++n) {
    b.push_back({n + 0.5, -n - 0.25});
    c.push_back({2.0 * n, 1.0 - n});
  }
  const DeviceArray<Pair> b_there(b), c_there(c), a_there(kPairs);
  seesaw::cuda::launch(seesaw::bench::triad_kernel, 2, kPeakThreads, 0, nullptr, b_there.data(), c_there.data(), kPairs,
                       a_there.data());
  const auto a = a_there.host();
  for (std::size_t n = 0; n < kPairs; ++n) {
    ASSERT_EQ(a[n].first, b[n].first + 3 * c[n].first) << "pair " << n;
    ASSERT_EQ(a[n].second, b[n].second + 3 * c[n].second) << "pair " << n;
  }
}

}  // namespace
