#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "support.hpp"

// Sparse tensors by one of their modes, and what masked_gradient and its kin should give, in long double and by plain
// sums.
namespace seesaw::test {

struct TensorEntry {
  std::array<column_t, kMaxOrder> index{};
  double value;
  double weight = 1;
};

struct Tensor {
  std::vector<index_t> shape;
  std::vector<TensorEntry> entries;

  int order() const { return static_cast<int>(shape.size()); }
};

/// lengths[i] entries of index i in mode 0; their other indices are random, and two may fall on one place.
inline Tensor random_tensor(const std::vector<index_t>& shape, const std::vector<index_t>& lengths,
                            std::uint64_t seed) {
  Tensor tensor{shape, {}};
  std::uint64_t draw = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i)
    for (index_t n = 0; n < lengths[i]; ++n) {
      TensorEntry entry{};
      entry.index[0] = static_cast<column_t>(i);
      for (std::size_t m = 1; m < shape.size(); ++m)
        entry.index[m] = static_cast<column_t>(random_bits(seed, draw++) % static_cast<std::uint64_t>(shape[m]));
      entry.value = random_normal(seed, draw++);
      entry.weight = 0.5 + random_uniform(seed, draw++);
      tensor.entries.push_back(entry);
    }
  return tensor;
}

/// A Tensor's entries by one mode, in a context's memory. Before the first of them stand others, which nothing may
/// read: NaN, with indices beyond the shape.
template <class T>
struct ByMode {
  static constexpr offset_t kBefore = 3;
  ModeView<T> view;
  Buffer<offset_t> offsets;
  std::array<Buffer<column_t>, kMaxOrder> indices;
  Buffer<T> values, weights;
};

template <class T>
ByMode<T> by_mode(const Context& ctx, const Tensor& tensor, int mode, bool weighted) {
  const auto own = static_cast<std::size_t>(mode);
  std::vector<TensorEntry> sorted = tensor.entries;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& a, const auto& b) { return a.index[own] < b.index[own]; });
  constexpr offset_t kBefore = ByMode<T>::kBefore;
  const auto there = [&]<class U>(const std::vector<U>& host) {
    return to_context(ctx, host.data(), static_cast<index_t>(host.size()));
  };
  std::vector<offset_t> offsets(static_cast<std::size_t>(tensor.shape[own]) + 1, 0);
  for (const TensorEntry& entry : sorted) ++offsets[static_cast<std::size_t>(entry.index[own]) + 1];
  offsets[0] = kBefore;
  for (std::size_t i = 1; i < offsets.size(); ++i) offsets[i] += offsets[i - 1];
  std::vector<T> values(kBefore, std::numeric_limits<T>::quiet_NaN()), weights = values;
  for (const TensorEntry& entry : sorted) {
    values.push_back(static_cast<T>(entry.value));
    weights.push_back(static_cast<T>(entry.weight));
  }
  ByMode<T> by;
  by.offsets = there(offsets);
  by.values = there(values);
  if (weighted) by.weights = there(weights);
  by.view.order = tensor.order();
  by.view.mode = mode;
  by.view.entries = static_cast<offset_t>(sorted.size());
  by.view.offsets = by.offsets.data();
  by.view.values = by.values.data();
  by.view.weights = by.weights.data();
  for (std::size_t m = 0; m < tensor.shape.size(); ++m) {
    by.view.shape[m] = tensor.shape[m];
    if (m == own) continue;
    std::vector<column_t> indices(kBefore, std::numeric_limits<column_t>::max());
    for (const TensorEntry& entry : sorted) indices.push_back(entry.index[m]);
    by.indices[m] = there(indices);
    by.view.indices[m] = by.indices[m].data();
  }
  return by;
}

/// The entries as they are, in the context's memory.
template <class T>
SparseTensor<T> entries_of(const Context& ctx, const Tensor& tensor, bool weighted = false) {
  const auto count = static_cast<offset_t>(tensor.entries.size());
  SparseTensor<T> sparse;
  sparse.order = tensor.order();
  std::copy(tensor.shape.begin(), tensor.shape.end(), sparse.shape.begin());
  std::vector<T> values, weights;
  for (const TensorEntry& entry : tensor.entries) {
    values.push_back(static_cast<T>(entry.value));
    weights.push_back(static_cast<T>(entry.weight));
  }
  for (std::size_t m = 0; m < tensor.shape.size(); ++m) {
    std::vector<column_t> indices;
    for (const TensorEntry& entry : tensor.entries) indices.push_back(entry.index[m]);
    sparse.indices[m] = seesaw::to_context(ctx, indices.data(), count);
  }
  sparse.values = seesaw::to_context(ctx, values.data(), count);
  if (weighted) sparse.weights = seesaw::to_context(ctx, weights.data(), count);
  return sparse;
}

