#include "mode_gram.hpp"

#include <algorithm>

#include "cpu/lapack.hpp"

namespace seesaw::cpu {
namespace {

/// The lefts first to last - 1 (of a single left the columns of that number, of a Gram of columns the rows of X) of the
/// Gram's rows from `row` on.
struct Piece {
  index_t row, rows;
  index_t first, last;
};

/// Rows of X, packed kRows at a time, times themselves: its columns are apart in the tensor.
template <class T>
void add_columns(const ModeGram<T>& problem, const Piece& piece, T* sums) {
  constexpr index_t kRows = 64;
  const index_t columns = piece.row + piece.rows, right = problem.right;
  Buffer<T> packed(kRows * columns);
  for (index_t first = piece.first; first < piece.last; first += kRows) {
    const index_t rows = std::min(kRows, piece.last - first);
    for (index_t i = 0; i < rows; ++i)
      for (index_t c = 0; c < columns; c += right)
        std::copy_n(problem.data + problem.at(c, first + i), std::min(right, columns - c),
                    packed.data() + i * columns + c);
    gemm(CblasTrans, CblasNoTrans, piece.rows, columns, rows, T{1}, packed.data() + piece.row, columns, packed.data(),
         columns, T{1}, sums, problem.size());
  }
}

/// sums, rows x n, += the piece's part of those rows of the Gram, left of the diagonal and on it.
template <class T>
void add_piece(const ModeGram<T>& problem, const Piece& piece, T* sums) {
  const index_t n = problem.size(), right = problem.right, columns = piece.row + piece.rows;
  if (problem.of_columns) {
    add_columns(problem, piece, sums);
  } else if (right == 1) {  // X' is the matrix of left x n as it stands
    const T* const block = problem.data + piece.first * n;
    gemm(CblasTrans, CblasNoTrans, piece.rows, columns, piece.last - piece.first, T{1}, block + piece.row, n, block, n,
         T{1}, sums, n);
  } else if (problem.left == 1) {
    gemm(CblasNoTrans, CblasTrans, piece.rows, columns, piece.last - piece.first, T{1},
         problem.data + piece.row * right + piece.first, right, problem.data + piece.first, right, T{1}, sums, n);
  } else {
    for (index_t l = piece.first; l < piece.last; ++l) {
      const T* const block = problem.data + l * n * right;
      gemm(CblasNoTrans, CblasTrans, piece.rows, columns, right, T{1}, block + piece.row * right, right, block, right,
           T{1}, sums, n);
    }
  }
}

}  // namespace

// Bands of rows of the Gram, and parts of the sum, each with a Gram of its own; these are added in their order. How
// many there are, the shape says.
template <class T>
void mode_gram(int threads, const ModeGram<T>& given) {
  constexpr index_t kBand = 128, kColumns = 1024, kMostParts = 64, kMostElements = index_t{1} << 24;
  const ModeGram<T> problem = by_rows_where_it_can(given);
  const bool together = !problem.of_columns && problem.left > 1;  // a step is of the elements that lie together
  const index_t n = problem.size(), columns = together ? problem.right : 1, steps = problem.length() / columns;
  const index_t most = std::clamp<index_t>(kMostElements / (n * n), 1, kMostParts);
  const index_t steps_of_part = std::max(block_count(steps, most), block_count(kColumns, columns));
  const index_t parts = block_count(steps, steps_of_part), bands = block_count(n, kBand);
  Buffer<T> partial((parts - 1) * n * n);
  const auto sums_of = [&](index_t part) { return part == 0 ? problem.out : partial.data() + (part - 1) * n * n; };
  for_blocks(threads, parts * bands, [&](index_t block) {
    const SingleThreadedBlas guard;
    const index_t part = block / bands, row = block % bands * kBand, first = part * steps_of_part;
    const Piece piece{row, std::min(kBand, n - row), first, std::min(steps, first + steps_of_part)};
    T* const sums = sums_of(part) + row * n;
    std::fill_n(sums, piece.rows * n, T{0});
    add_piece(problem, piece, sums);
  });
  for (index_t part = 1; part < parts; ++part)
    for (index_t e = 0; e < n * n; ++e) problem.out[e] += sums_of(part)[e];
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < i; ++j) problem.out[j * n + i] = problem.out[i * n + j];
}

template void mode_gram(int, const ModeGram<float>&);
template void mode_gram(int, const ModeGram<double>&);

}  // namespace seesaw::cpu
