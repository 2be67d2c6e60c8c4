#pragma once
#include <cstdint>

#include "seesaw/solve_rows.hpp"

namespace seesaw {

/// Entries sorted into a grid of size x size blocks: rows and columns are cut into `size` stripes of about equally many
/// entries each. Block p of stratum d holds the entries of row stripe p and column stripe (p + d) mod size, by row and
/// then by column: no two blocks of a stratum share a row or a column. It is the same on every backend.
template <class T>
struct EntryGridView {
  index_t rows = 0;
  index_t cols = 0;
  offset_t entries = 0;
  index_t size = 0;
  const offset_t* blocks = nullptr;  ///< size^2 + 1: block p of stratum d begins at blocks[d * size + p]
  const column_t* row_indices = nullptr;
  const column_t* column_indices = nullptr;
  const T* values = nullptr;
  const T* weights = nullptr;        ///< null: 1 for every entry
  const T* row_penalties = nullptr;  ///< lambda v_i / n_i of each row, 0 for one without entries
  const T* col_penalties = nullptr;  ///< of each column
};

/// Owns an EntryGridView's arrays, in one memory space.
template <class T>
struct EntryGrid {
  index_t rows = 0;
  index_t cols = 0;
  index_t size = 0;
  Buffer<offset_t> blocks;
  Buffer<column_t> row_indices;
  Buffer<column_t> column_indices;
  Buffer<T> values;
  Buffer<T> weights;  ///< empty: every weight is 1
  Buffer<T> row_penalties;
  Buffer<T> col_penalties;
  Buffer<offset_t> column_offsets;  ///< cols + 1: column j has column_offsets[j + 1] - column_offsets[j] entries

  EntryGridView<T> view() const {
    return {rows,
            cols,
            values.size(),
            size,
            blocks.data(),
            row_indices.data(),
            column_indices.data(),
            values.data(),
            weights.data(),
            row_penalties.data(),
            col_penalties.data()};
  }
};

inline constexpr index_t kMostGrid = 4096;
inline constexpr index_t kMostChosenGrid = 1024;  ///< where entry_grid() chooses the size

/// The grid of a matrix, with the penalties of the steps that sgd_epoch() will take over it, in the context's memory
/// space. Sorted on the host.
///
/// ratings         m x n; weights optional
/// row_penalty     that of X's rows, col_penalty that of Y's
/// size            1 to kMostGrid; 0: chosen from the sizes of the matrix and the kind of backend alone, so that a
/// block
///                 has some 4,096 entries, on cuda 16, of which `size` are worked on at a time, and no more stripes
///                 than rows or columns
/// Blocks are balanced where rows and columns do not come in a common order (as the blocks of a block-diagonal matrix
/// do); where they are not, an epoch takes longer.
/// Throws ShapeError, InvalidArgument. The contents of `ratings` are trusted; see validate().
EntryGrid<float> entry_grid(Context& ctx, CsrView<float> ratings, Penalty row_penalty, Penalty col_penalty,
                            index_t size = 0);
EntryGrid<double> entry_grid(Context& ctx, CsrView<double> ratings, Penalty row_penalty, Penalty col_penalty,
                             index_t size = 0);

/// Which factors the steps of an epoch move.
enum class EpochMoves { both, x, y };

/// Stochastic gradient descent: one step for each entry, once. With n_i entries in row i and n_j in column j the
/// objective of als() is the sum over the entries of
///   f_e = 1/2 w_e (a_ij - x_i.y_j)^2 + 1/2 lambda_x v_i / n_i |x_i|^2 + 1/2 lambda_y v_j / n_j |y_j|^2,
/// v being the weights of the penalty, and (but for rows and columns without entries, which are left as they are) the
/// step of an entry, with r = a_ij - x_i.y_j and x_i as it was before, is -step times the gradient of f_e:
///   x_i += step (w_e r y_j - lambda_x v_i / n_i x_i)     y_j += step (w_e r x_i - lambda_y v_j / n_j y_j)
/// The penalty of a step is lambda where v counts the entries, lambda / n_i where v = 1; to first order in `step` an
/// epoch moves the factors by -step times the gradient of the objective.
///
/// grid  that of entry_grid(), in the context's memory space; its contents are trusted
/// step  > 0, as a T too
/// seed  draws the order in which the strata are taken, one after another; the blocks of a stratum run in parallel, the
///       entries of a block in their order
/// x     m x k     y     n x k; must not overlap     moves  one of them may stay as it is
/// Every backend takes the same steps in an order that gives the same result but for rounding, and each the same bits
/// for any number of threads. On CUDA the work is enqueued. Throws ShapeError, InvalidArgument.
/// Source: Gemulla, Nijkamp, Haas, Sismanis (2011), "Large-scale matrix factorization with distributed stochastic
/// gradient descent", sections 3 and 4.
void sgd_epoch(Context& ctx, const EntryGridView<float>& grid, double step, std::uint64_t seed, MatrixView<float> x,
               MatrixView<float> y, EpochMoves moves = EpochMoves::both);
void sgd_epoch(Context& ctx, const EntryGridView<double>& grid, double step, std::uint64_t seed, MatrixView<double> x,
               MatrixView<double> y, EpochMoves moves = EpochMoves::both);

}  // namespace seesaw
