#include "masked_gradient.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {
namespace {

constexpr index_t kRows = 64;  // of a block, whatever the number of threads

template <class T>
index_t rows(const ModeView<T>& entries) {
  return entries.shape[static_cast<std::size_t>(entries.mode)];
}

template <class T>
T weight(const ModeView<T>& entries, offset_t e) {
  return entries.weights != nullptr ? entries.weights[e] : T{1};
}

/// h = the product of the other modes' rows, but for the mode `without`, of which `direction` is taken where it is not
/// null; of it all where `without` is -1.
template <class T>
void multiply_others(const ModeView<T>& entries, const FactorViews<T>& factors, const FactorViews<T>* direction,
                     int without, offset_t e, index_t k, T* h) {
  bool first = true;
  for (int m = 0; m < entries.order; ++m) {
    if (m == entries.mode) continue;
    const auto mode = static_cast<std::size_t>(m);
    const T* row = (m == without ? (*direction)[mode] : factors[mode]).row(entries.indices[mode][e]);
    if (first)
      std::copy(row, row + k, h);
    else
      for (index_t f = 0; f < k; ++f) h[f] *= row[f];
    first = false;
  }
}

template <class T>
T dot(index_t k, const T* a, const T* b) {
  T sum = 0;
  for (index_t f = 0; f < k; ++f) sum += a[f] * b[f];
  return sum;
}

}  // namespace

template <class T>
void masked_gradient(int threads, const MaskedGradient<T>& problem, ResidualSums* sums) {
  const ModeView<T>& entries = problem.entries;
  const MatrixView<const T> own = problem.factors[static_cast<std::size_t>(entries.mode)];
  const index_t k = problem.rank(), blocks = block_count(rows(entries), kRows);
  std::vector<ResidualSums> partial(static_cast<std::size_t>(blocks));
  for_blocks(
      threads, blocks, [&] { return Buffer<T>(k); },
      [&](Buffer<T>& h, index_t block) {
        ResidualSums all;
        for (index_t i = block * kRows; i < std::min(rows(entries), (block + 1) * kRows); ++i) {
          const offset_t first = entries.offsets[i], last = entries.offsets[i + 1];
          T* gradient = problem.gradient.row(i);
          for (index_t f = 0; f < k; ++f) gradient[f] = ridge_of<T>(problem.penalty, last - first) * own(i, f);
          for (offset_t e = first; e < last; ++e) {
            multiply_others<T>(entries, problem.factors, nullptr, -1, e, k, h.data());
            const T residual = entries.values[e] - dot(k, own.row(i), h.data());
            const T weighted = weight(entries, e) * residual;
            for (index_t f = 0; f < k; ++f) gradient[f] -= weighted * h.data()[f];
            const double squared = static_cast<double>(residual) * static_cast<double>(residual);
            all.squared += squared;
            all.weighted_squared += static_cast<double>(weight(entries, e)) * squared;
            all.sum += static_cast<double>(residual);
          }
        }
        partial[static_cast<std::size_t>(block)] = all;
      });
  if (sums == nullptr) return;
  *sums = {};
  for (const ResidualSums& part : partial) {
    sums->squared += part.squared;
    sums->weighted_squared += part.weighted_squared;
    sums->sum += part.sum;
  }
}

template <class T>
void masked_product(int threads, const MaskedProduct<T>& problem) {
  const ModeView<T>& entries = problem.entries;
  const auto mode = static_cast<std::size_t>(entries.mode);
  const MatrixView<const T> own = problem.factors[mode], own_direction = problem.direction[mode];
  const index_t k = problem.rank();
  for_blocks(
      threads, block_count(rows(entries), kRows), [&] { return Buffer<T>(3 * k); },
      [&](Buffer<T>& scratch, index_t block) {
        T *h = scratch.data(), *q = h + k, *term = q + k;
        for (index_t i = block * kRows; i < std::min(rows(entries), (block + 1) * kRows); ++i) {
          const offset_t first = entries.offsets[i], last = entries.offsets[i + 1];
          T* product = problem.product.row(i);
          for (index_t f = 0; f < k; ++f) product[f] = ridge_of<T>(problem.penalty, last - first) * own_direction(i, f);
          for (offset_t e = first; e < last; ++e) {
            multiply_others<T>(entries, problem.factors, nullptr, -1, e, k, h);
            std::fill(q, q + k, T{0});
            for (int m = 0; m < entries.order; ++m) {
              if (m == entries.mode) continue;
              multiply_others(entries, problem.factors, &problem.direction, m, e, k, term);
              for (index_t f = 0; f < k; ++f) q[f] += term[f];
            }
            const T change = weight(entries, e) * (dot(k, own_direction.row(i), h) + dot(k, own.row(i), q));
            const T residual = problem.curvature == Curvature::gauss_newton
                                   ? T{0}
                                   : weight(entries, e) * (entries.values[e] - dot(k, own.row(i), h));
            for (index_t f = 0; f < k; ++f) product[f] += change * h[f] - residual * q[f];
          }
        }
      });
}

