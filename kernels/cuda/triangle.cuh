#pragma once
#include "device.cuh"

namespace seesaw::cuda {

/// The tile of number t of a lower triangle, row by row: its row and its column.
struct TriangleTile {
  index_t row = 0;
  index_t column = 0;

  __device__ explicit TriangleTile(index_t t) {
    while ((row + 1) * (row + 2) / 2 <= t) ++row;
    column = t - row * (row + 1) / 2;
  }
};

}  // namespace seesaw::cuda