/// In an order that no mode is sorted by.
inline Tensor shuffled(Tensor tensor) {
  for (std::size_t e = tensor.entries.size(); e-- > 1;)
    std::swap(tensor.entries[e], tensor.entries[random_bits(97, e) % (e + 1)]);
  return tensor;
}

/// A matrix for each mode, in host memory or in a context's.
template <class T>
using Point = std::vector<Matrix<T>>;

template <class T>
Point<T> random_point(const std::vector<index_t>& shape, index_t k, std::uint64_t seed) {
  Point<T> point;
  for (const index_t size : shape) point.push_back(random_matrix<T>(size, k, seed++));
  return point;
}

template <class T>
Point<T> to_context(const Context& ctx, const Point<T>& host) {
  Point<T> there;
  for (const Matrix<T>& matrix : host) there.push_back(seesaw::to_context(ctx, matrix));
  return there;
}

template <class T>
FactorViews<T> views(const Point<T>& point) {
  FactorViews<T> all;
  for (std::size_t m = 0; m < point.size(); ++m) all[m] = point[m].view();
  return all;
}

/// A result by plain sums, and the same sums of absolute values: rounding errors are some multiple of that.
struct Exact {
  std::vector<long double> value, scale;
};

/// The model at one entry: its value, and along a direction its change, with the sums of absolute values.
struct ExactEntry {
  long double residual = 0, residual_scale = 0, change = 0, change_scale = 0;
  std::vector<long double> h, q, h_scale, q_scale;
};

template <class T>
ExactEntry exact_entry(const Tensor& tensor, const TensorEntry& entry, const Point<T>& factors,
                       const Point<T>* direction, std::size_t mode) {
  const auto k = static_cast<std::size_t>(factors[0].cols());
  const auto element = [&](const Point<T>& point, std::size_t m, std::size_t f) {
    return static_cast<long double>(point[m](entry.index[m], static_cast<index_t>(f)));
  };
  ExactEntry exact;
  exact.residual = static_cast<long double>(static_cast<T>(entry.value));
  exact.residual_scale = std::abs(exact.residual);
  for (std::size_t f = 0; f < k; ++f) {
    long double h = 1, q = 0, q_scale = 0;
    for (std::size_t m = 0; m < tensor.shape.size(); ++m)
      if (m != mode) h *= element(factors, m, f);
    for (std::size_t d = 0; direction != nullptr && d < tensor.shape.size(); ++d) {
      if (d == mode) continue;
      long double term = element(*direction, d, f);
      for (std::size_t m = 0; m < tensor.shape.size(); ++m)
        if (m != mode && m != d) term *= element(factors, m, f);
      q += term;
      q_scale += std::abs(term);
    }
    const long double a = element(factors, mode, f), d = direction != nullptr ? element(*direction, mode, f) : 0;
    exact.residual -= a * h;
    exact.residual_scale += std::abs(a * h);
    exact.change += d * h + a * q;
    exact.change_scale += std::abs(d * h) + std::abs(a) * q_scale;
    exact.h.push_back(h);
    exact.q.push_back(q);
    exact.h_scale.push_back(std::abs(h));
    exact.q_scale.push_back(q_scale);
  }
  return exact;
}

template <class T>
long double exact_weight(const TensorEntry& entry, bool weighted) {
  return weighted ? static_cast<long double>(static_cast<T>(entry.weight)) : 1;
}

/// The gradient in one mode, or where there is a direction the Hessian's product with it.
template <class T>
Exact exact_rows(const Tensor& tensor, bool weighted, const Point<T>& factors, const Point<T>* direction,
                 Curvature curvature, Penalty penalty, int by) {
  const auto mode = static_cast<std::size_t>(by);
  const Matrix<T>& own = (direction != nullptr ? *direction : factors)[mode];
  const auto k = static_cast<std::size_t>(own.cols());
  std::vector<index_t> counts(static_cast<std::size_t>(own.rows()), 0);
  Exact exact;
  exact.value.assign(counts.size() * k, 0);
  exact.scale = exact.value;
  for (const TensorEntry& entry : tensor.entries) {
    const auto i = static_cast<std::size_t>(entry.index[mode]);
    ++counts[i];
    const ExactEntry at = exact_entry(tensor, entry, factors, direction, mode);
    const long double w = exact_weight<T>(entry, weighted);
    for (std::size_t f = 0; f < k; ++f) {
      long double& value = exact.value[i * k + f];
      long double& scale = exact.scale[i * k + f];
      if (direction == nullptr) {
        value -= w * at.residual * at.h[f];
        scale += w * at.residual_scale * at.h_scale[f];
        continue;
      }
      value += w * at.change * at.h[f];
      scale += w * at.change_scale * at.h_scale[f];
      if (curvature == Curvature::gauss_newton) continue;
      value -= w * at.residual * at.q[f];
      scale += w * at.residual_scale * at.q_scale[f];
    }
  }
  for (std::size_t i = 0; i < counts.size(); ++i)
    for (std::size_t f = 0; f < k; ++f) {
      const long double term = static_cast<long double>(ridge_of(penalty, counts[i])) *
                               static_cast<long double>(own(static_cast<index_t>(i), static_cast<index_t>(f)));
      exact.value[i * k + f] += term;
      exact.scale[i * k + f] += std::abs(term);
    }
  return exact;
}

