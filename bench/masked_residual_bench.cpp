// masked_residual on planted power-law ratings; arguments in data.hpp.
#include <utility>

#include "measure.hpp"
#include "seesaw/masked_residual.hpp"

int main(int argc, char** argv) {
  using namespace seesaw;
  // 2 nnz k operations; the residuals are not written.
  const auto run = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    const auto a = to_context(ctx, bench::planted<T>(options));
    Matrix<T> x(ctx, a.rows, k), y(ctx, a.cols, k);
    fill_normal(ctx, 1, 1.0, x.view());
    fill_normal(ctx, 2, 1.0, y.view());
    const auto nnz = static_cast<double>(a.values.size()), rank = static_cast<double>(k);
    const auto vectors = static_cast<double>(a.rows + a.cols);
    const double bytes = nnz * (sizeof(T) + sizeof(column_t)) + vectors * rank * sizeof(T);
    bench::measure<T>(state, ctx, 2 * nnz * rank, bytes, [&] {
      benchmark::DoNotOptimize(masked_residual(ctx, a.view(), std::as_const(x).view(), std::as_const(y).view()));
    });
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    bench::add<float>("masked_residual", options, contexts, {16, 64, 128}, run);
    bench::add<double>("masked_residual", options, contexts, {16, 64, 128}, run);
  });
}
