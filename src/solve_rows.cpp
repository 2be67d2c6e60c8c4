#include "solve_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "checks.hpp"
#include "dispatch.hpp"
#include "product.hpp"
#include "seesaw/gram.hpp"
#include "seesaw/solve_spd.hpp"

namespace seesaw {
namespace {

template <class T>
void require_factors(Context& ctx, index_t rows, index_t cols, MatrixView<const T> y, Penalty penalty,
                     MatrixView<T> x) {
  require_view(ctx, y, "y");
  require_rank(y.cols);
  require_shape("y", y.rows, y.cols, cols, y.cols);
  require_view(ctx, x, "x");
  require_shape("x", x.rows, x.cols, rows, y.cols);
  require_penalty<T>("lambda", penalty, cols);
}

template <class T>
void run(Context& ctx, CsrView<T> ratings, MatrixView<const T> y, Penalty penalty, MatrixView<T> x,
         std::int64_t* singular_rows) {
  require_csr(ctx, ratings, "ratings");
  require_factors(ctx, ratings.rows, ratings.cols, y, penalty, x);
  if (singular_rows != nullptr) require_space(ctx, singular_rows, "singular_rows");
  const SolveRows<T> problem{ratings, y, penalty, x, singular_rows};
  on_backend(
      ctx, [&] { reference::solve_rows(problem); }, [&](int threads) { cpu::solve_rows(threads, problem); },
      [&](auto& gpu) { cuda::solve_rows(gpu, problem); });
}

/// On the host, whatever the backend: k numbers. False where the matrix is not finite then.
template <class T>
bool add_to_diagonal(Context& ctx, Matrix<T>& a, T value) {
  Matrix<T> host = to_host(a);
  for (index_t f = 0; f < a.rows(); ++f) host(f, f) += value;
  ctx.memory()->copy_from_host(a.view().data, host.view().data,
                               static_cast<std::size_t>(a.rows() * a.cols()) * sizeof(T));
  return std::all_of(host.view().data, host.view().data + host.buffer().size(), [](T e) { return std::isfinite(e); });
}

template <class T>
void fill_with_nan(Context& ctx, MatrixView<T> x) {
  Buffer<T> row(x.cols);
  std::fill_n(row.data(), x.cols, std::numeric_limits<T>::quiet_NaN());
  for (index_t i = 0; i < x.rows; ++i)
    ctx.memory()->copy_from_host(x.row(i), row.data(), static_cast<std::size_t>(x.cols) * sizeof(T));
}

template <class T>
index_t run(Context& ctx, MatrixView<const T> a, MatrixView<const T> y, Penalty penalty, MatrixView<T> x) {
  require_view(ctx, a, "a");
  require_factors(ctx, a.rows, a.cols, y, penalty, x);
  on_backend(
      ctx, [&] { reference::product(a, y, x); }, [&](int threads) { cpu::product(threads, a, y, x); },
      [&](auto& gpu) { cuda::product(gpu, a, y, x); });
  Matrix<T> system(ctx, y.cols, y.cols);
  gram(ctx, y, system.view());
  const double count = penalty.weighting == Weighting::by_count ? static_cast<double>(a.cols) : 1.0;
  if (!add_to_diagonal(ctx, system, static_cast<T>(penalty.lambda * count))) {
    fill_with_nan(ctx, x);
    return 0;
  }
  return solve_spd(ctx, std::as_const(system).view(), x);
}

}  // namespace

void solve_rows(Context& ctx, CsrView<float> ratings, MatrixView<const float> y, Penalty penalty, MatrixView<float> x,
                std::int64_t* singular_rows) {
  run(ctx, ratings, y, penalty, x, singular_rows);
}
void solve_rows(Context& ctx, CsrView<double> ratings, MatrixView<const double> y, Penalty penalty,
                MatrixView<double> x, std::int64_t* singular_rows) {
  run(ctx, ratings, y, penalty, x, singular_rows);
}
index_t solve_rows(Context& ctx, MatrixView<const float> a, MatrixView<const float> y, Penalty penalty,
                   MatrixView<float> x) {
  return run(ctx, a, y, penalty, x);
}
index_t solve_rows(Context& ctx, MatrixView<const double> a, MatrixView<const double> y, Penalty penalty,
                   MatrixView<double> x) {
  return run(ctx, a, y, penalty, x);
}

}  // namespace seesaw
