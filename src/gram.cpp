#include "gram.hpp"

#include "checks.hpp"
#include "dispatch.hpp"

namespace seesaw {
namespace {

template <class T>
void run(Context& ctx, MatrixView<const T> y, MatrixView<T> out) {
  require_view(ctx, y, "y");
  require_rank(y.cols);
  require_view(ctx, out, "out");
  require_shape("out", out.rows, out.cols, y.cols, y.cols);
  on_backend(
      ctx, [&] { reference::gram(y, out); }, [&](int threads) { cpu::gram(threads, y, out); },
      [&](auto& gpu) { cuda::gram(gpu, y, out); });
}

}  // namespace

void gram(Context& ctx, MatrixView<const float> y, MatrixView<float> out) { run(ctx, y, out); }
void gram(Context& ctx, MatrixView<const double> y, MatrixView<double> out) { run(ctx, y, out); }

}  // namespace seesaw
