// A checkerboard of rank 2, 40 x 70, of which a quarter is observed, completed by alternating least squares without a
// penalty. Some starts get stuck; `restarts` keeps the best. Draws checkerboard.png and checkerboard-starts.svg.
#include <cmath>
#include <cstdio>
#include <limits>

#include "observed.hpp"
#include "seesaw/als.hpp"
#include "seesaw/io/figure.hpp"

int main() try {
  using namespace seesaw;
  Matrix<double> board(40, 70);
  for (index_t i = 0; i < board.rows(); ++i)
    for (index_t j = 0; j < board.cols(); ++j) board(i, j) = (i % 2 == 0 ? -3 : 3) + (j % 2 == 0 ? 1 : -1);
  const Csr<double> observed = example::observe(board, 0.25, /*seed=*/1);

  Context ctx = Context::cpu();
  CompletionOptions options;
  options.rank = 2;
  options.lambda_x = options.lambda_y = 0;
  options.centre = false;
  options.restarts = 8;
  options.stopping.sweeps = 50;
  CompletionResult<double> result = als(ctx, {observed.view()}, options);

  std::printf("%lld of %lld entries observed\n", static_cast<long long>(observed.values.size()),
              static_cast<long long>(board.rows() * board.cols()));
  std::vector<NamedHistory> starts;
  for (std::size_t n = 0; n < result.runs.size(); ++n) {
    const CompletionRun& run = result.runs[n];
    std::printf("start %zu: objective %.3g after %zu sweeps\n", n + 1, run.history.back().objective,
                run.history.size());
    starts.push_back({"start " + std::to_string(n + 1), run.history, static_cast<int>(n) != result.best_run});
  }
  const double error = example::relative_error(board, result.mean, result.x, result.y);
  std::printf("best: start %d, relative error over all elements %.2g\n", result.best_run + 1, error);

  DecompositionFigure figure;
  figure.title = "A checkerboard from a quarter of its elements";
  figure.row_label = "row";
  figure.column_label = "column";
  figure.value_label = "element";
  figure.observed = example::dense(observed);
  figure.mean = result.mean;
  figure.x = std::move(result.x);
  figure.y = std::move(result.y);
  draw("checkerboard.png", figure);
  draw("checkerboard-starts.svg", convergence_figure("ALS from eight starts; grey: the other seven", starts));
  std::puts("drawn: checkerboard.png\ndrawn: checkerboard-starts.svg");
  return error < 1e-6 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
