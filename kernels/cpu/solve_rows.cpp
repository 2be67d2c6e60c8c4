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
void accumulate(const SolveRows<T>& problem, offset_t first, offset_t last, RowScratch<T>& scratch,
                const System<T>& system) {
  const CsrView<T> ratings = problem.ratings;
  const MatrixView<const T> y = problem.y;
  const Layout<T>& layout = scratch.layout;
  const index_t stride = layout.stride;
  T *panel = scratch.panel.data(), *values = scratch.values.data();
  for (offset_t e = first; e < last; e += scratch.depth) {
    const index_t depth = std::min(scratch.depth, last - e);
    for (index_t p = 0; p < depth; ++p) {
      const T root = ratings.weights != nullptr ? std::sqrt(ratings.weights[e + p]) : T{1};
      values[p] = root * ratings.values[e + p];
      copy_vector(y.row(ratings.columns[e + p]), root, y.cols, panel + p * stride);
    }
    if (e == first) {
      update_rows<Update::set>(panel, stride, depth, 0, layout.rows, layout, system.a);
      combine_rows<Update::set>(panel, values, depth, layout, system.b);
    } else {
      update_rows<Update::add>(panel, stride, depth, 0, layout.rows, layout, system.a);
      combine_rows<Update::add>(panel, values, depth, layout, system.b);
    }
  }
}

// Phase 3. The padding of the matrix becomes that of the identity.
template <class T>
void add_penalty(T ridge, const Layout<T>& layout, System<T>& system) {
  T largest = 0;
  for (index_t f = 0; f < layout.rank; ++f) {
    T& diagonal = system.a[f * layout.stride + f];
    diagonal += ridge;
    largest = std::max(largest, diagonal);
  }
  for (index_t f = layout.rank; f < layout.rows; ++f) system.a[f * layout.stride + f] = 1;
  system.threshold = singular_threshold(layout.rank, largest);
  system.positive = true;
}

// Phase 4 for the systems that wait.
template <class T>
void solve_waiting(const SolveRows<T>& problem, RowScratch<T>& scratch) {
  const auto count = static_cast<index_t>(scratch.rows.size());
  factor(scratch.layout, scratch.systems.data(), count);
  back_substitute(scratch.layout, scratch.systems.data(), count);
  for (std::size_t s = 0; s < scratch.rows.size(); ++s) {
    const System<T>& system = scratch.systems[s];
    if (system.positive)
      std::copy(system.x, system.x + problem.x.cols, problem.x.row(scratch.rows[s]));
    else
      scratch.singular.push_back(scratch.rows[s]);
  }
  scratch.rows.clear();
}

template <class T>
void solve_block(const SolveRows<T>& problem, index_t first, index_t last, RowScratch<T>& scratch) {
  const offset_t* offsets = problem.ratings.offsets;
  for (index_t i = first; i < last; ++i) {
    const T ridge = ridge_of(problem, i);
    if (offsets[i] == offsets[i + 1]) {
      std::fill(problem.x.row(i), problem.x.row(i) + problem.x.cols, T{0});
    } else if (ridge == 0 && offsets[i + 1] - offsets[i] < problem.x.cols) {
      // Singular whatever the entries: the rounding of a pivot that should be 0 could pass the threshold.
      scratch.singular.push_back(i);
    } else {
      System<T>& system = scratch.systems[scratch.rows.size()];
      accumulate(problem, offsets[i], offsets[i + 1], scratch, system);
      add_penalty(ridge, scratch.layout, system);
      scratch.rows.push_back(i);
      if (scratch.rows.size() == scratch.systems.size()) solve_waiting(problem, scratch);
    }
  }
  solve_waiting(problem, scratch);
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
