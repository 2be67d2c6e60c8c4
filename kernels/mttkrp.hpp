#pragma once
#include <algorithm>

#include "khatri_rao.hpp"
#include "seesaw/mttkrp.hpp"

namespace seesaw {

/// What the implementations are given: order 2 to 8, one rank; sizes >= 1 but for those of entries.
template <class T>
struct DenseMttkrp {
  DenseTensorView<T> tensor;
  FactorViews<T> factors;
  int mode;
  MatrixView<T> out;
};

/// The tensor as a matrix of left x right elements, of which one side is contracted with its modes' factors: with K
/// their Khatri-Rao product out = X K where `right` is, X' K where `left` is.
template <class T>
struct TensorContraction {
  MatrixView<const T> tensor;
  bool right;
  FactorList<T> factors;
  MatrixView<T> out;

  index_t contracted() const { return right ? tensor.cols : tensor.rows; }
};

/// out(i, :) = sum over l and r of elements((l * out.rows + i) * right + r, :) times row l of the Khatri-Rao product of
/// left_factors and row r of that of right_factors, elementwise. Either list may be empty.
template <class T>
struct PartialContraction {
  MatrixView<const T> elements;
  FactorList<T> left_factors, right_factors;
  MatrixView<T> out;

  index_t left() const { return left_factors.rows(); }
  index_t right() const { return right_factors.rows(); }
};

/// Entries by mode: entries.mode is the one of out.
template <class T>
struct SparseMttkrp {
  ModeView<T> entries;
  FactorViews<T> factors;
  MatrixView<T> out;

  constexpr index_t rank() const { return out.cols; }

  /// Everything that points into memory.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(entries);
    for (int n = 0; n < entries.order; ++n)
      if (n != entries.mode) visitor(factors[static_cast<std::size_t>(n)]);
    visitor(out);
  }
};

/// Entries in any order.
template <class T>
struct UnsortedMttkrp {
  SparseTensorView<T> entries;
  FactorViews<T> factors;
  int mode;
  MatrixView<T> out;

  constexpr index_t rank() const { return out.cols; }
};

/// prod shape[n] over the modes.
inline index_t size_of(const std::array<index_t, kMaxOrder>& shape, Modes modes) {
  index_t size = 1;
  for (int n = modes.first; n < modes.last; ++n) size *= shape[static_cast<std::size_t>(n)];
  return size;
}

template <class T>
FactorList<T> list_of(const FactorViews<T>& factors, Modes modes) {
  FactorList<T> list;
  for (int n = modes.first; n < modes.last; ++n) list.add(factors[static_cast<std::size_t>(n)]);
  return list;
}

/// The first step: all modes but `keep`, which has the first or the last mode.
template <class T>
TensorContraction<T> contraction_of(const DenseTensorView<T>& tensor, const FactorViews<T>& factors, Modes keep,
                                    MatrixView<T> out) {
  const bool right = keep.first == 0;
  const int split = right ? keep.last : keep.first;
  const MatrixView<const T> matrix{tensor.data, size_of(tensor.shape, {0, split}),
                                   size_of(tensor.shape, {split, tensor.order})};
  return {matrix, right, list_of(factors, right ? Modes{split, tensor.order} : Modes{0, split}), out};
}

/// The second one.
template <class T>
PartialContraction<T> contraction_of(const PartialTensorView<T>& partial, const FactorViews<T>& factors, Modes keep,
                                     MatrixView<T> out) {
  return {partial.elements, list_of(factors, {partial.modes.first, keep.first}),
          list_of(factors, {keep.last, partial.modes.last}), out};
}

/// mttkrp() by both steps. make_partial(rows) gives memory for what is left between them, a matrix of rows x k;
/// contract() is called with a TensorContraction and, unless that leaves the mode alone, a PartialContraction.
template <class T, class MakePartial, class Contract>
void in_two_steps(const DenseMttkrp<T>& problem, MakePartial&& make_partial, Contract&& contract) {
  const DenseTensorView<T>& tensor = problem.tensor;
  const int split = mttkrp_split(tensor.order, tensor.shape);
  const Modes own{problem.mode, problem.mode + 1};
  const Modes keep = problem.mode < split ? Modes{0, split} : Modes{split, tensor.order};
  if (keep.last - keep.first == 1) {
    contract(contraction_of(tensor, problem.factors, keep, problem.out));
    return;
  }
  const MatrixView<T> partial = make_partial(size_of(tensor.shape, keep));
  contract(contraction_of(tensor, problem.factors, keep, partial));
  contract(contraction_of(PartialTensorView<T>{tensor.order, tensor.shape, keep, partial}, problem.factors, own,
                          problem.out));
}

/// Columns, in bytes, of the sums that the cpu's parts of entries in any order have at once.
inline constexpr index_t kPartColumnBytes = 256;

/// Parts of the entries in any order that the cpu sums by themselves: each but the first with `rows` x kPartColumnBytes
/// of memory, about half of the entries' own at most. By sizes alone, never by the number of threads.
constexpr index_t unsorted_parts(offset_t entries, index_t rows) {
  const index_t most = std::clamp<index_t>(entries >> 18, 16, 64);
  return std::clamp<index_t>(entries / (40 * std::max<index_t>(1, rows)), 1, most);
}

/// Rows of a matrix at most that a first step may sum in parts of its own, whatever the tensor.
inline constexpr index_t kMostPartRows = index_t{1} << 15;

namespace reference {
template <class T>
void mttkrp(const DenseMttkrp<T>& problem);
template <class T>
void mttkrp(const SparseMttkrp<T>& problem);
template <class T>
void mttkrp(const UnsortedMttkrp<T>& problem);
template <class T>
void contract(const TensorContraction<T>& problem);
template <class T>
void contract(const PartialContraction<T>& problem);
}  // namespace reference
namespace cpu {
template <class T>
void mttkrp(int threads, const DenseMttkrp<T>& problem);
template <class T>
void mttkrp(int threads, const SparseMttkrp<T>& problem);
template <class T>
void mttkrp(int threads, const UnsortedMttkrp<T>& problem);
template <class T>
void contract(int threads, const TensorContraction<T>& problem);
template <class T>
void contract(int threads, const PartialContraction<T>& problem);
}  // namespace cpu
namespace cuda {
template <class T>
void mttkrp(Resources& gpu, const DenseMttkrp<T>& problem);
template <class T>
void mttkrp(Resources& gpu, const SparseMttkrp<T>& problem);
template <class T>
void contract(Resources& gpu, const TensorContraction<T>& problem);
template <class T>
void contract(Resources& gpu, const PartialContraction<T>& problem);
}  // namespace cuda

}  // namespace seesaw
