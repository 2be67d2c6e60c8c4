#pragma once
#include <new>
#include <type_traits>

#include "seesaw/context.hpp"
#include "seesaw/errors.hpp"

namespace seesaw {

#ifdef SEESAW_HAS_CUDA
inline constexpr bool kCudaBuilt = true;
#else
inline constexpr bool kCudaBuilt = false;
#endif

/// Runs the implementation that the context asks for. Where CUDA is not built no cuda context exists, and the third
/// function is not even instantiated.
template <class Reference, class Cpu, class Cuda>
auto on_backend(const Context& ctx, Reference&& reference, Cpu&& cpu, Cuda&& cuda) {
  try {
    if constexpr (kCudaBuilt) {
      if (ctx.backend() == Backend::cuda) return cuda(*ctx.cuda_resources());
    }
    return ctx.backend() == Backend::reference ? reference() : cpu(ctx.threads());
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(std::string("host memory ran out in an operation of the ") + to_string(ctx.backend()) +
                      " backend");
  }
}

}  // namespace seesaw
