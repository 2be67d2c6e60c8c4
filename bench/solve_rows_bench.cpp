// solve_rows on planted power-law ratings, the half-sweep over their rows and the one over their columns; arguments in
// data.hpp.
#include <utility>

#include "measure.hpp"
#include "seesaw/solve_rows.hpp"

namespace {

using namespace seesaw;

/// One half-sweep: nnz k (k + 1) operations for the Gram matrices, k^3 / 3 for the factorization of each row. Rows that
/// are solved in a cheaper way count the same.
template <class T>
void solve(benchmark::State& state, Context& ctx, const Csr<T>& ratings, index_t k) {
  Matrix<T> y(ctx, ratings.cols, k), x(ctx, ratings.rows, k);
  fill_normal(ctx, 1, 1.0, y.view());
  const auto nnz = static_cast<double>(ratings.values.size()), rows = static_cast<double>(ratings.rows);
  const auto cols = static_cast<double>(ratings.cols), rank = static_cast<double>(k);
  const double operations = nnz * rank * (rank + 1) + rows * rank * rank * rank / 3;
  const double bytes = nnz * (sizeof(T) + sizeof(column_t)) + (rows + cols) * rank * sizeof(T);
  bench::measure<T>(state, ctx, operations, bytes, [&] {
    solve_rows(ctx, ratings.view(), std::as_const(y).view(), {.lambda = 0.1, .weighting = Weighting::by_count},
               x.view());
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto rows = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    solve(state, ctx, to_context(ctx, bench::planted<T>(options)), k);
  };
  const auto columns = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    solve(state, ctx, transpose(ctx, to_context(ctx, bench::planted<T>(options)).view()), k);
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    bench::add<float>("solve_rows/rows", options, contexts, {16, 32, 64, 128}, rows);
    bench::add<float>("solve_rows/columns", options, contexts, {16, 32, 64, 128}, columns);
    bench::add<double>("solve_rows/rows", options, contexts, {16, 32, 64, 128}, rows);
    bench::add<double>("solve_rows/columns", options, contexts, {16, 32, 64, 128}, columns);
  });
}
