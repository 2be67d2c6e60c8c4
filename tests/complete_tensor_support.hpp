#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "seesaw/complete_tensor.hpp"
#include "tensor_support.hpp"

// Tensors of which some entries are known, and what complete_tensor() makes of them.
namespace seesaw::test {

/// Entries of a tensor of that rank, each place with the likelihood `part`, and those left out as a second tensor.
struct Split {
  Tensor known, held_out;
};

inline Split planted(const std::vector<index_t>& shape, index_t rank, double part, double noise, std::uint64_t seed) {
  const auto truth = random_point<double>(shape, rank, seed);
  Split split{{shape, {}}, {shape, {}}};
  TensorEntry entry{};
  std::uint64_t draw = 0;
  for (bool more = true; more;) {
    entry.value = noise * random_normal(seed + 100, draw);
    entry.weight = 0.5 + random_uniform(seed + 200, draw);
    for (index_t r = 0; r < rank; ++r) {
      double product = 1;
      for (std::size_t m = 0; m < shape.size(); ++m) product *= truth[m](entry.index[m], r);
      entry.value += product;
    }
    (random_uniform(seed + 300, draw++) < part ? split.known : split.held_out).entries.push_back(entry);
    more = false;
    for (std::size_t m = shape.size(); m-- > 0 && !more;) {
      more = ++entry.index[m] < shape[m];
      if (!more) entry.index[m] = 0;
    }
  }
  return split;
}

inline double root_mean_square(const Tensor& tensor) {
  double squared = 0;
  for (const TensorEntry& entry : tensor.entries) squared += entry.value * entry.value;
  return std::sqrt(squared / static_cast<double>(tensor.entries.size()));
}

inline TensorCompletionOptions options_of(index_t rank, double lambda, int sweeps, std::uint64_t seed = 0) {
  TensorCompletionOptions options;
  options.rank = rank;
  options.lambda.fill(lambda);
  options.centre = false;
  options.seed = seed;
  options.stopping.sweeps = sweeps;
  return options;
}

/// The model at the places of the entries, less their values, in double.
template <class T>
std::vector<double> residuals(const Tensor& tensor, const TensorCompletionResult<T>& result) {
  std::vector<Matrix<T>> factors;
  for (const Matrix<T>& factor : result.factors) factors.push_back(to_host(factor));
  std::vector<double> all;
  for (const TensorEntry& entry : tensor.entries) {
    double model = result.mean;
    for (std::size_t r = 0; r < result.weights.size(); ++r) {
      double product = result.weights[r];
      for (std::size_t m = 0; m < factors.size(); ++m)
        product *= static_cast<double>(factors[m](entry.index[m], static_cast<index_t>(r)));
      model += product;
    }
    all.push_back(entry.value - model);
  }
  return all;
}

template <class T>
double rmse_of(const Tensor& tensor, const TensorCompletionResult<T>& result) {
  double squared = 0;
  for (const double r : residuals(tensor, result)) squared += r * r;
  return std::sqrt(squared / static_cast<double>(tensor.entries.size()));
}

/// Of a matrix: complete_tensor() beside als().
template <class T>
void expect_same_history(const TensorCompletionResult<T>& found, const CompletionResult<T>& expected,
                         std::size_t sweeps) {
  ASSERT_EQ(found.runs[0].history.size(), sweeps);
  for (std::size_t n = 0; n < sweeps; ++n) {
    const SweepRecord &a = found.runs[0].history[n], &b = expected.runs[0].history[n];
    EXPECT_NEAR(a.objective, b.objective, 1e-10 * b.objective);
    EXPECT_NEAR(a.train_rmse, b.train_rmse, 1e-10 * b.train_rmse);
    EXPECT_NEAR(a.validation_rmse, b.validation_rmse, 1e-10 * b.validation_rmse);
  }
  EXPECT_EQ(found.validation_left_out, expected.validation_left_out);
}

}  // namespace seesaw::test
