#include "mttkrp.hpp"

namespace seesaw::reference {
namespace {

/// Element (row, f) of the Khatri-Rao product of the factors.
template <class T>
T khatri_rao_element(const FactorList<T>& factors, index_t row, index_t f) {
  T product = 1;
  for (int n = factors.count; n-- > 0;) {
    const MatrixView<const T>& factor = factors.factors[static_cast<std::size_t>(n)];
    product *= factor(row % factor.rows, f);
    row /= factor.rows;
  }
  return product;
}

}  // namespace

template <class T>
void mttkrp(const DenseMttkrp<T>& problem) {
  const DenseTensorView<T>& tensor = problem.tensor;
  const Modes left{0, problem.mode}, right{problem.mode + 1, tensor.order};
  const FactorList<T> left_factors = list_of(problem.factors, left), right_factors = list_of(problem.factors, right);
  const index_t lefts = left_factors.rows(), rights = right_factors.rows(), rows = problem.out.rows;
  for (index_t i = 0; i < rows; ++i)
    for (index_t f = 0; f < problem.out.cols; ++f) {
      T sum = 0;
      for (index_t l = 0; l < lefts; ++l) {
        T inner = 0;
        for (index_t r = 0; r < rights; ++r)
          inner += tensor.data[(l * rows + i) * rights + r] * khatri_rao_element(right_factors, r, f);
        sum += khatri_rao_element(left_factors, l, f) * inner;
      }
      problem.out(i, f) = sum;
    }
}

template <class T>
void mttkrp(const SparseMttkrp<T>& problem) {
  const ModeView<T>& entries = problem.entries;
  for (index_t i = 0; i < problem.out.rows; ++i)
    for (index_t f = 0; f < problem.out.cols; ++f) {
      T sum = 0;
      for (offset_t e = entries.offsets[i]; e < entries.offsets[i + 1]; ++e) {
        T product = entries.values[e];
        for (int n = 0; n < entries.order; ++n) {
          const auto mode = static_cast<std::size_t>(n);
          if (n != entries.mode) product *= problem.factors[mode](entries.indices[mode][e], f);
        }
        sum += product;
      }
      problem.out(i, f) = sum;
    }
}

template <class T>
void mttkrp(const UnsortedMttkrp<T>& problem) {
  const SparseTensorView<T>& entries = problem.entries;
  const auto own = static_cast<std::size_t>(problem.mode);
  for (index_t i = 0; i < problem.out.rows; ++i)
    for (index_t f = 0; f < problem.out.cols; ++f) problem.out(i, f) = 0;
  for (offset_t e = 0; e < entries.entries; ++e)
    for (index_t f = 0; f < problem.out.cols; ++f) {
      T product = entries.values[e];
      for (std::size_t n = 0; n < static_cast<std::size_t>(entries.order); ++n)
        if (n != own) product *= problem.factors[n](entries.indices[n][e], f);
      problem.out(entries.indices[own][e], f) += product;
    }
}

template <class T>
void contract(const TensorContraction<T>& problem) {
  for (index_t i = 0; i < problem.out.rows; ++i)
    for (index_t f = 0; f < problem.out.cols; ++f) {
      T sum = 0;
      for (index_t c = 0; c < problem.contracted(); ++c)
        sum +=
            (problem.right ? problem.tensor(i, c) : problem.tensor(c, i)) * khatri_rao_element(problem.factors, c, f);
      problem.out(i, f) = sum;
    }
}

template <class T>
void contract(const PartialContraction<T>& problem) {
  for (index_t i = 0; i < problem.out.rows; ++i)
    for (index_t f = 0; f < problem.out.cols; ++f) {
      T sum = 0;
      for (index_t l = 0; l < problem.left(); ++l)
        for (index_t r = 0; r < problem.right(); ++r)
          sum += problem.elements((l * problem.out.rows + i) * problem.right() + r, f) *
                 khatri_rao_element(problem.left_factors, l, f) * khatri_rao_element(problem.right_factors, r, f);
      problem.out(i, f) = sum;
    }
}

template void mttkrp(const DenseMttkrp<float>&);
template void mttkrp(const DenseMttkrp<double>&);
template void mttkrp(const SparseMttkrp<float>&);
template void mttkrp(const SparseMttkrp<double>&);
template void mttkrp(const UnsortedMttkrp<float>&);
template void mttkrp(const UnsortedMttkrp<double>&);
template void contract(const TensorContraction<float>&);
template void contract(const TensorContraction<double>&);
template void contract(const PartialContraction<float>&);
template void contract(const PartialContraction<double>&);

}  // namespace seesaw::reference
