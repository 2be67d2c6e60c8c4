#pragma once
#include "dispatch.hpp"
#include "solve_rows.hpp"
#include "sparse.hpp"

// Bytes that rows take besides their arguments, in double, which is exact up to 2^53 and does not overflow beyond.
namespace seesaw {

template <class T>
double solving_bytes(const Context& ctx, const SolveRowsSize& size) {
  return on_backend(
      ctx, [&] { return reference::solve_rows_workspace<T>(size); },
      [&](int threads) { return cpu::solve_rows_workspace<T>(threads, size); },
      [&](auto&) { return cuda::solve_rows_workspace<T>(size); });
}

/// To make the transposed matrix, rows x cols.
inline double transposing_bytes(const Context& ctx, index_t rows, index_t cols, offset_t entries) {
  return on_backend(
      ctx, [&] { return reference::transpose_workspace(rows); },
      [&](int threads) { return cpu::transpose_workspace(threads, rows, cols, entries); },
      [&](auto&) { return cuda::transpose_workspace(entries); });
}

/// Of solve_implicit_rows(): both sides in other coordinates, the products that lead there and back, and, on the host
/// in double, the eigenvectors.
template <class T>
double implicit_bytes(const Context& ctx, double vectors, double rows, double k) {
  constexpr double kMatrices = 7, kOfDouble = 3;
  const double of_host = ctx.memory()->on_host() ? 1 : 0;
  return (vectors + rows) * k * sizeof(T) + k * k * (kMatrices * sizeof(T) + of_host * kOfDouble * sizeof(double));
}

}  // namespace seesaw
