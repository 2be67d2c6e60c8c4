#pragma once
#include "dispatch.hpp"
#include "svd.hpp"

namespace seesaw {

/// svd() of arguments that were checked; a is destroyed.
template <class T>
void svd_of(const Context& ctx, MatrixView<T> a, MatrixView<T> u, T* s, MatrixView<T> vt) {
  on_backend(
      ctx, [&] { reference::svd(a, u, s, vt); }, [&](int) { cpu::svd(a, u, s, vt); },
      [&](auto& gpu) { cuda::svd(gpu, a, u, s, vt); });
}

template <class T>
double svd_workspace(const Context& ctx, index_t rows, index_t cols) {
  return on_backend(
      ctx, [&] { return reference::svd_workspace<T>(rows, cols); },
      [&](int) { return cpu::svd_workspace<T>(rows, cols); },
      [&](auto& gpu) { return cuda::svd_workspace<T>(gpu, rows, cols); });
}

}  // namespace seesaw
