#include "sgd_epoch.hpp"

#include <numeric>
#include <string>
#include <utility>

#include "checks.hpp"
#include "dispatch.hpp"
#include "seesaw/random.hpp"

namespace seesaw {
namespace {

template <class T>
void require_grid(const Context& ctx, const EntryGridView<T>& grid) {
  if (grid.size < 1 || grid.size > kMostGrid)
    throw ShapeError("grid has the size " + std::to_string(grid.size) + ", expected 1 to " + std::to_string(kMostGrid));
  if (grid.rows < 0 || grid.cols < 0 || grid.rows > kMostRows || grid.cols > kMostRows || grid.entries < 0)
    throw ShapeError("grid is of " + shape_text(grid.rows, grid.cols) + " with " + std::to_string(grid.entries) +
                     " entries; rows and columns must be 0 to 2^31 - 1");
  require_space(ctx, grid.blocks, "grid.blocks");
  if (grid.entries == 0) return;
  require_space(ctx, grid.row_indices, "grid.row_indices");
  require_space(ctx, grid.column_indices, "grid.column_indices");
  require_space(ctx, grid.values, "grid.values");
  if (grid.weights != nullptr) require_space(ctx, grid.weights, "grid.weights");
  require_space(ctx, grid.row_penalties, "grid.row_penalties");
  require_space(ctx, grid.col_penalties, "grid.col_penalties");
}

/// Fisher and Yates.
std::vector<index_t> shuffled(index_t count, std::uint64_t seed) {
  std::vector<index_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), index_t{0});
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[static_cast<std::size_t>(random_bits(seed, left) % left)]);
  return order;
}

template <class T>
void run(Context& ctx, const EntryGridView<T>& grid, double step, std::uint64_t seed, MatrixView<T> x, MatrixView<T> y,
         EpochMoves moves) {
  require_grid(ctx, grid);
  require_step<T>(step);
  require_view(ctx, x, "x");
  require_rank(x.cols);
  require_shape("x", x.rows, x.cols, grid.rows, x.cols);
  require_view(ctx, y, "y");
  require_shape("y", y.rows, y.cols, grid.cols, x.cols);
  if (grid.entries == 0) return;
  const SgdEpoch<T> epoch{grid, static_cast<T>(step), moves, x, y};
  const std::vector<index_t> strata = shuffled(grid.size, seed);
  on_backend(
      ctx, [&] { reference::sgd_epoch(epoch, strata); }, [&](int threads) { cpu::sgd_epoch(threads, epoch, strata); },
      [&](auto& gpu) { cuda::sgd_epoch(gpu, epoch, strata); });
}

}  // namespace

void sgd_epoch(Context& ctx, const EntryGridView<float>& grid, double step, std::uint64_t seed, MatrixView<float> x,
               MatrixView<float> y, EpochMoves moves) {
  run(ctx, grid, step, seed, x, y, moves);
}
void sgd_epoch(Context& ctx, const EntryGridView<double>& grid, double step, std::uint64_t seed, MatrixView<double> x,
               MatrixView<double> y, EpochMoves moves) {
  run(ctx, grid, step, seed, x, y, moves);
}

}  // namespace seesaw
