#include "solve_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "checks.hpp"
#include "dispatch.hpp"
#include "fill.hpp"
#include "product.hpp"
#include "seesaw/gram.hpp"
#include "seesaw/solve_spd.hpp"

namespace seesaw {
namespace {

template <class T>
void run(Context& ctx, CsrView<T> ratings, MatrixView<const T> y, Penalty penalty, MatrixView<T> x,
         std::int64_t* singular_rows) {
  require_csr(ctx, ratings, "ratings");
  require_factors(ctx, ratings.rows, ratings.cols, y, x);
  require_penalty<T>("lambda", penalty, ratings.cols);
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
index_t run(Context& ctx, MatrixView<const T> a, MatrixView<const T> y, Penalty penalty, MatrixView<T> x) {
  require_view(ctx, a, "a");
  require_factors(ctx, a.rows, a.cols, y, x);
  require_penalty<T>("lambda", penalty, a.cols);
  on_backend(
      ctx, [&] { reference::product(a, y, x); }, [&](int threads) { cpu::product(threads, a, y, x); },
      [&](auto& gpu) { cuda::product(gpu, a, y, x); });
  Matrix<T> system(ctx, y.cols, y.cols);
  gram(ctx, y, system.view());
  if (!add_to_diagonal(ctx, system, ridge_of<T>(penalty, a.cols))) {
    fill(ctx, x, std::numeric_limits<T>::quiet_NaN());
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
