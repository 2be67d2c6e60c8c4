// solve_implicit_rows, exact, on the places of planted power-law ratings: the half-sweep over their rows and the one
// over their columns; arguments in data.hpp.
#include <cmath>
#include <utility>

#include "measure.hpp"
#include "seesaw/solve_implicit_rows.hpp"

namespace {

using namespace seesaw;

/// The planted ratings with confidences 1 + |value| in their place.
template <class T>
Csr<T> confidences(const bench::Options& options) {
  Context host = Context::reference();
  Csr<T> ratings = to_context(host, bench::planted<T>(options));
  T* values = ratings.values.data();
  for (offset_t e = 0; e < ratings.values.size(); ++e) values[e] = 1 + std::abs(values[e]);
  return ratings;
}

/// One half-sweep, counted as that of solve_rows_bench.cpp and n k (k + 1) operations for Y'Y.
template <class T>
void solve(benchmark::State& state, Context& ctx, const Csr<T>& ratings, index_t k) {
  Matrix<T> y(ctx, ratings.cols, k), x(ctx, ratings.rows, k);
  fill_normal(ctx, 1, 1.0, y.view());
  const auto nnz = static_cast<double>(ratings.values.size()), rows = static_cast<double>(ratings.rows);
  const auto cols = static_cast<double>(ratings.cols), rank = static_cast<double>(k);
  const double operations = (nnz + cols) * rank * (rank + 1) + rows * rank * rank * rank / 3;
  const double bytes = nnz * (sizeof(T) + sizeof(column_t)) + (rows + cols) * rank * sizeof(T);
  const ImplicitModel model{.unobserved = 1, .penalty = {.lambda = 0.1, .weighting = Weighting::plain}};
  bench::measure<T>(state, ctx, operations, bytes,
                    [&] { solve_implicit_rows(ctx, ratings.view(), std::as_const(y).view(), model, x.view()); });
}

}  // namespace

int main(int argc, char** argv) {
  const auto rows = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    solve(state, ctx, to_context(ctx, confidences<T>(options)), k);
  };
  const auto columns = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    solve(state, ctx, transpose(ctx, to_context(ctx, confidences<T>(options)).view()), k);
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    bench::add<float>("solve_implicit_rows/rows", options, contexts, {16, 32, 64, 128}, rows);
    bench::add<float>("solve_implicit_rows/columns", options, contexts, {16, 32, 64, 128}, columns);
    bench::add<double>("solve_implicit_rows/rows", options, contexts, {16, 32, 64, 128}, rows);
    bench::add<double>("solve_implicit_rows/columns", options, contexts, {16, 32, 64, 128}, columns);
  });
}
