#include "cp_residual.hpp"

namespace seesaw::reference {
namespace {

template <class T>
DoubleDouble model_at(const CpResidual<T>& problem, offset_t e) {
  const SparseTensorView<T>& entries = problem.entries;
  DoubleDouble model;
  for (index_t f = 0; f < problem.rank(); ++f) {
    DoubleDouble product{problem.weights[f]};
    for (std::size_t n = 0; n < static_cast<std::size_t>(entries.order); ++n)
      product = product * static_cast<double>(problem.factors[n](entries.indices[n][e], f));
    model.add(product);
  }
  return model;
}

template <class T>
std::vector<DoubleDouble> gram_of(MatrixView<const T> factor) {
  std::vector<DoubleDouble> gram;
  for (index_t f = 0; f < factor.cols; ++f)
    for (index_t g = 0; g <= f; ++g) {
      DoubleDouble sum;
      for (index_t i = 0; i < factor.rows; ++i)
        sum.add(two_product(static_cast<double>(factor(i, f)), static_cast<double>(factor(i, g))));
      gram.push_back(sum);
    }
  return gram;
}

}  // namespace

template <class T>
double cp_residual(const CpResidual<T>& problem) {
  const SparseTensorView<T>& entries = problem.entries;
  std::vector<std::vector<DoubleDouble>> grams;
  for (int n = 0; n < entries.order; ++n) grams.push_back(gram_of(problem.factors[static_cast<std::size_t>(n)]));
  DoubleDouble sum = squared_model(problem.weights, problem.rank(), grams);
  for (offset_t e = 0; e < entries.entries; ++e)
    sum.add(residual_term(static_cast<double>(entries.values[e]), model_at(problem, e)));
  return sum.value();
}

template double cp_residual(const CpResidual<float>&);
template double cp_residual(const CpResidual<double>&);

}  // namespace seesaw::reference
