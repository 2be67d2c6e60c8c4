#include "top_singular.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dense.hpp"
#include "seesaw/random.hpp"
#include "tridiagonal_eigen.hpp"

namespace seesaw {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kNothing = 16 * kEps;  // what rounding leaves of a vector in the space, where |B| <= 1

std::vector<double> to_vector(const Context& ctx, const double* array, index_t size) {
  std::vector<double> host(static_cast<std::size_t>(size));
  ctx.memory()->copy_to_host(host.data(), array, host.size() * sizeof(double));
  return host;
}

/// The root above theta.back() of prod (lambda - theta_j) = exp(log_product), rounded up; theta ascending.
double root_above(const std::vector<double>& theta, double log_product) {
  const double largest = theta.back();
  double low = largest, high = largest + std::exp(log_product / static_cast<double>(theta.size()));
  for (;;) {  // at the upper end every factor is at least the right side's geometric mean
    const double middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) return high;
    double sum = 0;
    for (const double t : theta) sum += std::log(middle - t);
    (sum < log_product ? low : high) = middle;
  }
}

}  // namespace

Lanczos::Lanczos(Context& ctx, index_t rows, index_t cols, int steps)
    : ctx_(ctx),
      rows_(rows),
      cols_(cols),
      steps_(std::min({index_t{steps}, rows, cols})),
      basis_(ctx, steps_ + 1, std::min(rows, cols)),
      long_(ctx, std::max(rows, cols)),
      w_(ctx, std::min(rows, cols)),
      scratch_(ctx, std::min(rows, cols)),
      along_(ctx, steps_ + 1) {}

double Lanczos::memory(index_t rows, index_t cols, int steps) {
  const double less = static_cast<double>(std::min(rows, cols)), more = static_cast<double>(std::max(rows, cols));
  return (less * (std::min(less, static_cast<double>(steps)) + 3) + more) * sizeof(double);
}

/// w less its part along the first `count` basis vectors, which is added to `along`.
void Lanczos::orthogonalize(index_t count, double* w, std::vector<double>& along) {
  const index_t d = basis_.cols();
  multiply<double>(ctx_, basis_.view().slice(0, count), MatrixView<const double>(w, d, 1),
                   MatrixView<double>(along_.data(), count, 1));
  multiply<double>(ctx_, MatrixView<const double>(along_.data(), 1, count), basis_.view().slice(0, count),
                   MatrixView<double>(scratch_.data(), 1, d));
  combine<double>(ctx_, d, -1, scratch_.data(), 1, w);
  const std::vector<double> part = to_vector(ctx_, along_.data(), count);
  for (std::size_t n = 0; n < part.size(); ++n) along[n] += part[n];
}

bool Lanczos::step(index_t j, const std::function<void(const double*, double*)>& apply) {
  const index_t d = basis_.cols();
  apply(basis_.view().row(j), w_.data());
  std::vector<double> along(static_cast<std::size_t>(j + 1), 0.0);
  for (int pass = 0; pass < 2; ++pass) orthogonalize(j + 1, w_.data(), along);  // twice is enough
  const double beta = std::sqrt(dot<double>(ctx_, d, w_.data(), w_.data()));
  alpha_.push_back(along.back());
  beta_.push_back(beta);
  if (beta <= kNothing) return false;
  combine<double>(ctx_, d, 1 / beta, w_.data(), 0, basis_.view().row(j + 1));
  return true;
}

/// On the largest eigenvalue of B where k < d. A beta of which rounding left nothing may be as much as kNothing.
double Lanczos::bound_above(const std::vector<double>& theta, double log_chance, double rounding) const {
  double log_product = log_chance, outside = 1;
  for (const double beta : beta_) log_product += std::log(std::max(beta, kNothing));
  for (const double alpha : alpha_) outside -= alpha;
  const double by_trace = std::max(theta.back(), outside + rounding) + std::max(beta_.back(), kNothing);
  return std::min(root_above(theta, log_product), by_trace);
}

