#include "masked_gradient.hpp"

#include <cstddef>
#include <vector>

namespace seesaw::reference {
namespace {

/// Entry e of index i: element f of the row of mode m of the factors (or of a direction).
template <class T>
T element(const ModeView<T>& entries, const FactorViews<T>& factors, int m, index_t i, offset_t e, index_t f) {
  const auto mode = static_cast<std::size_t>(m);
  return factors[mode](m == entries.mode ? i : entries.indices[mode][e], f);
}

/// Element f of h_e: the product of the other modes' rows.
template <class T>
T others(const ModeView<T>& entries, const FactorViews<T>& factors, offset_t e, index_t f) {
  T product = 1;
  for (int m = 0; m < entries.order; ++m)
    if (m != entries.mode) product *= element(entries, factors, m, 0, e, f);
  return product;
}

/// Element f of q_e: the change of h_e along the direction.
template <class T>
T change_of_others(const MaskedProduct<T>& problem, offset_t e, index_t f) {
  const ModeView<T>& entries = problem.entries;
  T sum = 0;
  for (int m = 0; m < entries.order; ++m) {
    if (m == entries.mode) continue;
    T product = element(entries, problem.direction, m, 0, e, f);
    for (int n = 0; n < entries.order; ++n)
      if (n != entries.mode && n != m) product *= element(entries, problem.factors, n, 0, e, f);
    sum += product;
  }
  return sum;
}

template <class T>
T weight(const ModeView<T>& entries, offset_t e) {
  return entries.weights != nullptr ? entries.weights[e] : T{1};
}

template <class T>
index_t rows(const ModeView<T>& entries) {
  return entries.shape[static_cast<std::size_t>(entries.mode)];
}

}  // namespace

template <class T>
void masked_gradient(const MaskedGradient<T>& problem, ResidualSums* sums) {
  const ModeView<T>& entries = problem.entries;
  const MatrixView<const T> own = problem.factors[static_cast<std::size_t>(entries.mode)];
  ResidualSums all;
  for (index_t i = 0; i < rows(entries); ++i) {
    const offset_t first = entries.offsets[i], last = entries.offsets[i + 1];
    for (index_t f = 0; f < problem.rank(); ++f)
      problem.gradient(i, f) = ridge_of<T>(problem.penalty, last - first) * own(i, f);
    for (offset_t e = first; e < last; ++e) {
      T residual = entries.values[e];
      for (index_t f = 0; f < problem.rank(); ++f) residual -= own(i, f) * others(entries, problem.factors, e, f);
      const T weighted = weight(entries, e) * residual;
      for (index_t f = 0; f < problem.rank(); ++f)
        problem.gradient(i, f) -= weighted * others(entries, problem.factors, e, f);
      const double squared = static_cast<double>(residual) * static_cast<double>(residual);
      all.squared += squared;
      all.weighted_squared += static_cast<double>(weight(entries, e)) * squared;
      all.sum += static_cast<double>(residual);
    }
  }
  if (sums != nullptr) *sums = all;
}

template <class T>
void masked_product(const MaskedProduct<T>& problem) {
  const ModeView<T>& entries = problem.entries;
  const auto mode = static_cast<std::size_t>(entries.mode);
  const MatrixView<const T> own = problem.factors[mode], own_direction = problem.direction[mode];
  for (index_t i = 0; i < rows(entries); ++i) {
    const offset_t first = entries.offsets[i], last = entries.offsets[i + 1];
    for (index_t f = 0; f < problem.rank(); ++f)
      problem.product(i, f) = ridge_of<T>(problem.penalty, last - first) * own_direction(i, f);
    for (offset_t e = first; e < last; ++e) {
      T residual = entries.values[e], change = 0;
      for (index_t f = 0; f < problem.rank(); ++f) {
        const T h = others(entries, problem.factors, e, f), q = change_of_others(problem, e, f);
        residual -= own(i, f) * h;
        change += own_direction(i, f) * h + own(i, f) * q;
      }
      if (problem.curvature == Curvature::gauss_newton) residual = 0;
      for (index_t f = 0; f < problem.rank(); ++f)
        problem.product(i, f) += weight(entries, e) * (change * others(entries, problem.factors, e, f) -
                                                       residual * change_of_others(problem, e, f));
    }
  }
}

template <class T>
Polynomial masked_line(const MaskedLine<T>& problem) {
  const ModeView<T>& entries = problem.entries;
  const auto terms = static_cast<std::size_t>(entries.order) + 1;
  Polynomial all{};
  for (index_t i = 0; i < rows(entries); ++i)
    for (offset_t e = entries.offsets[i]; e < entries.offsets[i + 1]; ++e) {
      std::vector<double> residual(terms, 0.0);  // t_e - the model, as a polynomial
      residual[0] = static_cast<double>(entries.values[e]);
      for (index_t f = 0; f < problem.rank(); ++f) {
        std::vector<double> product(terms, 0.0);  // of the modes so far
        product[0] = 1;
        for (int m = 0; m < entries.order; ++m) {
          const auto a = static_cast<double>(element(entries, problem.factors, m, i, e, f));
          const auto d = static_cast<double>(element(entries, problem.direction, m, i, e, f));
          for (std::size_t n = terms; n-- > 0;) product[n] = a * product[n] + (n > 0 ? d * product[n - 1] : 0.0);
        }
        for (std::size_t n = 0; n < terms; ++n) residual[n] -= product[n];
      }
      const double half = 0.5 * static_cast<double>(weight(entries, e));
      for (std::size_t n = 0; n < terms; ++n)
        for (std::size_t l = 0; l < terms; ++l) all[n + l] += half * residual[n] * residual[l];
    }
  return all;
}

template <class T>
double penalty_slope(MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets, Penalty penalty) {
  double sum = 0;
  for (index_t i = 0; i < x.rows; ++i) {
    double product = 0;
    for (index_t f = 0; f < x.cols; ++f) product += static_cast<double>(x(i, f)) * static_cast<double>(z(i, f));
    sum += row_weight(penalty, offsets != nullptr ? offsets[i + 1] - offsets[i] : 0) * product;
  }
  return penalty.lambda * sum;
}

template void masked_gradient(const MaskedGradient<float>&, ResidualSums*);
template void masked_gradient(const MaskedGradient<double>&, ResidualSums*);
template void masked_product(const MaskedProduct<float>&);
template void masked_product(const MaskedProduct<double>&);
template Polynomial masked_line(const MaskedLine<float>&);
template Polynomial masked_line(const MaskedLine<double>&);
template double penalty_slope(MatrixView<const float>, MatrixView<const float>, const offset_t*, Penalty);
template double penalty_slope(MatrixView<const double>, MatrixView<const double>, const offset_t*, Penalty);

}  // namespace seesaw::reference
