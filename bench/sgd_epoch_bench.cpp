// An epoch of sgd_epoch on planted power-law ratings; arguments in data.hpp.
#include <string>

#include "measure.hpp"
#include "seesaw/sgd_epoch.hpp"

int main(int argc, char** argv) {
  using namespace seesaw;
  // A step takes 2 k operations for the residual and 3 k for either vector. The fewest bytes: every entry and vector
  // once, the vectors also written.
  const auto run = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    const auto a = to_context(ctx, bench::planted<T>(options));
    const Penalty penalty{.lambda = 0.1, .weighting = Weighting::by_count};
    const auto grid = entry_grid(ctx, a.view(), penalty, penalty);
    Matrix<T> x(ctx, a.rows, k), y(ctx, a.cols, k);
    fill_normal(ctx, 1, 0.1, x.view());
    fill_normal(ctx, 2, 0.1, y.view());
    const auto nnz = static_cast<double>(a.values.size()), rank = static_cast<double>(k);
    const auto vectors = static_cast<double>(a.rows + a.cols);
    const double bytes = nnz * (sizeof(T) + 2 * sizeof(column_t)) + 2 * vectors * rank * sizeof(T);
    std::uint64_t epoch = 0;
    bench::measure<T>(state, ctx, 8 * nnz * rank, bytes,
                      [&] { sgd_epoch(ctx, grid.view(), 1e-3, epoch++, x.view(), y.view()); });
    state.counters["updates/s"] = benchmark::Counter(nnz, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["grid"] = static_cast<double>(grid.size);
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    bench::add<float>("sgd_epoch", options, contexts, {16, 32, 64, 128}, run);
    bench::add<double>("sgd_epoch", options, contexts, {16, 64}, run);
  });
}