template <class T>
Polynomial masked_line(int threads, const MaskedLine<T>& problem) {
  const ModeView<T>& entries = problem.entries;
  const auto terms = static_cast<std::size_t>(entries.order) + 1;
  const index_t blocks = block_count(rows(entries), kRows);
  std::vector<Polynomial> partial(static_cast<std::size_t>(blocks));
  for_blocks(threads, blocks, [&](index_t block) {
    Polynomial all{};
    for (index_t i = block * kRows; i < std::min(rows(entries), (block + 1) * kRows); ++i)
      for (offset_t e = entries.offsets[i]; e < entries.offsets[i + 1]; ++e) {
        std::array<double, kMaxOrder + 1> residual{};
        residual[0] = static_cast<double>(entries.values[e]);
        for (index_t f = 0; f < problem.rank(); ++f) {
          std::array<double, kMaxOrder + 1> product{1};
          for (int m = 0; m < entries.order; ++m) {
            const auto mode = static_cast<std::size_t>(m);
            const index_t row = m == entries.mode ? i : entries.indices[mode][e];
            const auto a = static_cast<double>(problem.factors[mode](row, f));
            const auto d = static_cast<double>(problem.direction[mode](row, f));
            for (std::size_t n = mode + 2; n-- > 0;) product[n] = a * product[n] + (n > 0 ? d * product[n - 1] : 0.0);
          }
          for (std::size_t n = 0; n < terms; ++n) residual[n] -= product[n];
        }
        const double half = 0.5 * static_cast<double>(weight(entries, e));
        for (std::size_t n = 0; n < terms; ++n)
          for (std::size_t l = 0; l < terms; ++l) all[n + l] += half * residual[n] * residual[l];
      }
    partial[static_cast<std::size_t>(block)] = all;
  });
  Polynomial all{};
  for (const Polynomial& part : partial)
    for (std::size_t n = 0; n < all.size(); ++n) all[n] += part[n];
  return all;
}

template <class T>
double penalty_slope(int threads, MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets,
                     Penalty penalty) {
  const index_t blocks = block_count(x.rows, kRows);
  std::vector<double> partial(static_cast<std::size_t>(blocks), 0.0);
  for_blocks(threads, blocks, [&](index_t block) {
    double sum = 0;
    for (index_t i = block * kRows; i < std::min(x.rows, (block + 1) * kRows); ++i) {
      double product = 0;
      for (index_t f = 0; f < x.cols; ++f) product += static_cast<double>(x(i, f)) * static_cast<double>(z(i, f));
      sum += row_weight(penalty, offsets != nullptr ? offsets[i + 1] - offsets[i] : 0) * product;
    }
    partial[static_cast<std::size_t>(block)] = sum;
  });
  double sum = 0;
  for (const double part : partial) sum += part;
  return penalty.lambda * sum;
}

template void masked_gradient(int, const MaskedGradient<float>&, ResidualSums*);
template void masked_gradient(int, const MaskedGradient<double>&, ResidualSums*);
template void masked_product(int, const MaskedProduct<float>&);
template void masked_product(int, const MaskedProduct<double>&);
template Polynomial masked_line(int, const MaskedLine<float>&);
template Polynomial masked_line(int, const MaskedLine<double>&);
template double penalty_slope(int, MatrixView<const float>, MatrixView<const float>, const offset_t*, Penalty);
template double penalty_slope(int, MatrixView<const double>, MatrixView<const double>, const offset_t*, Penalty);

}  // namespace seesaw::cpu
