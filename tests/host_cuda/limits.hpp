#pragma once
#include <cstddef>

namespace host_cuda {

inline constexpr std::size_t kSharedMemory = std::size_t{48} << 10;        // a block's, unless it asks for more
inline constexpr std::size_t kSharedMemoryOptin = std::size_t{227} << 10;  // compute capability 9.0

}  // namespace host_cuda
