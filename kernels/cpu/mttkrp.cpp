#include "mttkrp.hpp"

#include <algorithm>
#include <type_traits>

#include "cpu/contraction.hpp"
#include "cpu/parallel.hpp"
#include "cpu/parts.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/mttkrp.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/pieces-inl.hpp"
#include "cpu/tensor_terms.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// sum += outer times the sum of the elements' rows first_row on, one for each row of `inner`, elementwise.
template <class T>
HWY_INLINE void add_rows(MatrixView<const T> elements, index_t first_row, MatrixView<const T> inner, const T* outer,
                         index_t k, T* HWY_RESTRICT sum) {
  for_pieces(hn::ScalableTag<T>(), 0, k, [&](auto d, index_t f) {
    auto all = hn::Mul(hn::LoadU(d, inner.row(0) + f), hn::LoadU(d, elements.row(first_row) + f));
    for (index_t r = 1; r < inner.rows; ++r)
      all = hn::MulAdd(hn::LoadU(d, inner.row(r) + f), hn::LoadU(d, elements.row(first_row + r) + f), all);
    hn::StoreU(hn::MulAdd(hn::LoadU(d, outer + f), all, hn::LoadU(d, sum + f)), d, sum + f);
  });
}

template <class T>
void add_terms(const TensorTerms<T>& terms, Range rows, Range range, MatrixView<T> sums) {
  const index_t right = terms.right.rows;
  for (index_t l = range.first / right; l * right < range.last; ++l) {
    const index_t first = std::max<index_t>(range.first - l * right, 0), last = std::min(range.last - l * right, right);
    for (index_t i = rows.first; i < rows.last; ++i)
      add_rows(terms.elements, (l * terms.rows + i) * right + first, terms.right.slice(first, last), terms.left.row(l),
               sums.cols, sums.row(i));
  }
}

void add_terms_float(const TensorTerms<float>& terms, Range rows, Range range, MatrixView<float> sums) {
  add_terms(terms, rows, range, sums);
}
void add_terms_double(const TensorTerms<double>& terms, Range rows, Range range, MatrixView<double> sums) {
  add_terms(terms, rows, range, sums);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(add_terms_float);
HWY_EXPORT(add_terms_double);

namespace {

template <class T>
void add_terms(const TensorTerms<T>& terms, Range rows, Range range, MatrixView<T> sums) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(add_terms_float)(terms, rows, range, sums);
  else
    HWY_DYNAMIC_DISPATCH(add_terms_double)(terms, rows, range, sums);
}

/// The Khatri-Rao product of a list; a list of one is the product itself, and an empty one has a row of ones.
template <class T>
class Product {
 public:
  Product(int threads, const FactorList<T>& factors, index_t k) {
    if (factors.count == 1) {
      view_ = factors.factors[0];
      return;
    }
    memory_ = Buffer<T>(factors.rows() * k);
    const MatrixView<T> all{memory_.data(), factors.rows(), k};
    if (factors.count > 1)
      khatri_rao(threads, factors, all);
    else
      std::fill(memory_.data(), memory_.data() + k, T{1});
    view_ = all;
  }
  MatrixView<const T> view() const { return view_; }

 private:
  Buffer<T> memory_;
  MatrixView<const T> view_;
};

/// How a sum over `terms` for each of `rows` rows is shared out: blocks of rows and, where those are few, parts of the
/// terms, whose sums are added in their order. By sizes alone, never by the number of threads.
struct Cut {
  static constexpr index_t kWanted = 64;
  index_t block_rows, blocks, parts, rows, terms;

  Cut(index_t row_count, index_t rows_of_block, index_t term_count, index_t fewest_terms)
      : block_rows(rows_of_block), blocks(block_count(row_count, rows_of_block)), rows(row_count), terms(term_count) {
    parts = std::clamp<index_t>(terms / fewest_terms, 1, std::max<index_t>(1, kWanted / blocks));
  }
  Range block(index_t n) const { return {n * block_rows, std::min(rows, (n + 1) * block_rows)}; }
  Range part(index_t n) const { return part_of(terms, parts, n); }
};

/// out = the sums that sum_block(scratch, rows, part, sums) writes to the rows of `sums` for each block and part of the
/// cut; every thread has the scratch that make_scratch() gives it.
template <class T, class MakeScratch, class SumBlock>
void sum_cut(int threads, const Cut& cut, MatrixView<T> out, MakeScratch&& make_scratch, SumBlock&& sum_block) {
  const index_t rows = cut.rows, k = out.cols;
  Buffer<T> memory((cut.parts - 1) * rows * k);
  const auto sums_of = [&](index_t part) {
    return part == 0 ? out : MatrixView<T>{memory.data() + (part - 1) * rows * k, rows, k};
  };
  for_blocks(threads, cut.blocks * cut.parts, make_scratch, [&](auto& scratch, index_t n) {
    const index_t part = n % cut.parts;
    sum_block(scratch, cut.block(n / cut.parts), cut.part(part), sums_of(part));
  });
  add_parts(threads, cut.parts, out, sums_of);
}

}  // namespace

// Blocks of rows (of the tensor's columns, where the left side is contracted) and parts of what is contracted.
template <class T>
void contract(int threads, const TensorContraction<T>& problem) {
  constexpr index_t kFewestTerms = 1024;
  const Cut cut(problem.out.rows, kContractionRows, problem.contracted(), kFewestTerms);
  sum_cut(
      threads, cut, problem.out, [&] { return Buffer<T>(contraction_scratch(problem)); },
      [&](Buffer<T>& scratch, Range rows, Range part, MatrixView<T> sums) {
        contract_block(problem, rows, part, sums, scratch.data());
      });
}

// Blocks of rows whose terms have some 2^16 elements, and parts of their terms.
template <class T>
void contract(int threads, const PartialContraction<T>& problem) {
  constexpr index_t kElements = 1 << 16, kFewestTerms = 256;
  const index_t k = problem.out.cols, rows = problem.out.rows;
  const Product<T> left(threads, problem.left_factors, k), right(threads, problem.right_factors, k);
  const TensorTerms<T> terms{problem.elements, rows, left.view(), right.view()};
  const index_t count = problem.left() * problem.right();
  const index_t fit = std::clamp<index_t>(kElements / k / count, 1, rows);
  sum_cut(
      threads, Cut(rows, fit, count, kFewestTerms), problem.out, [] { return 0; },
      [&](int, Range block, Range part, MatrixView<T> sums) {
        for (index_t i = block.first; i < block.last; ++i) std::fill_n(sums.row(i), k, T{0});
        add_terms(terms, block, part, sums);
      });
}

template <class T>
void mttkrp(int threads, const DenseMttkrp<T>& problem) {
  Buffer<T> memory;
  in_two_steps(
      problem,
      [&](index_t rows) {
        memory = Buffer<T>(detail::element_count(rows, problem.out.cols, sizeof(T)));
        return MatrixView<T>{memory.data(), rows, problem.out.cols};
      },
      [&](const auto& step) { contract(threads, step); });
}

template void contract(int, const TensorContraction<float>&);
template void contract(int, const TensorContraction<double>&);
template void contract(int, const PartialContraction<float>&);
template void contract(int, const PartialContraction<double>&);
template void mttkrp(int, const DenseMttkrp<float>&);
template void mttkrp(int, const DenseMttkrp<double>&);

}  // namespace seesaw::cpu
#endif
