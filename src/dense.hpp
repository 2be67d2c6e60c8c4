#pragma once
#include "dispatch.hpp"
#include "product.hpp"
#include "seesaw/matrix.hpp"
#include "vectors.hpp"

// The dense pieces that algorithms are written over, on any backend; arguments that were checked.
namespace seesaw {

/// sum w_i a_i b_i, in double; with `weights` null w is 1.
template <class T>
double dot(const Context& ctx, index_t size, const T* a, const T* b, const T* weights = nullptr) {
  return on_backend(
      ctx, [&] { return reference::dot(size, a, b, weights); },
      [&](int threads) { return cpu::dot(threads, size, a, b, weights); },
      [&](auto& gpu) { return cuda::dot(gpu, size, a, b, weights); });
}

/// b = alpha a + beta b; where beta is 0, b is not read, and may be a.
template <class T>
void combine(const Context& ctx, index_t size, double alpha, const T* a, double beta, T* b) {
  on_backend(
      ctx, [&] { reference::combine(size, alpha, a, beta, b); },
      [&](int threads) { cpu::combine(threads, size, alpha, a, beta, b); },
      [&](auto& gpu) { cuda::combine(gpu, size, alpha, a, beta, b); });
}

/// out = a b
template <class T>
void multiply(const Context& ctx, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> out) {
  on_backend(
      ctx, [&] { reference::product(a, b, out); }, [&](int threads) { cpu::product(threads, a, b, out); },
      [&](auto& gpu) { cuda::product(gpu, a, b, out); });
}

/// Copies the rows of one matrix to those of another, each with its own stride.
template <class T>
void copy_matrix(const Context& ctx, MatrixView<const T> from, MatrixView<T> to) {
  if (from.empty()) return;
  const bool together = from.stride == from.cols && to.stride == to.cols;
  const index_t rows = together ? from.rows : 1;
  for (index_t i = 0; i < from.rows; i += rows)
    ctx.memory()->copy_within(to.row(i), from.row(i), static_cast<std::size_t>(rows * from.cols) * sizeof(T));
}

}  // namespace seesaw
