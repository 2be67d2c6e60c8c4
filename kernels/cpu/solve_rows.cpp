#include "solve_rows.hpp"

#include <cmath>

#include "cpu/minimum_norm.hpp"
#include "cpu/parallel.hpp"
#include "cpu/row_scratch.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/solve_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/dense-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

// Phases 1 and 2 for the entries first to last - 1: a panel of vectors, copied side by side, is read from the L1 cache
// by every tile of the matrix.
template <class T>
void accumulate(const SolveRows<T>& problem, offset_t first, offset_t last, RowScratch<T>& scratch) {
  const CsrView<T>& ratings = problem.ratings;
  const Layout<T>& layout = scratch.layout;
  for (offset_t e = first; e < last; e += scratch.depth) {
    const index_t depth = std::min(scratch.depth, last - e);
    for (index_t p = 0; p < depth; ++p) {
      const T root = ratings.weights != nullptr ? std::sqrt(ratings.weights[e + p]) : T{1};
      scratch.values.data()[p] = root * ratings.values[e + p];
      copy_vector(problem.y.row(ratings.columns[e + p]), root, layout, scratch.panel.data() + p * layout.stride);
    }
    const T* panel = scratch.panel.data();
    if (e == first) {
      update_rows<Update::set>(panel, layout.stride, depth, 0, layout.rows, layout, scratch.a.data());
      combine_rows<Update::set>(panel, scratch.values.data(), depth, layout, scratch.b.data());
    } else {
      update_rows<Update::add>(panel, layout.stride, depth, 0, layout.rows, layout, scratch.a.data());
      combine_rows<Update::add>(panel, scratch.values.data(), depth, layout, scratch.b.data());
    }
  }
}

// Phases 3 and 4. The padding of the matrix becomes that of the identity.
template <class T>
bool factor_and_solve(T ridge, RowScratch<T>& scratch) {
  const Layout<T>& layout = scratch.layout;
  T* a = scratch.a.data();
  T largest = 0;
  for (index_t f = 0; f < layout.rank; ++f) {
    a[f * layout.stride + f] += ridge;
    largest = std::max(largest, a[f * layout.stride + f]);
  }
  for (index_t f = layout.rank; f < layout.rows; ++f) a[f * layout.stride + f] = 1;
  return factor(layout, singular_threshold(layout.rank, largest), a, scratch.b.data(), scratch.z.data(),
                scratch.scale.data());
}

template <class T>
void solve_block(const SolveRows<T>& problem, index_t first, index_t last, RowScratch<T>& scratch) {
  const offset_t* offsets = problem.ratings.offsets;
  for (index_t i = first; i < last; ++i) {
    T* x = problem.x.row(i);
    if (offsets[i] == offsets[i + 1]) {
      std::fill(x, x + problem.x.cols, T{0});
      continue;
    }
    const T ridge = ridge_of(problem, i);
    // The rounding of a pivot that should be 0 can pass the threshold: too few entries need no factorization to tell.
    const bool too_few = ridge == 0 && offsets[i + 1] - offsets[i] < problem.x.cols;
    if (!too_few) accumulate(problem, offsets[i], offsets[i + 1], scratch);
    if (too_few || !factor_and_solve(ridge, scratch)) {
      scratch.singular.push_back(i);
      continue;
    }
    back_substitute(scratch.layout, scratch.a.data(), scratch.z.data(), scratch.scale.data(), scratch.x.data());
    std::copy(scratch.x.data(), scratch.x.data() + problem.x.cols, x);
  }
}

void solve_block_float(const SolveRows<float>& problem, index_t first, index_t last, RowScratch<float>& scratch) {
  solve_block(problem, first, last, scratch);
}
void solve_block_double(const SolveRows<double>& problem, index_t first, index_t last, RowScratch<double>& scratch) {
  solve_block(problem, first, last, scratch);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(solve_block_float);
HWY_EXPORT(solve_block_double);

namespace {

void solve_block(const SolveRows<float>& problem, index_t first, index_t last, RowScratch<float>& scratch) {
  HWY_DYNAMIC_DISPATCH(solve_block_float)(problem, first, last, scratch);
}
void solve_block(const SolveRows<double>& problem, index_t first, index_t last, RowScratch<double>& scratch) {
  HWY_DYNAMIC_DISPATCH(solve_block_double)(problem, first, last, scratch);
}

}  // namespace

// Threads take blocks of rows as they come; every row is solved by one thread, in the same way whichever it is.
//   1. gather      a panel of vectors y_j, side by side
//   2. accumulate  register tiles of A over the panel, and b
//   3. penalty     on the diagonal
//   4. factor and solve; where A is singular, minimum norm
template <class T>
void solve_rows(int threads, const SolveRows<T>& problem) {
  constexpr index_t kRows = 32;
  const index_t rows = problem.ratings.rows;
  std::int64_t singular = 0;
  for_blocks(
      threads, block_count(rows, kRows), [&] { return RowScratch<T>(problem.y.cols); },
      [&](RowScratch<T>& scratch, index_t block) {
        scratch.singular.clear();
        solve_block(problem, block * kRows, std::min(rows, (block + 1) * kRows), scratch);
        for (const index_t i : scratch.singular) solve_by_minimum_norm(problem, i);
        const auto found = static_cast<std::int64_t>(scratch.singular.size());
#pragma omp atomic
        singular += found;
      });
  if (problem.singular_rows != nullptr) *problem.singular_rows = singular;
}

template void solve_rows(int, const SolveRows<float>&);
template void solve_rows(int, const SolveRows<double>&);

}  // namespace seesaw::cpu
#endif
