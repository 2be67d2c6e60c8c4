#include "sgd_epoch.hpp"

namespace seesaw::reference {

template <class T>
void sgd_epoch(const SgdEpoch<T>& epoch, const std::vector<index_t>& strata) {
  const EntryGridView<T>& grid = epoch.grid;
  for (const index_t d : strata)
    for (offset_t e = grid.blocks[d * grid.size]; e < grid.blocks[(d + 1) * grid.size]; ++e) {
      T* const x = epoch.x.row(grid.row_indices[e]);
      T* const y = epoch.y.row(grid.column_indices[e]);
      T residual = grid.values[e];
      for (index_t f = 0; f < epoch.x.cols; ++f) residual -= x[f] * y[f];
      const T gain = epoch.gain(e) * residual;
      const T keep_x = epoch.keep_x(grid.row_indices[e]), keep_y = epoch.keep_y(grid.column_indices[e]);
      for (index_t f = 0; f < epoch.x.cols; ++f) {
        const T before = x[f];
        if (epoch.moves_x()) x[f] = keep_x * before + gain * y[f];
        if (epoch.moves_y()) y[f] = keep_y * y[f] + gain * before;
      }
    }
}

template void sgd_epoch(const SgdEpoch<float>&, const std::vector<index_t>&);
template void sgd_epoch(const SgdEpoch<double>&, const std::vector<index_t>&);

}  // namespace seesaw::reference
