// top_k: the best 10 of all columns for each row of planted power-law ratings, those that it has rated left out;
// arguments in data.hpp.
#include <utility>

#include "measure.hpp"
#include "seesaw/top_k.hpp"

int main(int argc, char** argv) {
  using namespace seesaw;
  // 2 m n k operations: a score for each row and column.
  const auto run = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    constexpr index_t kBest = 10;
    const auto seen = to_context(ctx, bench::planted<T>(options));
    Matrix<T> x(ctx, seen.rows, k), y(ctx, seen.cols, k), scores(ctx, seen.rows, kBest);
    Matrix<column_t> items(ctx, seen.rows, kBest);
    fill_normal(ctx, 1, 1.0, x.view());
    fill_normal(ctx, 2, 1.0, y.view());
    const auto nnz = static_cast<double>(seen.values.size()), rows = static_cast<double>(seen.rows);
    const auto cols = static_cast<double>(seen.cols), rank = static_cast<double>(k);
    const double bytes =
        (rows + cols) * rank * sizeof(T) + nnz * sizeof(column_t) + rows * kBest * (sizeof(T) + sizeof(column_t));
    bench::measure<T>(state, ctx, 2 * rows * cols * rank, bytes, [&] {
      top_k(ctx, std::as_const(x).view(), std::as_const(y).view(), seen.view(), items.view(), scores.view());
    });
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    bench::add<float>("top_k", options, contexts, {16, 64, 128}, run);
    bench::add<double>("top_k", options, contexts, {16, 64, 128}, run);
  });
}
