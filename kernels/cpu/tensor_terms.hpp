#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw::cpu {

/// first to last - 1.
struct Range {
  index_t first = 0;
  index_t last = 0;

  index_t size() const { return last - first; }
};

/// The terms of row i of a PartialContraction: number l * right.rows + r is the row (l * rows + i) * right.rows + r of
/// the elements times rows l and r of the two Khatri-Rao products.
template <class T>
struct TensorTerms {
  MatrixView<const T> elements;
  index_t rows;
  MatrixView<const T> left, right;
};

}  // namespace seesaw::cpu
