#include "top_k.hpp"

#include "checks.hpp"
#include "dispatch.hpp"

namespace seesaw {
namespace {

template <class T>
void run(Context& ctx, MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, MatrixView<column_t> items,
         MatrixView<T> scores) {
  constexpr index_t kMost = 0x7fffffff;
  require_view(ctx, x, "x");
  require_rank(x.cols);
  require_view(ctx, y, "y");
  require_shape("y", y.rows, y.cols, y.rows, x.cols);
  if (x.rows > kMost || y.rows > kMost)
    throw ShapeError("x has " + std::to_string(x.rows) + " rows and y " + std::to_string(y.rows) +
                     ", expected at most 2^31 - 1");
  require_places(ctx, seen, "seen", x.rows, y.rows);
  require_view(ctx, items, "items");
  if (items.cols < 1)
    throw InvalidArgument("items has " + std::to_string(items.cols) + " columns, expected at least 1: one for each " +
                          "item asked for");
  require_shape("items", items.rows, items.cols, x.rows, items.cols);
  require_view(ctx, scores, "scores");
  require_shape("scores", scores.rows, scores.cols, x.rows, items.cols);
  if (x.rows == 0) return;
  const index_t flaw = on_backend(
      ctx, [&] { return reference::top_k(x, y, seen, items, scores); },
      [&](int threads) { return cpu::top_k(threads, x, y, seen, items, scores); },
      [&](auto& gpu) { return cuda::top_k(gpu, x, y, seen, items, scores); });
  if (flaw != kAllFinite)
    throw InvalidArgument("the score of row " + std::to_string(flaw / y.rows) + " of x and row " +
                          std::to_string(flaw % y.rows) + " of y is not finite");
}

}  // namespace

void top_k(Context& ctx, MatrixView<const float> x, MatrixView<const float> y, CsrView<float> seen,
           MatrixView<column_t> items, MatrixView<float> scores) {
  run(ctx, x, y, seen, items, scores);
}
void top_k(Context& ctx, MatrixView<const double> x, MatrixView<const double> y, CsrView<double> seen,
           MatrixView<column_t> items, MatrixView<double> scores) {
  run(ctx, x, y, seen, items, scores);
}

}  // namespace seesaw
