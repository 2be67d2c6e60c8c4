#include "cp_residual.hpp"

namespace seesaw::reference {
namespace {

template <class T>
DoubleDouble model_at(const CpResidual<T>& problem, index_t row, offset_t e) {
  const ModeView<T>& entries = problem.entries;
  DoubleDouble model;
  for (index_t f = 0; f < problem.rank(); ++f) {
    DoubleDouble product{problem.weights[f]};
    for (int n = 0; n < entries.order; ++n) {
      const auto mode = static_cast<std::size_t>(n);
      const index_t i = n == entries.mode ? row : entries.indices[mode][e];
      product = product * static_cast<double>(problem.factors[mode](i, f));
    }
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
  const ModeView<T>& entries = problem.entries;
  std::vector<std::vector<DoubleDouble>> grams;
  for (int n = 0; n < entries.order; ++n) grams.push_back(gram_of(problem.factors[static_cast<std::size_t>(n)]));
  DoubleDouble sum = squared_model(problem.weights, problem.rank(), grams);
  for (index_t i = 0; i < entries.shape[static_cast<std::size_t>(entries.mode)]; ++i)
    for (offset_t e = entries.offsets[i]; e < entries.offsets[i + 1]; ++e)
      sum.add(residual_term(static_cast<double>(entries.values[e]), model_at(problem, i, e)));
  return sum.value();
}

template double cp_residual(const CpResidual<float>&);
template double cp_residual(const CpResidual<double>&);

}  // namespace seesaw::reference
