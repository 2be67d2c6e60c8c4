#include "solve_spd.hpp"

#include <cmath>

#include "checks.hpp"
#include "dispatch.hpp"

namespace seesaw {
namespace {

template <class T>
void require_finite(const Context& ctx, MatrixView<const T> a) {
  const index_t span = (a.rows - 1) * a.stride + a.cols;
  Buffer<T> copy(span);
  ctx.memory()->copy_to_host(copy.data(), a.data, static_cast<std::size_t>(span) * sizeof(T));
  const MatrixView<const T> host(copy.data(), a.rows, a.cols, a.stride);
  for (index_t i = 0; i < a.rows; ++i)
    for (index_t j = 0; j <= i; ++j)
      if (!std::isfinite(host(i, j)))
        throw InvalidArgument("a(" + std::to_string(i) + ", " + std::to_string(j) + ") is " +
                              number_text(static_cast<double>(host(i, j))) + ", expected a finite number");
}

template <class T>
index_t run(Context& ctx, MatrixView<const T> a, MatrixView<T> b) {
  require_view(ctx, a, "a");
  require_rank(a.rows);
  require_shape("a", a.rows, a.cols, a.rows, a.rows);
  require_view(ctx, b, "b");
  require_shape("b", b.rows, b.cols, b.rows, a.rows);
  require_finite(ctx, a);
  return on_backend(
      ctx, [&] { return reference::solve_spd(a, b); }, [&](int threads) { return cpu::solve_spd(threads, a, b); },
      [&](auto& gpu) { return cuda::solve_spd(gpu, a, b); });
}

}  // namespace

index_t solve_spd(Context& ctx, MatrixView<const float> a, MatrixView<float> b) { return run(ctx, a, b); }
index_t solve_spd(Context& ctx, MatrixView<const double> a, MatrixView<double> b) { return run(ctx, a, b); }

}  // namespace seesaw
