#pragma once
#include <vector>

#include "cpu/dense.hpp"
#include "solve_rows.hpp"

namespace seesaw::cpu {

/// What one thread needs to solve one row after the other. Only whole vectors of it are ever read or written.
template <class T>
struct RowScratch {
  Layout<T> layout;
  index_t depth;     ///< vectors in a panel
  Buffer<T> panel;   ///< depth x width, gathered vectors, each times the root of its weight
  Buffer<T> values;  ///< depth, theirs
  Buffer<T> a;       ///< rows x width, the system matrix and then its factor
  Buffer<T> b;       ///< width, the right-hand side
  Buffer<T> z;       ///< width, U'^-1 b
  Buffer<T> scale;   ///< width, 1 / U(p, p)
  Buffer<T> x;       ///< width
  std::vector<index_t> singular;  ///< rows that the factorization gave up

  explicit RowScratch(index_t k)
      : layout(k),
        depth(panel_depth(layout)),
        panel(zeros<T>(depth * layout.stride)),
        values(zeros<T>(depth)),
        a(zeros<T>(layout.rows * layout.stride)),
        b(zeros<T>(layout.width)),
        z(zeros<T>(layout.width)),
        scale(zeros<T>(layout.width)),
        x(zeros<T>(layout.width)) {}
};

}  // namespace seesaw::cpu
