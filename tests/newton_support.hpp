#pragma once
#include "support.hpp"

namespace seesaw::test {

/// X and Y and what belongs to them: gradient, step, ...; in host memory.
using Pair = std::array<Matrix<double>, 2>;

inline double dot(const Pair& a, const Pair& b) {
  double sum = 0;
  for (std::size_t n = 0; n < 2; ++n)
    for (index_t e = 0; e < a[n].buffer().size(); ++e) sum += a[n].buffer().data()[e] * b[n].buffer().data()[e];
  return sum;
}
inline double norm(const Pair& a) { return std::sqrt(dot(a, a)); }

/// A problem without centring, and its derivatives by the rows masked_gradient and masked_product.
class Derivatives {
 public:
  Derivatives(Context& ctx, const Csr<double>& ratings, const CompletionOptions& options)
      : ctx_(ctx), by_row_(to_context(ctx, ratings)), by_column_(transpose(ctx, by_row_.view())), options_(options) {}

  CsrView<double> ratings() const { return by_row_.view(); }

  Pair gradient(const Pair& z) {
    const Pair at = placed(z);
    Pair g = like(z);
    for (int n = 0; n < 2; ++n) masked_gradient(ctx_, mode(n), views(at), penalty(n), g[index(n)].view());
    return {to_host(g[0]), to_host(g[1])};
  }

  Pair product(const Pair& z, const Pair& direction, Curvature curvature) {
    const Pair at = placed(z), along = placed(direction);
    Pair p = like(z);
    for (int n = 0; n < 2; ++n)
      masked_product(ctx_, mode(n), views(at), views(along), curvature, penalty(n), p[index(n)].view());
    return {to_host(p[0]), to_host(p[1])};
  }

  /// The Hessian by its products with unit vectors.
  Matrix<double> hessian(const Pair& z) {
    const index_t of_x = z[0].buffer().size(), n = of_x + z[1].buffer().size();
    Matrix<double> h(n, n);
    Pair unit{Matrix<double>(z[0].rows(), z[0].cols()), Matrix<double>(z[1].rows(), z[1].cols())};
    for (std::size_t m = 0; m < 2; ++m) std::fill_n(unit[m].buffer().data(), unit[m].buffer().size(), 0.0);
    for (index_t u = 0; u < n; ++u) {
      double& element = u < of_x ? unit[0].buffer().data()[u] : unit[1].buffer().data()[u - of_x];
      element = 1;
      const Pair column = product(z, unit, Curvature::exact);
      element = 0;
      std::copy_n(column[0].buffer().data(), of_x, &h(u, 0));
      std::copy_n(column[1].buffer().data(), n - of_x, &h(u, 0) + of_x);
    }
    return h;
  }

 private:
  static std::size_t index(int n) { return static_cast<std::size_t>(n); }
  ModeView<double> mode(int n) const { return mode_view(n == 0 ? by_row_.view() : by_column_.view(), n); }
  Penalty penalty(int n) const {
    return {n == 0 ? options_.lambda_x : options_.lambda_y, options_.weighting, options_.exponent};
  }
  Pair placed(const Pair& host) { return {to_context(ctx_, host[0]), to_context(ctx_, host[1])}; }
  Pair like(const Pair& z) {
    return {Matrix<double>(ctx_, z[0].rows(), z[0].cols()), Matrix<double>(ctx_, z[1].rows(), z[1].cols())};
  }
  static FactorViews<double> views(const Pair& z) { return {read(z[0]), read(z[1])}; }

  Context& ctx_;
  Csr<double> by_row_, by_column_;
  CompletionOptions options_;
};

/// How many eigenvalues of the symmetric matrix h are below `shift`: the negative pivots of h - shift I = L D L'
/// (Sylvester), for shifts that are not near an eigenvalue of a leading block.
inline index_t eigenvalues_below(const Matrix<double>& h, double shift) {
  const index_t n = h.rows();
  std::vector<double> a(h.view().data, h.view().data + n * n);
  const auto row = [&](index_t i) { return a.data() + i * n; };
  index_t below = 0;
  for (index_t i = 0; i < n; ++i) row(i)[i] -= shift;
  for (index_t p = 0; p < n; ++p) {
    const double pivot = row(p)[p];
    below += pivot < 0;
    for (index_t i = p + 1; i < n; ++i) {
      const double factor = row(i)[p] / pivot;
      if (factor == 0) continue;
      for (index_t j = p; j < n; ++j) row(i)[j] -= factor * row(p)[j];
    }
  }
  return below;
}

inline constexpr NewtonMethod kNewtonMethods[] = {NewtonMethod::dense, NewtonMethod::newton_cg,
                                                  NewtonMethod::gauss_newton};

inline const char* name_of(NewtonMethod method) {
  return method == NewtonMethod::dense ? "dense" : method == NewtonMethod::newton_cg ? "newton_cg" : "gauss_newton";
}

/// No penalty, not centred.
inline CompletionOptions plain_options(index_t rank, int sweeps) {
  CompletionOptions options;
  options.rank = rank;
  options.lambda_x = options.lambda_y = 0;
  options.weighting = Weighting::plain;
  options.centre = false;
  options.stopping.sweeps = sweeps;
  return options;
}

inline NewtonOptions by(NewtonMethod method, double damping = 1) {
  NewtonOptions own;
  own.method = method;
  own.damping = damping;
  return own;
}

}  // namespace seesaw::test
