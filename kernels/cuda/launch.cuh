#pragma once
// The host side of every kernel: launch() and check(). Nothing else launches.
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cusolverDn.h>

#include <algorithm>
#include <cstddef>
#include <source_location>
#include <string>
#include <type_traits>

#include "seesaw/errors.hpp"
#include "seesaw/masked_gradient.hpp"
#include "seesaw/matrix.hpp"
#include "seesaw/sparse.hpp"

#ifdef SEESAW_HOST_CUDA
#include "host_cuda/host_cuda.hpp"
#endif

namespace seesaw::cuda {

/// Throws OutOfMemory where device memory ran out and CudaError for any other failure of `what`, and clears the
/// runtime's record of it: the application must not find it there.
inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();
  const std::string message =
      std::string(what) + ": " + cudaGetErrorName(status) + " (" + cudaGetErrorString(status) + ")";
  if (status == cudaErrorMemoryAllocation) throw OutOfMemory(message);
  throw CudaError(message);
}

inline void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  const std::string message = std::string(what) + ": " + cublasGetStatusName(status);
  if (status == CUBLAS_STATUS_ALLOC_FAILED) throw OutOfMemory(message);
  throw CudaError(message);
}

inline void check(cusolverStatus_t status, const char* what) {
  if (status == CUSOLVER_STATUS_SUCCESS) return;
  const std::string message = std::string(what) + ": cuSOLVER status " + std::to_string(static_cast<int>(status));
  if (status == CUSOLVER_STATUS_ALLOC_FAILED) throw OutOfMemory(message);
  throw CudaError(message);
}

/// Blocks in each direction, 64-bit so that a count too large is refused rather than cut; and who launches them.
struct Grid {
  index_t x;
  index_t y;
  index_t z;
  std::source_location site;

  Grid(index_t gx, index_t gy = 1, index_t gz = 1, std::source_location launch_site = std::source_location::current())
      : x(gx), y(gy), z(gz), site(launch_site) {}
};

