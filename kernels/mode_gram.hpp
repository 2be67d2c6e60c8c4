#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw {

/// The Gram of the unfolding X of a dense tensor in one mode, over the tensor as it stands: with L the product of the
/// sizes of the modes before and R of those behind, the element in row i and column l R + r of X is
/// data[(l * rows + i) * R + r], and
///   out = X X', rows x rows, or, of the columns, X' X, L R x L R;   without padding.
template <class T>
struct ModeGram {
  const T* data;
  index_t left;
  index_t rows;
  index_t right;
  bool of_columns;
  T* out;

  /// Of out: the number of the vectors that are multiplied with each other, the rows of X or its columns.
  constexpr index_t size() const { return of_columns ? left * right : rows; }
  /// Of which length they are.
  constexpr index_t length() const { return of_columns ? rows : left * right; }
  /// Where element e of vector v stands in `data`.
  constexpr index_t at(index_t v, index_t e) const {
    const index_t i = of_columns ? e : v, column = of_columns ? v : e;
    return (column / right * rows + i) * right + column % right;
  }

  /// Everything that points into memory.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(MatrixView<const T>(data, left * rows, right));
    visitor(MatrixView<T>(out, size(), size()));
  }
};

/// The same Gram, of rows, where the columns of X are the rows of another unfolding: those of the first and of the last
/// mode, whose other modes lie together.
template <class T>
ModeGram<T> by_rows_where_it_can(const ModeGram<T>& problem) {
  if (problem.of_columns && problem.left == 1)
    return {problem.data, problem.rows, problem.right, 1, false, problem.out};
  if (problem.of_columns && problem.right == 1)
    return {problem.data, 1, problem.left, problem.rows, false, problem.out};
  return problem;
}

namespace reference {
template <class T>
void mode_gram(const ModeGram<T>& problem);
}
namespace cpu {
template <class T>
void mode_gram(int threads, const ModeGram<T>& problem);
}
namespace cuda {
template <class T>
void mode_gram(Resources& gpu, const ModeGram<T>& problem);
}

}  // namespace seesaw
