// gram of a tall factor; arguments in data.hpp.
#include <utility>

#include "measure.hpp"
#include "seesaw/gram.hpp"

int main(int argc, char** argv) {
  using namespace seesaw;
  // n k (k + 1) operations: one triangle.
  const auto run = []<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    Matrix<T> y(ctx, options.rows, k), out(ctx, k, k);
    fill_normal(ctx, 1, 1.0, y.view());
    const auto rows = static_cast<double>(options.rows), rank = static_cast<double>(k);
    bench::measure<T>(state, ctx, rows * rank * (rank + 1), (rows + rank) * rank * sizeof(T),
                      [&] { gram(ctx, std::as_const(y).view(), out.view()); });
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    bench::add<float>("gram", options, contexts, {16, 64, 128, 512}, run);
    bench::add<double>("gram", options, contexts, {16, 64, 128, 512}, run);
  });
}
