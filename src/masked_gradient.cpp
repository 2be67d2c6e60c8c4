#include "masked_gradient.hpp"

#include "checks.hpp"
#include "dispatch.hpp"
#include "tensor_checks.hpp"

namespace seesaw {
namespace {

/// One matrix of shape[n] x k for each mode.
template <class T>
void require_factors(const Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors, const char* name,
                     index_t k) {
  for (int n = 0; n < entries.order; ++n) require_factor(ctx, entries.shape, factors, n, k, name);
}

template <class T>
void require_output(const Context& ctx, const ModeView<T>& entries, MatrixView<T> output, const char* name, index_t k) {
  require_view(ctx, output, name);
  require_shape(name, output.rows, output.cols, entries.shape[static_cast<std::size_t>(entries.mode)], k);
}

template <class T>
void run(Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors, Penalty penalty,
         MatrixView<T> gradient, ResidualSums* sums) {
  require_entries(ctx, entries);
  require_factors(ctx, entries, factors, "factors", factors[0].cols);
  require_output(ctx, entries, gradient, "gradient", factors[0].cols);
  require_penalty<T>("lambda", penalty, entries.entries);
  const MaskedGradient<T> problem{entries, factors, penalty, gradient};
  on_backend(
      ctx, [&] { reference::masked_gradient(problem, sums); },
      [&](int threads) { cpu::masked_gradient(threads, problem, sums); },
      [&](auto& gpu) { cuda::masked_gradient(gpu, problem, sums); });
}

template <class T>
void run(Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors, const FactorViews<T>& direction,
         Curvature curvature, Penalty penalty, MatrixView<T> product) {
  require_entries(ctx, entries);
  require_factors(ctx, entries, factors, "factors", factors[0].cols);
  require_factors(ctx, entries, direction, "direction", factors[0].cols);
  require_output(ctx, entries, product, "product", factors[0].cols);
  require_penalty<T>("lambda", penalty, entries.entries);
  const MaskedProduct<T> problem{entries, factors, direction, curvature, penalty, product};
  on_backend(
      ctx, [&] { reference::masked_product(problem); }, [&](int threads) { cpu::masked_product(threads, problem); },
      [&](auto& gpu) { cuda::masked_product(gpu, problem); });
}

template <class T>
Polynomial run(Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors,
               const FactorViews<T>& direction) {
  require_entries(ctx, entries);
  require_factors(ctx, entries, factors, "factors", factors[0].cols);
  require_factors(ctx, entries, direction, "direction", factors[0].cols);
  const MaskedLine<T> problem{entries, factors, direction};
  return on_backend(
      ctx, [&] { return reference::masked_line(problem); },
      [&](int threads) { return cpu::masked_line(threads, problem); },
      [&](auto& gpu) { return cuda::masked_line(gpu, problem); });
}

template <class T>
double run(Context& ctx, MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets, Penalty penalty) {
  require_view(ctx, x, "x");
  require_view(ctx, z, "z");
  require_shape("z", z.rows, z.cols, x.rows, x.cols);
  require_penalty("lambda", penalty);
  if (penalty.weighting == Weighting::by_count) require_space(ctx, offsets, "offsets");
  return on_backend(
      ctx, [&] { return reference::penalty_slope(x, z, offsets, penalty); },
      [&](int threads) { return cpu::penalty_slope(threads, x, z, offsets, penalty); },
      [&](auto& gpu) { return cuda::penalty_slope(gpu, x, z, offsets, penalty); });
}

}  // namespace

void masked_gradient(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors, Penalty penalty,
                     MatrixView<float> gradient, ResidualSums* sums) {
  run(ctx, entries, factors, penalty, gradient, sums);
}
void masked_gradient(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors, Penalty penalty,
                     MatrixView<double> gradient, ResidualSums* sums) {
  run(ctx, entries, factors, penalty, gradient, sums);
}

void masked_product(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors,
                    const FactorViews<float>& direction, Curvature curvature, Penalty penalty,
                    MatrixView<float> product) {
  run(ctx, entries, factors, direction, curvature, penalty, product);
}
void masked_product(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors,
                    const FactorViews<double>& direction, Curvature curvature, Penalty penalty,
                    MatrixView<double> product) {
  run(ctx, entries, factors, direction, curvature, penalty, product);
}

Polynomial masked_line(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors,
                       const FactorViews<float>& direction) {
  return run(ctx, entries, factors, direction);
}
Polynomial masked_line(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors,
                       const FactorViews<double>& direction) {
  return run(ctx, entries, factors, direction);
}

double penalty_slope(Context& ctx, MatrixView<const float> x, MatrixView<const float> z, const offset_t* offsets,
                     Penalty penalty) {
  return run(ctx, x, z, offsets, penalty);
}
double penalty_slope(Context& ctx, MatrixView<const double> x, MatrixView<const double> z, const offset_t* offsets,
                     Penalty penalty) {
  return run(ctx, x, z, offsets, penalty);
}

}  // namespace seesaw