// 1. random start   2. steps; from time to time 3. Ritz values and the bound   4. the vectors of the largest
template <class T>
TopSingular Lanczos::operator()(CsrView<T> s, CsrView<T> transposed, double frobenius, std::uint64_t seed,
                                const std::function<bool(double, double)>& good_enough) {
  const bool wide = cols_ > rows_;
  const CsrView<T>&forth = wide ? transposed : s, &back = wide ? s : transposed;
  const index_t d = basis_.cols(), more = long_.size();
  const auto of = [](index_t size) { return std::vector<double>(static_cast<std::size_t>(size), 0.0); };
  const double scale = frobenius * frobenius;  // B is S'S / scale, so that squares stay within the range of double
  if (!(scale > std::numeric_limits<double>::min() / kEps)) return {0, frobenius, of(rows_), of(cols_), 0};
  const auto apply = [&](const double* v, double* w) {
    spmv(ctx_, forth, v, long_.data());
    spmv(ctx_, back, long_.data(), w);
    combine<double>(ctx_, d, 1 / scale, w, 0, w);
  };
  alpha_.clear();
  beta_.clear();
  fill_normal(ctx_, seed, 1, basis_.view().slice(0, 1));
  const double norm = std::sqrt(dot<double>(ctx_, d, basis_.view().data, basis_.view().data));
  combine<double>(ctx_, d, 1 / norm, basis_.view().data, 0, basis_.view().data);

  // A product with S is that with a matrix nearby, |dS| <= eps (entries of a row) |S|_F, and so is one with S'; a Ritz
  // value is one of a matrix within some k eps |B| of B (Paige), here with orthogonality to rounding.
  const double log_chance = std::log(norm / (kChance * std::sqrt(std::acos(-1.0) / 2)));
  TopSingular top;
  std::vector<double> theta;
  for (index_t k = 1;; ++k) {
    const bool goes_on = step(k - 1, apply) && k < steps_;
    if (goes_on && k % 4 != 0 && k != 2) continue;
    theta = alpha_;
    std::vector<double> beside(beta_.begin(), beta_.end() - 1);
    cpu::tridiagonal_eigen(k, theta.data(), beside.data(), nullptr);
    const double rounding = kEps * static_cast<double>(rows_ + cols_ + 16 * k);
    const double largest = k < d ? bound_above(theta, log_chance, rounding) : theta.back();
    top.sigma = frobenius * std::sqrt(std::max(0.0, theta.back()));
    top.bound = std::min(frobenius, frobenius * (std::sqrt(std::max(0.0, largest)) + rounding));
    top.steps = static_cast<int>(k);
    if (!goes_on || good_enough(top.sigma, top.bound)) break;
  }

  const auto k = static_cast<std::size_t>(top.steps);
  std::vector<double> vectors(k * k), beside(beta_.begin(), beta_.end() - 1);
  cpu::tridiagonal_eigen(top.steps, alpha_.data(), beside.data(), vectors.data());
  ctx_.memory()->copy_from_host(along_.data(), vectors.data() + (k - 1) * k, k * sizeof(double));
  multiply<double>(ctx_, MatrixView<const double>(along_.data(), 1, top.steps), basis_.view().slice(0, top.steps),
                   MatrixView<double>(w_.data(), 1, d));
  spmv(ctx_, forth, w_.data(), long_.data());
  top.sigma = std::sqrt(dot<double>(ctx_, more, long_.data(), long_.data()));
  if (top.sigma > 0) combine<double>(ctx_, more, 1 / top.sigma, long_.data(), 0, long_.data());
  top.left = wide ? to_vector(ctx_, w_.data(), d) : to_vector(ctx_, long_.data(), more);
  top.right = wide ? to_vector(ctx_, long_.data(), more) : to_vector(ctx_, w_.data(), d);
  return top;
}

template TopSingular Lanczos::operator()(CsrView<float>, CsrView<float>, double, std::uint64_t,
                                         const std::function<bool(double, double)>&);
template TopSingular Lanczos::operator()(CsrView<double>, CsrView<double>, double, std::uint64_t,
                                         const std::function<bool(double, double)>&);

}  // namespace seesaw
