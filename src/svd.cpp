#include "svd.hpp"

#include <algorithm>

#include "dense.hpp"
#include "finite.hpp"
#include "svd_of.hpp"

namespace seesaw {
namespace {

template <class T>
void run(Context& ctx, MatrixView<const T> a, MatrixView<T> u, T* s, MatrixView<T> vt) {
  require_view(ctx, a, "a");
  const index_t r = std::min(a.rows, a.cols);
  require_view(ctx, u, "u");
  require_shape("u", u.rows, u.cols, a.rows, r);
  require_view(ctx, vt, "vt");
  require_shape("vt", vt.rows, vt.cols, r, a.cols);
  if (r == 0) return;
  require_space(ctx, s, "s");
  require_finite(ctx, a, "a");
  Matrix<T> copy(ctx, a.rows, a.cols);
  copy_matrix(ctx, a, copy.view());
  svd_of(ctx, copy.view(), u, s, vt);
}

}  // namespace

void svd(Context& ctx, MatrixView<const float> a, MatrixView<float> u, float* s, MatrixView<float> vt) {
  run(ctx, a, u, s, vt);
}
void svd(Context& ctx, MatrixView<const double> a, MatrixView<double> u, double* s, MatrixView<double> vt) {
  run(ctx, a, u, s, vt);
}

}  // namespace seesaw
