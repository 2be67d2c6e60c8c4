#pragma once
#include <cuda_runtime.h>

#include "seesaw/types.hpp"

namespace seesaw::cuda {

/// The row of entry e of a matrix in compressed rows, known to lie in low..high: the last of them that begins at or
/// before it. `low` where none does.
__device__ inline index_t row_of_entry(const offset_t* offsets, offset_t e, index_t low, index_t high) {
  while (low < high) {
    const index_t middle = low + (high - low + 1) / 2;
    if (offsets[middle] <= e)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

}  // namespace seesaw::cuda
