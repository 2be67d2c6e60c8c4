// solve_rows on planted power-law ratings; arguments in data.hpp.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "data.hpp"
#include "measure.hpp"
#include "seesaw/solve_rows.hpp"

namespace {

using namespace seesaw;

/// One half-sweep: nnz k (k + 1) operations for the Gram matrices, k^3 / 3 for the factorization of each row.
template <class T>
void solve(benchmark::State& state, Context& ctx, const Csr<T>& ratings, index_t k) {
  const auto a = to_context(ctx, ratings);
  Matrix<T> y(ctx, ratings.cols, k), x(ctx, ratings.rows, k);
  fill_normal(ctx, 1, 1.0, y.view());
  const auto nnz = static_cast<double>(ratings.values.size()), rows = static_cast<double>(ratings.rows);
  const auto cols = static_cast<double>(ratings.cols), rank = static_cast<double>(k);
  const double operations = nnz * rank * (rank + 1) + rows * rank * rank * rank / 3;
  const double bytes = nnz * (sizeof(T) + sizeof(column_t)) + (rows + cols) * rank * sizeof(T);
  bench::measure<T>(state, ctx, operations, bytes, [&] {
    solve_rows(ctx, a.view(), std::as_const(y).view(), {.lambda = 0.1, .weighting = Weighting::by_count}, x.view());
  });
}

template <class T>
void add(std::vector<Context>& contexts, const Csr<T>& ratings) {
  for (Context& ctx : contexts)
    for (const index_t k : {16, 32, 64, 128})
      benchmark::RegisterBenchmark(bench::name<T>("solve_rows", ctx, k).c_str(),
                                   [&ctx, &ratings, k](benchmark::State& state) { solve(state, ctx, ratings, k); })
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
  benchmark::AddCustomContext("ratings", std::to_string(single.rows) + " x " + std::to_string(single.cols) + ", " +
                                             std::to_string(single.values.size()) + " entries");
  add(contexts, single);
  add(contexts, twice);
  benchmark::RunSpecifiedBenchmarks();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
