#include <omp.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "checks.hpp"
#include "cpu/parallel.hpp"
#include "host_entries.hpp"
#include "seesaw/sgd_epoch.hpp"

namespace seesaw {
namespace {

/// Blocks of the host's backends are worked on by a thread each, and begun at some cost; a device needs many of them to
/// be busy, and takes launches in turn at a cost of some microseconds.
index_t chosen_size(const Context& ctx, index_t rows, index_t cols, offset_t entries) {
  const bool device = ctx.backend() == Backend::cuda;
  const double in_block = device ? 16 : 4096;
  const index_t most = std::min({device ? kMostChosenGrid : index_t{256}, rows, cols});
  return std::clamp<index_t>(static_cast<index_t>(std::sqrt(static_cast<double>(entries) / in_block)), 1,
                             std::max<index_t>(1, most));
}

/// The stripe of each row, where the middle one of its entries falls: ascending.
Buffer<column_t> stripes(const offset_t* offsets, index_t rows, index_t size) {
  Buffer<column_t> stripe(rows);
  const offset_t entries = offsets[rows] - offsets[0];
  for (index_t i = 0; i < rows; ++i) {
    const offset_t twice_middle = offsets[i] + offsets[i + 1] - 2 * offsets[0];
    stripe.data()[i] =
        static_cast<column_t>(entries > 0 ? std::min(size - 1, twice_middle * size / (2 * entries)) : offset_t{0});
  }
  return stripe;
}

template <class T>
Buffer<T> penalties_of_steps(const offset_t* offsets, index_t rows, Penalty penalty) {
  Buffer<T> shares(rows);
  for (index_t i = 0; i < rows; ++i) {
    const offset_t entries = offsets[i + 1] - offsets[i];
    shares.data()[i] =
        entries > 0 ? static_cast<T>(penalty.lambda * row_weight(penalty, entries) / static_cast<double>(entries))
                    : T{0};
  }
  return shares;
}

template <class T>
Buffer<offset_t> column_offsets(CsrView<T> ratings) {
  Buffer<offset_t> offsets(ratings.cols + 1);
  std::fill_n(offsets.data(), offsets.size(), offset_t{0});
  for (offset_t e = ratings.offsets[0]; e < ratings.offsets[ratings.rows]; ++e)
    ++offsets.data()[ratings.columns[e] + 1];
  for (index_t j = 0; j < ratings.cols; ++j) offsets.data()[j + 1] += offsets.data()[j];
  return offsets;
}

/// Row stripes, dealt out to threads, put their entries into blocks of their own, which no other stripe has entries in.
template <class T>
class Sorter {
 public:
  Sorter(int threads, CsrView<T> ratings, index_t size, const Buffer<offset_t>& column_offsets)
      : threads_(threads),
        ratings_(ratings),
        size_(size),
        row_stripe_(stripes(ratings.offsets, ratings.rows, size)),
        column_stripe_(stripes(column_offsets.data(), ratings.cols, size)) {}

  /// Fills in all of the grid that depends on the entries alone.
  void sort(EntryGrid<T>& grid) const {
    grid.blocks = Buffer<offset_t>(size_ * size_ + 1);
    offset_t* const blocks = grid.blocks.data();
    for_stripes([&](index_t p, std::vector<offset_t>& counts) {
      std::fill(counts.begin(), counts.end(), offset_t{0});
      each(p, [&](index_t, offset_t, std::size_t d) { ++counts[d]; });
      for (index_t d = 0; d < size_; ++d) blocks[d * size_ + p + 1] = counts[static_cast<std::size_t>(d)];
    });
    blocks[0] = 0;
    for (index_t block = 0; block < size_ * size_; ++block) blocks[block + 1] += blocks[block];

    grid.row_indices = Buffer<column_t>(ratings_.entries);
    grid.column_indices = Buffer<column_t>(ratings_.entries);
    grid.values = Buffer<T>(ratings_.entries);
    if (ratings_.weights != nullptr) grid.weights = Buffer<T>(ratings_.entries);
    for_stripes([&](index_t p, std::vector<offset_t>& next) {
      for (index_t d = 0; d < size_; ++d) next[static_cast<std::size_t>(d)] = blocks[d * size_ + p];
      each(p, [&](index_t i, offset_t e, std::size_t d) {
        const offset_t to = next[d]++;
        grid.row_indices.data()[to] = static_cast<column_t>(i);
        grid.column_indices.data()[to] = ratings_.columns[e];
        grid.values.data()[to] = ratings_.values[e];
        if (ratings_.weights != nullptr) grid.weights.data()[to] = ratings_.weights[e];
      });
    });
  }

