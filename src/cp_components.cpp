#include "cp_components.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "solve_implicit_rows.hpp"

namespace seesaw {
namespace {

double column_norm(const Matrix<double>& factor, index_t f) {
  double squared = 0;
  for (index_t i = 0; i < factor.rows(); ++i) squared += factor(i, f) * factor(i, f);
  return std::sqrt(squared);
}

void scale_column(Matrix<double>& factor, index_t f, double scale) {
  for (index_t i = 0; i < factor.rows(); ++i) factor(i, f) *= scale;
}

bool largest_is_negative(const Matrix<double>& factor, index_t f) {
  double largest = 0;
  for (index_t i = 0; i < factor.rows(); ++i)
    if (std::abs(factor(i, f)) > std::abs(largest)) largest = factor(i, f);
  return largest < 0;
}

}  // namespace

void canonicalize(Components& components) {
  const index_t k = components.rank();
  for (index_t f = 0; f < k; ++f) {
    double& weight = components.weights[static_cast<std::size_t>(f)];
    for (Matrix<double>& factor : components.factors) {
      const double norm = column_norm(factor, f);
      weight *= norm;
      if (norm > 0) scale_column(factor, f, 1 / norm);
    }
    Matrix<double>& last = components.factors.back();
    for (Matrix<double>& factor : components.factors) {
      if (&factor == &last || !largest_is_negative(factor, f)) continue;
      scale_column(factor, f, -1);
      scale_column(last, f, -1);
    }
  }
  std::vector<std::size_t> order(static_cast<std::size_t>(k));
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return components.weights[a] > components.weights[b]; });
  Components sorted;
  for (const std::size_t f : order) sorted.weights.push_back(components.weights[f]);
  for (const Matrix<double>& factor : components.factors) {
    Matrix<double> columns(factor.rows(), k);
    for (index_t i = 0; i < factor.rows(); ++i)
      for (index_t f = 0; f < k; ++f)
        columns(i, f) = factor(i, static_cast<index_t>(order[static_cast<std::size_t>(f)]));
    sorted.factors.push_back(std::move(columns));
  }
  components = std::move(sorted);
}

double match_score(const Components& a, const Components& b) {
  const index_t k = a.rank();
  std::vector<double> scores;
  for (index_t f = 0; f < k; ++f)
    for (index_t g = 0; g < k; ++g) {
      const double x = a.weights[static_cast<std::size_t>(f)], y = b.weights[static_cast<std::size_t>(g)];
      double score = 1 - (std::max(x, y) > 0 ? std::abs(x - y) / std::max(x, y) : 0);
      for (std::size_t n = 0; n < a.factors.size(); ++n) {
        double cosine = 0;
        for (index_t i = 0; i < a.factors[n].rows(); ++i) cosine += a.factors[n](i, f) * b.factors[n](i, g);
        score *= std::abs(cosine);
      }
      scores.push_back(score);
    }
  double sum = 0;
  for (index_t pair = 0; pair < k; ++pair) {
    const auto best = std::max_element(scores.begin(), scores.end());
    sum += std::max(0.0, *best);
    const index_t f = (best - scores.begin()) / k, g = (best - scores.begin()) % k;
    for (index_t other = 0; other < k; ++other)
      scores[static_cast<std::size_t>(f * k + other)] = scores[static_cast<std::size_t>(other * k + g)] = -1;
  }
  return std::min(1.0, sum / static_cast<double>(k));  // rounding may be above
}

Matrix<double> cosines(const Matrix<double>& factor) {
  const index_t k = factor.cols();
  Matrix<double> products(k, k);
  for (index_t f = 0; f < k; ++f)
    for (index_t g = 0; g <= f; ++g) {
      const double norms = column_norm(factor, f) * column_norm(factor, g);
      double product = 0;
      for (index_t i = 0; i < factor.rows(); ++i) product += factor(i, f) * factor(i, g);
      products(f, g) = products(g, f) = norms > 0 ? product / norms : 0;
    }
  return products;
}

template <class T>
Matrix<T> inverse_square_root(const Matrix<T>& a) {
  const index_t k = a.rows();
  Matrix<double> vectors(k, k);
  for (index_t e = 0; e < k * k; ++e) vectors.buffer().data()[e] = static_cast<double>(a.buffer().data()[e]);
  std::vector<double> values(static_cast<std::size_t>(k));
  cpu::symmetric_eigen(k, vectors.buffer().data(), values.data());
  const double least = static_cast<double>(k) * static_cast<double>(std::numeric_limits<T>::epsilon()) * values.back();
  Matrix<T> root(k, k);
  for (index_t f = 0; f < k; ++f)
    for (index_t g = 0; g < k; ++g) {
      double sum = 0;
      for (index_t v = 0; v < k; ++v)
        if (values[static_cast<std::size_t>(v)] > least)
          sum += vectors(v, f) * vectors(v, g) / std::sqrt(values[static_cast<std::size_t>(v)]);
      root(f, g) = static_cast<T>(sum);
    }
  return root;
}

template Matrix<float> inverse_square_root(const Matrix<float>&);
template Matrix<double> inverse_square_root(const Matrix<double>&);

}  // namespace seesaw
