#pragma once
#include <vector>

#include "seesaw/cp_als.hpp"
#include "support.hpp"

namespace seesaw::test {

template <class T>
DenseTensor<T> tensor_of(const std::vector<index_t>& shape, const std::vector<double>& values) {
  DenseTensor<T> tensor;
  tensor.order = static_cast<int>(shape.size());
  std::copy(shape.begin(), shape.end(), tensor.shape.begin());
  tensor.values = Buffer<T>(static_cast<index_t>(values.size()));
  for (std::size_t e = 0; e < values.size(); ++e) tensor.values.data()[e] = static_cast<T>(values[e]);
  return tensor;
}

template <class T>
DenseTensor<T> to_context(const Context& ctx, const DenseTensor<T>& host) {
  return {host.order, host.shape, seesaw::to_context(ctx, host.values.data(), host.values.size())};
}

template <class T>
DenseTensor<T> to_host(const DenseTensor<T>& tensor) {
  return {tensor.order, tensor.shape, seesaw::to_host(tensor.values)};
}

/// The elements that are not 0, in the context's memory.
template <class T>
SparseTensor<T> sparse_of(const Context& ctx, const DenseTensor<T>& dense) {
  std::vector<column_t> indices[kMaxOrder];
  std::vector<T> values;
  for (index_t e = 0; e < dense.values.size(); ++e) {
    if (dense.values.data()[e] == 0) continue;
    values.push_back(dense.values.data()[e]);
    index_t rest = e;
    for (auto n = static_cast<std::size_t>(dense.order); n-- > 0; rest /= dense.shape[n])
      indices[n].push_back(static_cast<column_t>(rest % dense.shape[n]));
  }
  SparseTensor<T> sparse;
  sparse.order = dense.order;
  sparse.shape = dense.shape;
  const auto count = static_cast<index_t>(values.size());
  for (std::size_t n = 0; n < static_cast<std::size_t>(dense.order); ++n)
    sparse.indices[n] = seesaw::to_context(ctx, indices[n].data(), count);
  sparse.values = seesaw::to_context(ctx, values.data(), count);
  return sparse;
}

/// sum_r weights[r] a_0r o a_1r o ..., in host memory.
inline DenseTensor<double> model_of(const std::vector<Matrix<double>>& factors, const std::vector<double>& weights) {
  std::vector<index_t> shape;
  index_t elements = 1;
  for (const Matrix<double>& factor : factors) {
    shape.push_back(factor.rows());
    elements *= factor.rows();
  }
  DenseTensor<double> model = tensor_of<double>(shape, std::vector<double>(static_cast<std::size_t>(elements), 0));
  for (index_t e = 0; e < elements; ++e)
    for (std::size_t r = 0; r < weights.size(); ++r) {
      double product = weights[r];
      index_t rest = e;
      for (std::size_t n = factors.size(); n-- > 0; rest /= shape[n])
        product *= factors[n](rest % shape[n], static_cast<index_t>(r));
      model.values.data()[e] += product;
    }
  return model;
}

inline double norm_of(const DenseTensor<double>& tensor) {
  double squared = 0;
  for (index_t e = 0; e < tensor.values.size(); ++e) squared += tensor.values.data()[e] * tensor.values.data()[e];
  return std::sqrt(squared);
}

inline CpOptions options_of(index_t rank, int sweeps, std::uint64_t seed = 0) {
  CpOptions options;
  options.rank = rank;
  options.seed = seed;
  options.stopping = {.sweeps = sweeps, .fit_change = 0};
  return options;
}

/// A tensor of that rank and noise of that part of its norm, in host memory.
inline DenseTensor<double> random_cp(const std::vector<index_t>& shape, index_t rank, double noise,
                                     std::uint64_t seed) {
  std::vector<Matrix<double>> factors;
  for (const index_t size : shape) factors.push_back(random_matrix<double>(size, rank, seed++));
  DenseTensor<double> tensor = model_of(factors, std::vector<double>(static_cast<std::size_t>(rank), 1));
  const auto drawn = random_matrix<double>(tensor.values.size(), 1, seed);
  double squared = 0;
  for (index_t e = 0; e < drawn.rows(); ++e) squared += drawn(e, 0) * drawn(e, 0);
  const double share = noise * norm_of(tensor) / std::sqrt(squared);
  for (index_t e = 0; e < drawn.rows(); ++e) tensor.values.data()[e] += share * drawn(e, 0);
  return tensor;
}

template <class T>
FactorViews<T> views_of(const std::vector<Matrix<T>>& factors) {
  FactorViews<T> views;
  for (std::size_t n = 0; n < factors.size(); ++n) views[n] = factors[n].view();
  return views;
}

}  // namespace seesaw::test