 private:
  /// body(p, a number for each stratum)
  template <class Body>
  void for_stripes(Body&& body) const {
    cpu::for_blocks(
        threads_, size_, [&] { return std::vector<offset_t>(static_cast<std::size_t>(size_)); },
        [&](std::vector<offset_t>& numbers, index_t p) { body(p, numbers); });
  }

  /// body(row, entry, stratum) for the entries of row stripe p, by row and column.
  template <class Body>
  void each(index_t p, Body&& body) const {
    const column_t* const begin = row_stripe_.data();
    const auto [first, last] = std::equal_range(begin, begin + ratings_.rows, static_cast<column_t>(p));
    for (index_t i = first - begin; i < last - begin; ++i)
      for (offset_t e = ratings_.offsets[i]; e < ratings_.offsets[i + 1]; ++e) {
        const index_t q = column_stripe_.data()[ratings_.columns[e]];
        body(i, e, static_cast<std::size_t>(q >= p ? q - p : q - p + size_));
      }
  }

  int threads_;
  CsrView<T> ratings_;
  index_t size_;
  Buffer<column_t> row_stripe_, column_stripe_;
};

template <class T>
EntryGrid<T> make(Context& ctx, CsrView<T> ratings, Penalty row_penalty, Penalty col_penalty, index_t size) {
  require_csr(ctx, ratings, "ratings");
  require_penalty<T>("row_penalty.lambda", row_penalty, ratings.cols);
  require_penalty<T>("col_penalty.lambda", col_penalty, ratings.rows);
  if (size < 0 || size > kMostGrid)
    throw InvalidArgument("size is " + std::to_string(size) + ", expected 0 (chosen) to " + std::to_string(kMostGrid));
  const bool on_host = ctx.memory()->on_host();
  Csr<T> copy;
  if (!on_host) copy = host_copy(ctx, ratings, /*columns=*/true);
  const CsrView<T> host = on_host ? ratings : copy.view();

  EntryGrid<T> grid;
  grid.rows = host.rows;
  grid.cols = host.cols;
  grid.size = size > 0 ? size : chosen_size(ctx, host.rows, host.cols, host.entries);
  Buffer<offset_t> by_column = column_offsets(host);
  Sorter<T>(on_host ? ctx.threads() : omp_get_max_threads(), host, grid.size, by_column).sort(grid);
  grid.row_penalties = placed(ctx, penalties_of_steps<T>(host.offsets, host.rows, row_penalty));
  grid.col_penalties = placed(ctx, penalties_of_steps<T>(by_column.data(), host.cols, col_penalty));
  grid.column_offsets = placed(ctx, std::move(by_column));
  grid.blocks = placed(ctx, std::move(grid.blocks));
  grid.row_indices = placed(ctx, std::move(grid.row_indices));
  grid.column_indices = placed(ctx, std::move(grid.column_indices));
  grid.values = placed(ctx, std::move(grid.values));
  grid.weights = placed(ctx, std::move(grid.weights));
  return grid;
}

}  // namespace

EntryGrid<float> entry_grid(Context& ctx, CsrView<float> ratings, Penalty row_penalty, Penalty col_penalty,
                            index_t size) {
  return make(ctx, ratings, row_penalty, col_penalty, size);
}
EntryGrid<double> entry_grid(Context& ctx, CsrView<double> ratings, Penalty row_penalty, Penalty col_penalty,
                             index_t size) {
  return make(ctx, ratings, row_penalty, col_penalty, size);
}

}  // namespace seesaw
