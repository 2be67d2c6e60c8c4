#include "cp_diagnostics.hpp"

#include <algorithm>

namespace seesaw {
namespace {

/// Eigenvectors in the rows of `vectors`, eigenvalues ascending.
std::vector<double> eigen(Matrix<double>& vectors) {
  std::vector<double> values(static_cast<std::size_t>(vectors.rows()));
  cpu::symmetric_eigen(vectors.rows(), vectors.buffer().data(), values.data());
  return values;
}

double rounding(index_t k) { return static_cast<double>(k) * std::numeric_limits<double>::epsilon(); }

}  // namespace

Matrix<double> pseudo_inverse_transposed(const Matrix<double>& factor) {
  const index_t k = factor.cols();
  Matrix<double> square(k, k), inverse(k, k);
  for (index_t f = 0; f < k; ++f)
    for (index_t g = 0; g < k; ++g) {
      square(f, g) = 0;
      for (index_t i = 0; i < factor.rows(); ++i) square(f, g) += factor(i, f) * factor(i, g);
    }
  const std::vector<double> values = eigen(square);
  if (!(values.front() > rounding(k) * values.back())) return {};
  for (index_t f = 0; f < k; ++f)
    for (index_t g = 0; g < k; ++g) {
      inverse(f, g) = 0;
      for (index_t v = 0; v < k; ++v)
        inverse(f, g) += square(v, f) * square(v, g) / values[static_cast<std::size_t>(v)];
    }
  Matrix<double> product(factor.rows(), k);
  for (index_t i = 0; i < factor.rows(); ++i)
    for (index_t f = 0; f < k; ++f) {
      product(i, f) = 0;
      for (index_t g = 0; g < k; ++g) product(i, f) += factor(i, g) * inverse(g, f);
    }
  return product;
}

CpDiagnostics shape_of(const Components& components, double norm) {
  CpDiagnostics shape;
  const index_t k = components.rank();
  Matrix<double> product(k, k);
  std::fill_n(product.buffer().data(), k * k, 1.0);
  for (const Matrix<double>& factor : components.factors) {
    Matrix<double> square = cosines(factor);
    for (index_t e = 0; e < k * k; ++e) product.buffer().data()[e] *= square.buffer().data()[e];
    const std::vector<double> values = eigen(square);
    const bool regular = values.front() > rounding(k) * values.back();
    shape.gram_condition.push_back(regular ? values.back() / values.front() : std::numeric_limits<double>::infinity());
  }
  for (int f = 0; f < k; ++f)
    for (int g = f + 1; g < k; ++g)
      if (k > 1 && (shape.second == 0 || product(f, g) < shape.cosine)) {
        shape.cosine = product(f, g);
        shape.first = f;
        shape.second = g;
      }
  const auto weight = [&](int f) { return components.weights[static_cast<std::size_t>(f)]; };
  shape.degenerate = shape.cosine < -0.9 && weight(shape.first) > norm && weight(shape.second) > norm;
  return shape;
}

int swamp_sweeps(const std::vector<CpSweep>& history) {
  int sweeps = 0;
  double largest_later = 0;
  for (std::size_t n = history.size(); n-- > 1;) {
    const double change = std::abs(history[n].fit - history[n - 1].fit);
    if (change < 0.1 * largest_later) ++sweeps;
    largest_later = std::max(largest_later, change);
  }
  return sweeps;
}

}  // namespace seesaw
