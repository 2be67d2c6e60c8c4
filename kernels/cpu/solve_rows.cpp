#include "solve_rows.hpp"

#include <cmath>

#include "cpu/minimum_norm.hpp"
#include "cpu/parallel.hpp"
#include "cpu/row_forms.hpp"
#include "cpu/row_scratch.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/solve_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/interleaved-inl.hpp"
#include "cpu/rows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// The entries first to first + count - 1, with what they bring to A and b.
template <class T>
Entries<T> entries_of(const SolveRows<T>& problem, offset_t first, index_t count, RowScratch<T>& scratch) {
  const CsrView<T>& ratings = problem.ratings;
  T *roots = scratch.roots.data(), *coefficients = scratch.coefficients.data();
  for (index_t p = 0; p < count; ++p) {
    const T value = ratings.values[first + p], given = ratings.weights != nullptr ? ratings.weights[first + p] : T{1};
    roots[p] = std::sqrt(problem.shared.weight(value, given));
    coefficients[p] = problem.shared.coefficient(value, given);
  }
  return {problem.y, ratings.columns + first, roots, coefficients, count};
}

/// Phase 3: adds part(f) to element f of the diagonal.
template <class T, class Part>
void add_to_diagonal(const Layout<T>& layout, System<T>& system, Part part) {
  T largest = 0;
  for (index_t f = 0; f < layout.rank; ++f) {
    T& diagonal = system.a[f * layout.stride + f];
    diagonal += part(f);
    largest = std::max(largest, diagonal);
  }
  pad_diagonal(layout, largest, system);
  system.threshold = singular_threshold(layout.rank, largest);
}

/// What phase 4 found for one row: elements of x `step` numbers apart.
template <class T>
struct Solution {
  const T* x;
  index_t step;
  bool positive;  ///< otherwise the system is singular and x means nothing
};

/// Whether as many systems wait as are solved together.
template <class T>
bool full(const Layout<T>& layout, const RowScratch<T>& scratch) {
  const auto waiting = static_cast<index_t>(scratch.systems.size());
  return waiting == (is_interleaved(layout) ? lanes<T>() : scratch.together());
}

/// Phase 4 for the systems that wait, interleaved ones padded to `size`. Calls result(row, solution) for each that is
/// not singular.
template <class T, class Result>
void factor_and_solve(const Layout<T>& layout, index_t size, RowScratch<T>& scratch, Result&& result) {
  const auto count = static_cast<index_t>(scratch.systems.size());
  const Batch<T>& batch = scratch.batch;
  const bool interleaved = is_interleaved(layout);
  if (count == 0) return;
  if (interleaved) {
    interleave(layout, size, scratch.systems.data(), count, batch);
    solve_interleaved(batch, size);
  } else {
    factor(layout, scratch.systems.data(), count);
    back_substitute(layout, scratch.systems.data(), count);
  }
  for (std::size_t s = 0; s < scratch.rows.size(); ++s) {
    const System<T>& system = scratch.systems[s];
    const auto solution = interleaved ? Solution<T>{batch.x + s, lanes<T>(), batch.positive[s] != 0}
                                      : Solution<T>{system.x, 1, system.positive};
    if (solution.positive)
      result(scratch.rows[s], solution);
    else
      scratch.singular.push_back(scratch.rows[s]);
  }
  scratch.rows.clear();
  scratch.systems.clear();
}

// The primal form, k x k.

/// Phases 1 and 2 for the entries first to last - 1, in panels of the same depth but for one vector; the next entries
/// to be gathered are those from `next` to next_end - 1.
template <class T>
void accumulate(const SolveRows<T>& problem, offset_t first, offset_t last, offset_t next, offset_t next_end,
                RowScratch<T>& scratch, Ahead<T>& ahead, System<T>& system) {
  const Layout<T>& layout = scratch.layout;
  const index_t panels = (last - first + scratch.depth - 1) / scratch.depth;
  std::fill(system.b, system.b + layout.width, T{0});
  for (index_t n = 0; n < panels; ++n) {
    const offset_t begin = first + (last - first) * n / panels, end = first + (last - first) * (n + 1) / panels;
    const auto entries = entries_of(problem, begin, end - begin, scratch);
    gather<true>(entries, scratch.panel.data(), layout.stride, system.b);
    if (n + 1 < panels)
      ahead.want(end, std::min(end + scratch.depth, last));
    else
      ahead.want(next, next_end);
    if (n == 0)
      update_rows<Update::set>(scratch.panel.data(), layout.stride, entries.count, 0, layout.rows, layout, system.a,
                               ahead);
    else
      update_rows<Update::add>(scratch.panel.data(), layout.stride, entries.count, 0, layout.rows, layout, system.a,
                               ahead);
  }
}

