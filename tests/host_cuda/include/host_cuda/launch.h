#pragma once
// The launch, typed as in the toolkit's C++ header.
#include <cstddef>
#include <functional>
#include <utility>

#include "host_cuda/runtime_api.h"
#include "host_cuda/vector_types.h"

namespace host_cuda {

/// Runs `thread` once for each thread of the grid, under every schedule set. Throws KernelError.
cudaError_t launch(const void* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, cudaStream_t stream,
                   const std::function<void()>& thread);

template <class... P, std::size_t... I>
void call(void (*kernel)(P...), [[maybe_unused]] void** arguments, std::index_sequence<I...>) {
  kernel(*static_cast<P*>(arguments[I])...);
}

}  // namespace host_cuda

template <class... P>
cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments,
                             std::size_t shared_bytes = 0, cudaStream_t stream = nullptr) {
  return host_cuda::launch(reinterpret_cast<const void*>(kernel), grid, block, shared_bytes, stream,
                           [=] { host_cuda::call(kernel, arguments, std::index_sequence_for<P...>{}); });
}
