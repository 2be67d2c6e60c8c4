#include "cpu/minimum_norm.hpp"
#include "cpu/row_scratch.hpp"
#include "solve_rows.hpp"

namespace seesaw::cpu {

// For each thread RowScratch: a panel of vectors, and systems up to a few KiB or at least one; and a singular row.
template <class T>
double solve_rows_workspace(int threads, const SolveRowsSize& size) {
  const Layout<T> layout(size.rank);
  const auto stride = static_cast<double>(layout.stride);
  const double system = static_cast<double>(layout.rows) * stride + 4 * stride;
  const double panel = static_cast<double>(panel_depth(layout)) * (stride + 1);
  constexpr double kTogether = 40000;  // bytes of the systems that are solved together, where one is smaller
  const double scratch = std::max(system * sizeof(T), kTogether) + panel * sizeof(T);
  return threads * (scratch + minimum_norm_workspace<T>(size));
}

template double solve_rows_workspace<float>(int, const SolveRowsSize&);
template double solve_rows_workspace<double>(int, const SolveRowsSize&);

}  // namespace seesaw::cpu
