#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "state.hpp"

namespace host_cuda {

/// Whether a column-major rows x cols matrix with leading dimension `ld` lies in one live allocation of device memory.
/// One without elements may be anywhere.
template <class T>
bool valid_matrix(const T* a, std::int64_t rows, std::int64_t cols, std::int64_t ld) {
  if (rows < 0 || cols < 0 || ld < std::max<std::int64_t>(rows, 1)) return false;
  if (rows == 0 || cols == 0) return true;
  return on_device(a, static_cast<std::size_t>((cols - 1) * ld + rows) * sizeof(T));
}

}  // namespace host_cuda