/// Phase 3.
template <class T>
void add_penalty(const SolveRows<T>& problem, index_t i, const Layout<T>& layout, System<T>& system) {
  const T ridge = problem.ridge(i);
  add_to_diagonal(layout, system, [&](index_t f) { return problem.diagonal(ridge, f); });
}

/// Phase 4 for the primal systems that wait.
template <class T>
void solve_primal_systems(const SolveRows<T>& problem, RowScratch<T>& scratch) {
  const index_t size = (scratch.layout.rank + kSide - 1) / kSide * kSide;
  factor_and_solve(scratch.layout, size, scratch, [&](index_t i, const Solution<T>& solution) {
    T* x = problem.x.row(i);
    for (index_t f = 0; f < problem.x.cols; ++f) x[f] = solution.x[f * solution.step];
  });
}

template <class T>
void solve_primal(const SolveRows<T>& problem, RowScratch<T>& scratch, Ahead<T>& ahead) {
  const offset_t* offsets = problem.ratings.offsets;
  for (std::size_t n = 0; n < scratch.primal.size(); ++n) {
    const index_t i = scratch.primal[n];
    const index_t next = n + 1 < scratch.primal.size() ? scratch.primal[n + 1] : i;
    System<T>& system = scratch.next_system(scratch.layout, i);
    accumulate(problem, offsets[i], offsets[i + 1], offsets[next],
               std::min(offsets[next + 1], offsets[next] + scratch.depth), scratch, ahead, system);
    add_penalty(problem, i, scratch.layout, system);
    if (full(scratch.layout, scratch)) solve_primal_systems(problem, scratch);
  }
  solve_primal_systems(problem, scratch);
}

// The dual form, n_i x n_i: x = Y_i' C^1/2 z with (C^1/2 Y_i Y_i' C^1/2 + lambda w_i I) z = C^1/2 a_i. With implicit
// feedback, D the diagonal of kernels/solve_rows.hpp, W = C - unobserved I and u = unobserved * the sum of the vectors,
// by Woodbury's formula: x = D^-1 (u + Y_i' W^1/2 z) with (W^1/2 Y_i D^-1 Y_i' W^1/2 + I) z = W^1/2 (1 - Y_i D^-1 u).

/// D^-1/2 in scratch.scale; null where D = I.
template <class T>
const T* feature_scale(const SolveRows<T>& problem, index_t i, RowScratch<T>& scratch) {
  const T ridge = problem.ridge(i);
  if (!problem.implicit() || ridge == 0) return nullptr;
  for (index_t f = 0; f < problem.y.cols; ++f) scratch.scale.data()[f] = 1 / std::sqrt(problem.diagonal(ridge, f));
  return scratch.scale.data();
}

/// D^-1 sum coefficient * y_j, the coefficients as they stand in the scratch, in scratch.vector.
template <class T>
const T* combine(const Entries<T>& entries, const T* scale, RowScratch<T>& scratch) {
  T* sum = scratch.vector.data();
  std::fill(sum, sum + scratch.layout.width, T{0});
  gather<false>(entries, static_cast<T*>(nullptr), 0, sum);
  for (index_t f = 0; scale != nullptr && f < entries.y.cols; ++f) sum[f] *= scale[f] * scale[f];
  return sum;
}

/// The right-hand side of the dual system.
template <class T>
void dual_right_hand_side(const SolveRows<T>& problem, const Entries<T>& entries, offset_t first, const T* scale,
                          RowScratch<T>& scratch, T* b) {
  if (!problem.implicit()) {
    for (index_t p = 0; p < entries.count; ++p) b[p] = entries.roots[p] * problem.ratings.values[first + p];
    return;
  }
  std::fill_n(scratch.coefficients.data(), entries.count, problem.shared.unobserved);
  const T* u = combine(entries, scale, scratch);
  for (index_t p = 0; p < entries.count; ++p)
    b[p] = entries.roots[p] * (1 - dot(entries.y.row(entries.columns[p]), u, entries.y.cols));
}

