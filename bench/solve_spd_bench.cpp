// solve_spd of a k x k system with as many right-hand sides as --rows says; arguments in data.hpp.
#include <utility>

#include "measure.hpp"
#include "seesaw/solve_spd.hpp"

namespace {

using namespace seesaw;

/// k^3 / 3 operations to factor, 2 k^2 for each right-hand side. These are overwritten by their solutions, which are
/// the next call's: the system is nearly the identity, for them neither to grow nor to vanish.
template <class T>
void solve(benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
  constexpr T kBeside = T(1e-8);  // the diagonal
  Matrix<T> system(k, k);
  for (index_t i = 0; i < k; ++i)
    for (index_t j = 0; j < k; ++j) system(i, j) = i == j ? T(1) : kBeside;
  const auto a = to_context(ctx, system);
  Matrix<T> b(ctx, options.rows, k);
  fill_normal(ctx, 1, 1.0, b.view());
  const auto rows = static_cast<double>(options.rows), rank = static_cast<double>(k);
  bench::measure<T>(state, ctx, rank * rank * rank / 3 + 2 * rows * rank * rank, (rank + 2 * rows) * rank * sizeof(T),
                    [&] { solve_spd(ctx, a.view(), b.view()); });
}

}  // namespace

int main(int argc, char** argv) {
  const auto run = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    solve<T>(state, ctx, options, k);
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    bench::add<float>("solve_spd", options, contexts, {16, 64, 128, 512}, run);
    bench::add<double>("solve_spd", options, contexts, {16, 64, 128, 512}, run);
  });
}
