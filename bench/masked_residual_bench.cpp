// masked_residual on planted power-law ratings; arguments in data.hpp.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "data.hpp"
#include "measure.hpp"
#include "seesaw/masked_residual.hpp"

namespace {

using namespace seesaw;

/// 2 nnz k operations; the residuals are not written.
template <class T>
void residual(benchmark::State& state, Context& ctx, const Csr<T>& ratings, index_t k) {
  const auto a = to_context(ctx, ratings);
  Matrix<T> x(ctx, ratings.rows, k), y(ctx, ratings.cols, k);
  fill_normal(ctx, 1, 1.0, x.view());
  fill_normal(ctx, 2, 1.0, y.view());
  const auto nnz = static_cast<double>(ratings.values.size()), rank = static_cast<double>(k);
  const auto vectors = static_cast<double>(ratings.rows + ratings.cols);
  bench::measure<T>(state, ctx, 2 * nnz * rank, nnz * (sizeof(T) + sizeof(column_t)) + vectors * rank * sizeof(T), [&] {
    benchmark::DoNotOptimize(masked_residual(ctx, a.view(), std::as_const(x).view(), std::as_const(y).view()));
  });
}

template <class T>
void add(std::vector<Context>& contexts, const Csr<T>& ratings) {
  for (Context& ctx : contexts)
    for (const index_t k : {16, 64, 128})
      benchmark::RegisterBenchmark(bench::name<T>("masked_residual", ctx, k).c_str(),
                                   [&ctx, &ratings, k](benchmark::State& state) { residual(state, ctx, ratings, k); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  const auto options = bench::parse(argc, argv);
  auto contexts = bench::contexts(options);
  const auto single = bench::planted<float>(options);
  const auto twice = bench::planted<double>(options);
  add(contexts, single);
  add(contexts, twice);
  benchmark::RunSpecifiedBenchmarks();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