/// Phases 1 to 3.
template <class T>
void accumulate_dual(const SolveRows<T>& problem, index_t i, const Layout<T>& layout, RowScratch<T>& scratch,
                     Ahead<T>& ahead, System<T>& system) {
  const index_t k = problem.y.cols, count = layout.rank;
  const offset_t first = problem.ratings.offsets[i];
  const auto entries = entries_of(problem, first, count, scratch);
  const T* scale = feature_scale(problem, i, scratch);
  for (index_t f = 0; f < k; f += scratch.kFeatures) {
    const index_t last = std::min(f + scratch.kFeatures, k);
    T* panel = scratch.transposed.data();
    gather_transposed(entries, f, last, scratch.none.data(), scale, layout.width, layout.stride, panel);
    if (f == 0)
      update_rows<Update::set>(panel, layout.stride, last - f, 0, layout.rows, layout, system.a, ahead);
    else
      update_rows<Update::add>(panel, layout.stride, last - f, 0, layout.rows, layout, system.a, ahead);
  }
  dual_right_hand_side(problem, entries, first, scale, scratch, system.b);
  std::fill(system.b + count, system.b + layout.width, T{0});
  const T ridge = problem.implicit() ? T{1} : problem.ridge(i);
  add_to_diagonal(layout, system, [&](index_t) { return ridge; });
}

/// Phase 4 for the dual systems that wait.
template <class T>
void solve_dual_systems(const SolveRows<T>& problem, const Layout<T>& layout, RowScratch<T>& scratch) {
  factor_and_solve(layout, layout.rows, scratch, [&](index_t i, const Solution<T>& solution) {
    const offset_t first = problem.ratings.offsets[i];
    Entries<T> entries = entries_of(problem, first, problem.ratings.offsets[i + 1] - first, scratch);
    const T shared = problem.implicit() ? problem.shared.unobserved : T{0};
    for (index_t p = 0; p < entries.count; ++p)
      scratch.coefficients.data()[p] = entries.roots[p] * solution.x[p * solution.step] + shared;
    const T* x = combine(entries, feature_scale(problem, i, scratch), scratch);
    std::copy(x, x + problem.x.cols, problem.x.row(i));
  });
}

/// Rows of the same padded length together.
template <class T>
void solve_dual(const SolveRows<T>& problem, RowScratch<T>& scratch, Ahead<T>& ahead) {
  const offset_t* offsets = problem.ratings.offsets;
  const auto layout_of = [&](index_t i) { return Layout<T>(offsets[i + 1] - offsets[i]); };
  std::vector<index_t>& rows = scratch.dual;
  std::stable_sort(rows.begin(), rows.end(),
                   [&](index_t i, index_t j) { return layout_of(i).rows < layout_of(j).rows; });
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const Layout<T> layout = layout_of(rows[n]);
    System<T>& system = scratch.next_system(layout, rows[n]);
    const bool more = n + 1 < rows.size();
    if (more) ahead.want(offsets[rows[n + 1]], offsets[rows[n + 1] + 1]);
    accumulate_dual(problem, rows[n], layout, scratch, ahead, system);
    if (full(layout, scratch) || !more || layout_of(rows[n + 1]).rows != layout.rows)
      solve_dual_systems(problem, layout, scratch);
  }
}

template <class T>
void solve_block(const SolveRows<T>& problem, index_t first, index_t last, RowScratch<T>& scratch) {
  scratch.primal.clear();
  scratch.dual.clear();
  const index_t longest_dual = longest_dual_row<T>(problem.y.cols);
  for (index_t i = first; i < last; ++i) {
    switch (form_of(problem, i, longest_dual)) {
      case Form::empty:
        std::fill(problem.x.row(i), problem.x.row(i) + problem.x.cols, T{0});
        break;
      case Form::singular:
        scratch.singular.push_back(i);
        break;
      case Form::dual:
        scratch.dual.push_back(i);
        break;
      case Form::primal:
        if (problem.entries(i) <= kSegment) scratch.primal.push_back(i);  // solve_long_row() does the others
        break;
    }
  }
  Ahead<T> ahead(problem);
  solve_dual(problem, scratch, ahead);
  solve_primal(problem, scratch, ahead);
}

/// A and b over the entries first to last - 1 of a long row, in `memory` for a primal system.
template <class T>
void sum_segment(const SolveRows<T>& problem, offset_t first, offset_t last, RowScratch<T>& scratch, T* memory) {
  System<T> system(scratch.layout, memory);
  Ahead<T> ahead(problem);
  accumulate(problem, first, last, last, last, scratch, ahead, system);
}