namespace detail {

inline constexpr index_t kMaxGridX = 2147483647;
inline constexpr index_t kMaxGridYZ = 65535;
inline constexpr index_t kMaxBlock = 1024;
inline constexpr std::size_t kSharedWithoutAsking = std::size_t{48} << 10;

inline std::string at(const Grid& grid) {
  return std::string("launch at ") + grid.site.file_name() + ":" + std::to_string(grid.site.line());
}

inline void check_shape(const Grid& grid, dim3 block) {
  if (grid.x < 0 || grid.x > kMaxGridX || grid.y < 0 || grid.y > kMaxGridYZ || grid.z < 0 || grid.z > kMaxGridYZ)
    throw CudaError(at(grid) + ": grid of " + std::to_string(grid.x) + " x " + std::to_string(grid.y) + " x " +
                    std::to_string(grid.z) + " blocks, expected at most 2147483647 x 65535 x 65535");
  const index_t threads = index_t{block.x} * index_t{std::min(block.y, 1025u)} * index_t{std::min(block.z, 1025u)};
  if (threads < 1 || threads > kMaxBlock)
    throw CudaError(at(grid) + ": block of " + std::to_string(block.x) + " x " + std::to_string(block.y) + " x " +
                    std::to_string(block.z) + " threads, expected 1 to 1024");
}

/// Throws unless `bytes` from `pointer` on are device memory. Known in the tests over host_cuda only: asking the
/// driver would cost more than the launch.
inline void require_device(const Grid& grid, int argument, [[maybe_unused]] const volatile void* pointer,
                           [[maybe_unused]] index_t bytes) {
#ifdef SEESAW_HOST_CUDA
  const auto extent = static_cast<index_t>(host_cuda::device_extent(const_cast<const void*>(pointer)));
  if (extent == 0)
    throw CudaError(at(grid) + ": argument " + std::to_string(argument) + " does not point to device memory");
  if (extent < bytes)
    throw CudaError(at(grid) + ": argument " + std::to_string(argument) + " spans " + std::to_string(bytes) +
                    " bytes, of which " + std::to_string(extent) + " are allocated");
#else
  (void)grid, (void)argument;
#endif
}

// What a kernel may be given: scalars, pointers and views. Null pointers and views without elements pass.

template <class T>
void check_argument(const Grid& grid, int argument, T* const& pointer) {
  if (pointer != nullptr) require_device(grid, argument, pointer, 1);
}

template <class T>
void check_argument(const Grid& grid, int argument, const MatrixView<T>& a) {
  if (!a.empty())
    require_device(grid, argument, a.data, ((a.rows - 1) * a.stride + a.cols) * static_cast<index_t>(sizeof(T)));
}

template <class T>
void check_argument(const Grid& grid, int argument, const CsrView<T>& a) {
  if (a.rows > 0) require_device(grid, argument, a.offsets, (a.rows + 1) * static_cast<index_t>(sizeof(offset_t)));
  if (a.entries == 0) return;
  // Where the first entry stands, offsets[0] says, on the device.
  require_device(grid, argument, a.columns, a.entries * static_cast<index_t>(sizeof(column_t)));
  const index_t bytes = a.entries * static_cast<index_t>(sizeof(T));
  if (a.values != nullptr) require_device(grid, argument, a.values, bytes);
  if (a.weights != nullptr) require_device(grid, argument, a.weights, bytes);
}

template <class T>
void check_argument(const Grid& grid, int argument, const SparseTensorView<T>& a) {
  if (a.entries == 0) return;
  for (int mode = 0; mode < a.order; ++mode)
    require_device(grid, argument, a.indices[static_cast<std::size_t>(mode)],
                   a.entries * static_cast<index_t>(sizeof(column_t)));
  require_device(grid, argument, a.values, a.entries * static_cast<index_t>(sizeof(T)));
  if (a.weights != nullptr) require_device(grid, argument, a.weights, a.entries * static_cast<index_t>(sizeof(T)));
}

template <class T>
void check_argument(const Grid& grid, int argument, const ModeView<T>& a) {
  const index_t rows = a.shape[static_cast<std::size_t>(a.mode)];
  require_device(grid, argument, a.offsets, (rows + 1) * static_cast<index_t>(sizeof(offset_t)));
  if (a.entries == 0) return;
  for (int mode = 0; mode < a.order; ++mode)
    if (mode != a.mode)
      require_device(grid, argument, a.indices[static_cast<std::size_t>(mode)],
                     a.entries * static_cast<index_t>(sizeof(column_t)));
  require_device(grid, argument, a.values, a.entries * static_cast<index_t>(sizeof(T)));
  if (a.weights != nullptr) require_device(grid, argument, a.weights, a.entries * static_cast<index_t>(sizeof(T)));
}

struct Visitor {
  template <class Part>
  void operator()(const Part&) const {}
};

template <class T>
void check_argument(const Grid& grid, int argument, const T& value) {
  if constexpr (requires { value.visit(Visitor{}); })  // a struct that shows what in it points into memory
    value.visit([&](const auto& part) { check_argument(grid, argument, part); });
  else
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>, "a kernel takes scalars, pointers and views");
}

}  // namespace detail

/// Enqueues `kernel` on `stream`: grid of blocks of threads, `shared_bytes` of dynamic shared memory to each block. An
/// empty grid does nothing. Arguments convert at the call, as in one of `kernel` itself. Throws CudaError.
template <class... P>
void launch(void (*kernel)(P...), const Grid& grid, dim3 block, std::size_t shared_bytes, cudaStream_t stream,
            std::type_identity_t<P>... arguments) {
  detail::check_shape(grid, block);
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  int argument = 0;
  (detail::check_argument(grid, ++argument, arguments), ...);

  const std::string what = detail::at(grid);
  if (shared_bytes > detail::kSharedWithoutAsking)
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)),
          what.c_str());
  void* addresses[] = {const_cast<void*>(static_cast<const void*>(&arguments))..., nullptr};
  const dim3 blocks(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y), static_cast<unsigned>(grid.z));
  // Its own status, not cudaGetLastError: an error that the application left there is not of this launch.
  check(cudaLaunchKernel(kernel, blocks, block, addresses, shared_bytes, stream), what.c_str());
}

}  // namespace seesaw::cuda
