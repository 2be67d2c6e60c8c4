// A picture that this program draws itself, 96 x 128 pixels, filled in from 30 % of them by a low-rank model. Draws
// inpainting.png: the pixels that were kept, and the picture that came of them.
#include <cmath>
#include <cstdio>
#include <limits>

#include "observed.hpp"
#include "seesaw/als.hpp"
#include "seesaw/io/figure.hpp"

namespace {

using namespace seesaw;

/// Hills, a window with bars, and a tiled floor: brightness from -1 to 1.
Matrix<double> picture() {
  constexpr double kTurn = 6.283185307179586;
  Matrix<double> pixels(96, 128);
  for (index_t i = 0; i < pixels.rows(); ++i)
    for (index_t j = 0; j < pixels.cols(); ++j) {
      const double down = static_cast<double>(i) / 96, across = static_cast<double>(j) / 128;
      double brightness = 0.5 * std::sin(kTurn * across) * (1 - down) - 0.3 * down;
      if (i >= 20 && i < 50 && j >= 70 && j < 110) brightness = j % 10 < 2 || i % 15 < 2 ? -0.9 : 0.8;
      if (i >= 70) brightness = ((i / 6 + j / 8) % 2 == 0 ? 0.6 : -0.4) * (0.5 + down / 2);
      pixels(i, j) = brightness;
    }
  return pixels;
}

}  // namespace

int main() try {
  const Matrix<double> whole = picture();
  const Csr<double> kept = example::observe(whole, 0.3, /*seed=*/11);
  const Csr<double> lost = example::observe(whole, 0.3, /*seed=*/11, /*others=*/true);

  Context ctx = Context::cpu();
  CompletionOptions options;
  options.rank = 8;
  options.lambda_x = options.lambda_y = 0.01;
  options.weighting = Weighting::plain;
  options.stopping.sweeps = 200;
  CompletionResult<double> result = als(ctx, {kept.view(), lost.view()}, options);
  const SweepRecord& last = result.runs[0].history.back();
  const double error = example::relative_error(whole, result.mean, result.x, result.y);
  std::printf("%lld of %lld pixels kept\n", static_cast<long long>(kept.values.size()),
              static_cast<long long>(whole.rows() * whole.cols()));
  std::printf("RMSE %.4f on them, %.4f on the others; relative error of the picture %.3f\n", last.train_rmse,
              last.validation_rmse, error);

  DecompositionFigure figure;
  figure.title = "A picture from 30 % of its pixels";
  figure.row_label = "row";
  figure.column_label = "column";
  figure.value_label = "brightness";
  figure.observed = example::dense(kept);
  figure.mean = result.mean;
  figure.x = std::move(result.x);
  figure.y = std::move(result.y);
  draw("inpainting.png", figure);
  std::puts("drawn: inpainting.png");
  return error < 0.5 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