/// Phases 3 and 4 of a long row whose A and b stand in `memory`.
template <class T>
void solve_sum(const SolveRows<T>& problem, index_t i, RowScratch<T>& scratch, T* memory) {
  scratch.rows.push_back(i);
  add_penalty(problem, i, scratch.layout, scratch.systems.emplace_back(scratch.layout, memory));
  solve_primal_systems(problem, scratch);
}

RowOperations<float> operations_float() { return {solve_block<float>, sum_segment<float>, solve_sum<float>}; }
RowOperations<double> operations_double() { return {solve_block<double>, sum_segment<double>, solve_sum<double>}; }

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(operations_float);
HWY_EXPORT(operations_double);

namespace {

RowOperations<float> operations(float) { return HWY_DYNAMIC_DISPATCH(operations_float)(); }
RowOperations<double> operations(double) { return HWY_DYNAMIC_DISPATCH(operations_double)(); }

/// Row i, its segments summed by as many threads as there are: their bounds and the order in which the sums are added
/// are the same for any number. Returns whether it was singular.
template <class T>
bool solve_long_row(int threads, const SolveRows<T>& problem, index_t i) {
  const RowOperations<T> run = operations(T{});
  const offset_t first = problem.ratings.offsets[i], last = problem.ratings.offsets[i + 1];
  const index_t segments = block_count(last - first, kSegment);
  const index_t size = System<T>::size(Layout<T>(problem.y.cols));
  Buffer<T> sums = zeros<T>(std::min<index_t>(segments, threads) * size);
  Buffer<T> total = zeros<T>(size);
  for (index_t done = 0; done < segments; done += threads) {
    const index_t now = std::min<index_t>(threads, segments - done);
    for_blocks(
        threads, now, [&] { return RowScratch<T>(problem.y.cols); },
        [&](RowScratch<T>& scratch, index_t n) {
          const offset_t begin = first + (done + n) * kSegment;
          run.sum_segment(problem, begin, std::min(begin + kSegment, last), scratch, sums.data() + n * size);
        });
    for (index_t n = 0; n < now; ++n)
      for (index_t element = 0; element < size; ++element) total.data()[element] += sums.data()[n * size + element];
  }
  RowScratch<T> scratch(problem.y.cols);
  run.solve_sum(problem, i, scratch, total.data());
  for (const index_t singular : scratch.singular) solve_by_minimum_norm(problem, singular);
  return !scratch.singular.empty();
}

/// How many rows a thread takes at a time: few enough for every thread to come several times, and whole batches of
/// systems, unless these cost little beside the entries of the rows.
template <class T>
index_t rows_in_block(int threads, const SolveRows<T>& problem) {
  constexpr index_t kMostRows = 512, kBlocksPerThread = 8, kLanes = Batch<T>::kMostLanes;
  const index_t rows = problem.ratings.rows, k = problem.y.cols;
  const index_t block = std::clamp<index_t>(rows / (threads * kBlocksPerThread), 1, kMostRows);
  const bool whole = k <= kMostInterleaved && problem.ratings.entries <= 16 * k * rows;
  return whole ? block_count(block, kLanes) * kLanes : block;
}

}  // namespace

// Threads take blocks of rows as they come; a row is solved by one thread, in the same way whichever it is. Only a very
// long row is cut into segments, which the threads share.
//   1. gather      a panel of vectors y_j, side by side; in the dual form, transposed
//   2. accumulate  register tiles of A over the panel, and b
//   3. penalty     on the diagonal
//   4. factor and solve; where A is singular, minimum norm
template <class T>
void solve_rows(int threads, const SolveRows<T>& problem) {
  const index_t rows = problem.ratings.rows, block_rows = rows_in_block(threads, problem);
  const index_t longest_dual = longest_dual_row<T>(problem.y.cols);
  const RowOperations<T> run = operations(T{});
  std::int64_t singular = 0;
  for (index_t i = 0; i < rows; ++i)
    if (problem.entries(i) > kSegment && form_of(problem, i, longest_dual) == Form::primal &&
        solve_long_row(threads, problem, i))
      ++singular;
  for_blocks(
      threads, block_count(rows, block_rows), [&] { return RowScratch<T>(problem.y.cols); },
      [&](RowScratch<T>& scratch, index_t block) {
        scratch.singular.clear();
        run.solve_block(problem, block * block_rows, std::min(rows, (block + 1) * block_rows), scratch);
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
