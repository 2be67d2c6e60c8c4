// gram of a tall factor; arguments in data.hpp.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "data.hpp"
#include "measure.hpp"
#include "seesaw/gram.hpp"

namespace {

using namespace seesaw;

/// n k (k + 1) operations: one triangle.
template <class T>
void gram_of(benchmark::State& state, Context& ctx, index_t n, index_t k) {
  Matrix<T> y(ctx, n, k), out(ctx, k, k);
  fill_normal(ctx, 1, 1.0, y.view());
  const auto rows = static_cast<double>(n), rank = static_cast<double>(k);
  bench::measure<T>(state, ctx, rows * rank * (rank + 1), (rows + rank) * rank * sizeof(T),
                    [&] { gram(ctx, std::as_const(y).view(), out.view()); });
}

template <class T>
void add(std::vector<Context>& contexts, index_t n) {
  for (Context& ctx : contexts)
    for (const index_t k : {16, 64, 128, 512})
      benchmark::RegisterBenchmark(bench::name<T>("gram", ctx, k).c_str(),
                                   [&ctx, n, k](benchmark::State& state) { gram_of<T>(state, ctx, n, k); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  const auto options = bench::parse(argc, argv);
  auto contexts = bench::contexts(options);
  add<float>(contexts, options.rows);
  add<double>(contexts, options.rows);
  benchmark::RunSpecifiedBenchmarks();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
