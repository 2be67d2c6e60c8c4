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

}  // namespace seesaw
