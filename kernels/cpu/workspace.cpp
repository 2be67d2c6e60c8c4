#include <algorithm>

#include "cpu/minimum_norm.hpp"
#include "cpu/row_scratch.hpp"
#include "solve_rows.hpp"

namespace seesaw::cpu {

// For each thread RowScratch: a panel of vectors, one of transposed features, and systems up to some KiB or at least
// one, or as many small ones as are interleaved; a segment's sums, and a singular row. And the sum of the segments of a
// long row.
template <class T>
double solve_rows_workspace(int threads, const SolveRowsSize& size) {
  constexpr index_t kMostRank = index_t{1} << 40;  // its square is beyond any memory already, and nothing overflows
  const Layout<T> layout(std::min(size.rank, kMostRank));
  const auto stride = static_cast<double>(layout.stride);
  const double system = static_cast<double>(layout.rows) * stride + 4 * stride;
  const double panels = static_cast<double>(panel_depth(layout) + RowScratch<T>::kFeatures + 5) * stride;
  const index_t small = std::min(size.rank, kMostInterleaved);
  const auto interleaved =
      static_cast<double>(Batch<T>::kMostLanes * System<T>::size(Layout<T>(small)) + Batch<T>::memory_size(small));
  const double scratch = std::max(2 * system * sizeof(T), double{kSystemBytes}) + (interleaved + panels) * sizeof(T);
  return threads * (scratch + minimum_norm_workspace<T>(size)) + system * sizeof(T);
}

template double solve_rows_workspace<float>(int, const SolveRowsSize&);
template double solve_rows_workspace<double>(int, const SolveRowsSize&);

}  // namespace seesaw::cpu
