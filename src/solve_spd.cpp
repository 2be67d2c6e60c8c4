#include "solve_spd.hpp"

#include "checks.hpp"
#include "dispatch.hpp"
#include "finite.hpp"

namespace seesaw {
namespace {

template <class T>
index_t run(Context& ctx, MatrixView<const T> a, MatrixView<T> b) {
  require_view(ctx, a, "a");
  require_rank(a.rows);
  require_shape("a", a.rows, a.cols, a.rows, a.rows);
  require_view(ctx, b, "b");
  require_shape("b", b.rows, b.cols, b.rows, a.rows);
  require_finite(ctx, a, "a", /*lower=*/true);
  return on_backend(
      ctx, [&] { return reference::solve_spd(a, b); }, [&](int threads) { return cpu::solve_spd(threads, a, b); },
      [&](auto& gpu) { return cuda::solve_spd(gpu, a, b); });
}

}  // namespace

index_t solve_spd(Context& ctx, MatrixView<const float> a, MatrixView<float> b) { return run(ctx, a, b); }
index_t solve_spd(Context& ctx, MatrixView<const double> a, MatrixView<double> b) { return run(ctx, a, b); }

}  // namespace seesaw