/// factors + t direction, in long double.
template <class T>
Point<T> moved(const Point<T>& factors, double t, const Point<T>& direction) {
  Point<T> point;
  for (std::size_t m = 0; m < factors.size(); ++m) {
    point.emplace_back(factors[m].rows(), factors[m].cols());
    for (index_t n = 0; n < factors[m].buffer().size(); ++n)
      point[m].buffer().data()[n] = static_cast<T>(static_cast<double>(factors[m].buffer().data()[n]) +
                                                   t * static_cast<double>(direction[m].buffer().data()[n]));
  }
  return point;
}

/// Entries by the index in mode 0 of a tensor of size 10 there.
inline const std::vector<index_t> kLengths{0, 1, 2, 33, 4, 0, 17, 7, 5, 0};

template <class T>
struct Gradient {
  Matrix<T> rows;
  ResidualSums sums;
};

template <class T>
Gradient<T> gradient_on(Context& ctx, const Tensor& tensor, bool weighted, const Point<T>& factors, Penalty penalty,
                        int mode) {
  const auto by = by_mode<T>(ctx, tensor, mode, weighted);
  const auto there = to_context(ctx, factors);
  const auto size = tensor.shape[static_cast<std::size_t>(mode)];
  Matrix<T> gradient(ctx, size, factors[0].cols()), without(ctx, size, factors[0].cols());
  ResidualSums sums;
  masked_gradient(ctx, by.view, views(there), penalty, gradient.view(), &sums);
  masked_gradient(ctx, by.view, views(there), penalty, without.view());
  auto rows = to_host(gradient);
  EXPECT_TRUE(same_bits(rows, to_host(without))) << "with and without sums the gradient is the same";
  return {std::move(rows), sums};
}

template <class T>
Matrix<T> product_on(Context& ctx, const Tensor& tensor, bool weighted, const Point<T>& factors,
                     const Point<T>& direction, Curvature curvature, Penalty penalty, int mode) {
  const auto by = by_mode<T>(ctx, tensor, mode, weighted);
  const auto there = to_context(ctx, factors), along = to_context(ctx, direction);
  Matrix<T> product(ctx, tensor.shape[static_cast<std::size_t>(mode)], factors[0].cols());
  masked_product(ctx, by.view, views(there), views(along), curvature, penalty, product.view());
  return to_host(product);
}

template <class T>
Polynomial line_on(Context& ctx, const Tensor& tensor, bool weighted, const Point<T>& factors,
                   const Point<T>& direction, int mode) {
  const auto by = by_mode<T>(ctx, tensor, mode, weighted);
  const auto there = to_context(ctx, factors), along = to_context(ctx, direction);
  return masked_line(ctx, by.view, views(there), views(along));
}

inline index_t longest_row(const Tensor& tensor, int mode) {
  std::vector<index_t> counts(static_cast<std::size_t>(tensor.shape[static_cast<std::size_t>(mode)]), 0);
  for (const TensorEntry& entry : tensor.entries)
    ++counts[static_cast<std::size_t>(entry.index[static_cast<std::size_t>(mode)])];
  return *std::max_element(counts.begin(), counts.end());
}

/// How many roundings an element of the gradient or of a product goes through at most: products of order numbers, of
/// them a sum of order - 1 for q; a sum of 2 k of them and the value; weight, scale and a sum over the row's entries
/// twice; the penalty (Higham, sections 3.1 and 4.2). Each contributes eps times the same sum of absolute values.
inline double roundings(const Tensor& tensor, index_t k, int mode) {
  return static_cast<double>(2 * k + 2 * longest_row(tensor, mode) + 4 * tensor.order() + 8);
}

inline std::string name_of(const Tensor& tensor, index_t k, int mode, bool weighted) {
  return "order " + std::to_string(tensor.order()) + ", mode " + std::to_string(mode) + ", k = " + std::to_string(k) +
         (weighted ? ", weights" : "");
}

}  // namespace seesaw::test
