// compress and transpose of shuffled entries; arguments in data.hpp.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>

#include "measure.hpp"
#include "seesaw/sparse.hpp"

namespace {

using namespace seesaw;

/// The entries of a matrix in an order without pattern: n -> n * step mod their number, where step is prime to it.
SparseTensor<float> shuffled(const Csr<float>& matrix) {
  const offset_t entries = matrix.values.size();
  offset_t step = 1'000'003;
  while (std::gcd(step, entries) != 1) ++step;
  SparseTensor<float> out;
  out.shape = {matrix.rows, matrix.cols};
  out.indices[0] = Buffer<column_t>(entries);
  out.indices[1] = Buffer<column_t>(entries);
  out.values = Buffer<float>(entries);
  for (index_t i = 0; i < matrix.rows; ++i)
    for (offset_t e = matrix.offsets.data()[i]; e < matrix.offsets.data()[i + 1]; ++e) {
      const offset_t to = e * step % entries;
      out.indices[0].data()[to] = static_cast<column_t>(i);
      out.indices[1].data()[to] = matrix.columns.data()[e];
      out.values.data()[to] = matrix.values.data()[e];
    }
  return out;
}

template <class Call>
void add(const char* name, offset_t entries, Call&& call) {
  benchmark::RegisterBenchmark(name,
                               [entries, call](benchmark::State& state) {
                                 for (auto _ : state) call();
                                 state.counters["entries/s"] = benchmark::Counter(
                                     static_cast<double>(entries), benchmark::Counter::kIsIterationInvariantRate);
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_all(argc, argv, [](const bench::Options& options, std::vector<Context>& contexts) {
    static const auto entries = shuffled(bench::planted<float>(options));
    Context& ctx = contexts.front();
    const offset_t count = entries.values.size();
    add("compress/cpu", count, [&] { benchmark::DoNotOptimize(compress(ctx, entries.view())); });
    add("transpose/cpu", count,
        [&] { benchmark::DoNotOptimize(transpose(ctx, bench::planted<float>(options).view())); });
  });
}
