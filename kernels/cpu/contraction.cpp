#include "cpu/contraction.hpp"

#include <algorithm>
#include <type_traits>

#include "cpu/product_row.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/contraction.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/dense-inl.hpp"
#include "cpu/pieces-inl.hpp"

#ifndef SEESAW_CPU_CONTRACTION_PANEL
#define SEESAW_CPU_CONTRACTION_PANEL
namespace seesaw::cpu {

inline constexpr index_t kContractionTile = 6;  // rows; and two vectors: a register tile

/// What goes through the register tiles at once: some terms of the sums. Their rows of the Khatri-Rao product, and
/// where the left side is contracted a copy of the tensor's columns, stay within half of a small L2 cache.
struct Panel {
  bool right;
  index_t width, terms;

  Panel(bool right_side, index_t k, index_t element_bytes)
      : right(right_side),
        width(round_up(k)),
        terms(std::clamp<index_t>(128 * 1024 / (width * element_bytes), 32, right ? 256 : 512 / element_bytes)) {}

  static index_t round_up(index_t k) {
    constexpr index_t kMostColumns = 32;  // of two vectors of any instruction set
    return (k + kMostColumns - 1) / kMostColumns * kMostColumns;
  }
  index_t columns() const { return terms * width; }
  /// From one tile's copy to the next's; a cache line more than it needs, lest all begin in one set of a cache.
  index_t tile() const { return terms * kContractionTile + 16; }
  index_t tiles() const { return right ? 0 : kContractionRows / kContractionTile * tile(); }
};

}  // namespace seesaw::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// Columns of the strip that begins at column f of k: two vectors, or the one that is enough.
template <class T>
constexpr index_t strip_width(index_t f, index_t k) {
  return k - f > lanes<T>() ? 2 * lanes<T>() : lanes<T>();
}

/// Lines of a cache that will be needed soon, of some rows of a matrix.
template <class T>
class Ahead {
 public:
  Ahead() = default;
  Ahead(MatrixView<const T> matrix, Range rows, Range columns) : rows_(rows), columns_(columns), matrix_(matrix) {
    if (rows.size() > 0) begin_row();
  }
  /// Asks for the next one.
  HWY_INLINE void ask() {
    if (at_ >= end_) return;
    __builtin_prefetch(at_, 0, 2);
    at_ += 64 / sizeof(T);
    if (HWY_UNLIKELY(at_ >= end_) && ++rows_.first < rows_.last) begin_row();
  }

 private:
  void begin_row() {
    at_ = matrix_.row(rows_.first) + columns_.first;
    end_ = at_ + columns_.size();
  }

  const T *at_ = nullptr, *end_ = nullptr;
  Range rows_, columns_;
  MatrixView<const T> matrix_;
};

/// Numbers of the tensor: term p of row r is at rows[r][p * step].
template <class T>
struct Tile {
  const T* rows[kContractionTile];
  index_t step;
};

/// sums(r, :) (+)= the sum over the terms p of the tile's number times the kVectors vectors p of `columns`.
template <int kVectors, class T>
HWY_NOINLINE void sum_tile(const Tile<T>& tile, const T* HWY_RESTRICT columns, index_t terms, bool add, Ahead<T>& lines,
                           T* HWY_RESTRICT sums, index_t stride) {
  constexpr auto kRows = static_cast<int>(kContractionTile);
  const Vectors<T> d;
  Ahead<T> ahead = lines;
  const index_t step = tile.step;
  const T* rows[kRows];
  for (int r = 0; r < kRows; ++r) rows[r] = tile.rows[r];
  hn::Vec<Vectors<T>> sum[kRows][kVectors];
  for (auto& row : sum)
    for (auto& vector : row) vector = hn::Zero(d);
  const auto add_term = [&](index_t p) {
    hn::Vec<Vectors<T>> column[kVectors];
    for (int v = 0; v < kVectors; ++v) column[v] = hn::Load(d, columns + v * lanes<T>());
    columns += kVectors * lanes<T>();
    for (int r = 0; r < kRows; ++r) {
      const auto number = hn::Set(d, rows[r][p * step]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(number, column[v], sum[r][v]);
    }
  };
  index_t p = 0;
  for (; p + 2 <= terms; p += 2) {
    add_term(p);
    add_term(p + 1);
    ahead.ask();
  }
  if (p < terms) add_term(p);
  lines = ahead;
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) {
      T* const to = sums + r * stride + v * lanes<T>();
      hn::StoreU(add ? hn::Add(hn::LoadU(d, to), sum[r][v]) : sum[r][v], d, to);
    }
}

/// The first `rows` rows of sums (+)= the tile's; columns as pack_columns() has them.
template <class T>
HWY_INLINE void sum_tile(const Tile<T>& tile, const T* columns, index_t terms, bool add, Ahead<T>& ahead, index_t rows,
                         MatrixView<T> sums) {
  HWY_ALIGN T part[kContractionTile * 2 * lanes<T>()];
  const index_t k = sums.cols;
  for (index_t f = 0; f < k;) {
    const index_t width = strip_width<T>(f, k);
    const bool whole = rows == kContractionTile && f + width <= k;  // else by way of `part`
    T* const to = whole ? sums.data + f : part;
    const index_t stride = whole ? sums.stride : width;
    if (width > lanes<T>())
      sum_tile<2>(tile, columns, terms, add && whole, ahead, to, stride);
    else
      sum_tile<1>(tile, columns, terms, add && whole, ahead, to, stride);
    for (index_t r = 0; r < rows && !whole; ++r)
      for (index_t c = 0; c < std::min(width, k - f); ++c) {
        T& sum = sums.row(r)[f + c];
        sum = add ? sum + part[r * width + c] : part[r * width + c];
      }
    columns += terms * width;
    f += width;
  }
}

/// The terms first to last - 1 of the Khatri-Rao product in the order that sum_tile() takes them: strips of one or two
/// vectors, of all terms each. `scratch` has a row of it.
template <class T>
void pack_columns(const FactorList<T>& factors, index_t first, index_t last, index_t k, T* HWY_RESTRICT scratch,
                  T* HWY_RESTRICT columns) {
  const MatrixView<const T> inner = factors.factors[static_cast<std::size_t>(factors.count - 1)];
  const index_t outer_rows = factors.rows() / inner.rows;
  for (index_t p = first; p < last;) {
    const index_t outer = p / inner.rows, begin = p - outer * inner.rows;
    const index_t count = std::min(last - p, inner.rows - begin);
    product_row(factors, factors.count - 1, outer_rows, outer, k, scratch);
    T* strip = columns;
    for (index_t f = 0; f < k;) {
      const index_t width = strip_width<T>(f, k), filled = std::min(width, k - f);
      for (index_t r = 0; r < count; ++r) {
        T* const to = strip + (p - first + r) * width;
        const T* const from = inner.row(begin + r) + f;
        for_pieces(Vectors<T>(), 0, filled, [&](auto d, index_t c) {
          hn::StoreU(hn::Mul(hn::LoadU(d, scratch + f + c), hn::LoadU(d, from + c)), d, to + c);
        });
        for (index_t c = filled; c < width; ++c) to[c] = T{0};
      }
      strip += (last - first) * width;
      f += width;
    }
    p += count;
  }
}

/// The tensor's columns in its rows: tiles of kContractionTile columns, one every `tile` elements, row after row; zeros
/// for the columns that the last one lacks.
template <class T>
void pack_tiles(MatrixView<const T> tensor, Range rows, Range columns, index_t tile, T* HWY_RESTRICT tiles) {
  for (index_t p = rows.first; p < rows.last; ++p) {
    const T* HWY_RESTRICT from = tensor.row(p) + columns.first;
    T* HWY_RESTRICT to = tiles + (p - rows.first) * kContractionTile;
    index_t c = columns.size();
    for (; c >= kContractionTile; c -= kContractionTile, from += kContractionTile, to += tile)
      for (index_t r = 0; r < kContractionTile; ++r) to[r] = from[r];
    if (c > 0)
      for (index_t r = 0; r < kContractionTile; ++r) to[r] = r < c ? from[r] : T{0};
  }
}

template <class T>
void sum_terms(const TensorContraction<T>& problem, Range rows, Range part, MatrixView<T> sums, T* scratch) {
  const MatrixView<const T> tensor = problem.tensor;
  const bool right = problem.right;
  const Panel panel(right, sums.cols, sizeof(T));
  T *const columns = scratch, *const tiles = columns + panel.columns(), *const row = tiles + panel.tiles();
  Ahead<T> ahead;
  for (index_t p = part.first; p < part.last; p += panel.terms) {
    const Range terms{p, std::min(p + panel.terms, part.last)};
    pack_columns(problem.factors, terms.first, terms.last, sums.cols, row, columns);
    if (!right) {
      pack_tiles(tensor, terms, rows, panel.tile(), tiles);
      ahead = Ahead<T>(tensor, {terms.last, std::min(terms.last + panel.terms, part.last)}, rows);
    }
    for (index_t i = rows.first; i < rows.last; i += kContractionTile) {
      const index_t count = std::min(kContractionTile, rows.last - i);
      if (right) ahead = Ahead<T>(tensor, {i + count, std::min(i + count + kContractionTile, rows.last)}, terms);
      Tile<T> tile{{}, right ? 1 : kContractionTile};
      for (index_t r = 0; r < kContractionTile; ++r)
        tile.rows[r] = right ? tensor.row(i + std::min(r, count - 1)) + p
                             : tiles + (i - rows.first) / kContractionTile * panel.tile() + r;
      sum_tile(tile, columns, terms.size(), p > part.first, ahead, count, sums.slice(i, i + count));
    }
  }
}

void sum_terms_float(const TensorContraction<float>& problem, Range rows, Range part, MatrixView<float> sums,
                     float* scratch) {
  sum_terms(problem, rows, part, sums, scratch);
}
void sum_terms_double(const TensorContraction<double>& problem, Range rows, Range part, MatrixView<double> sums,
                      double* scratch) {
  sum_terms(problem, rows, part, sums, scratch);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(sum_terms_float);
HWY_EXPORT(sum_terms_double);

template <class T>
index_t contraction_scratch(const TensorContraction<T>& problem) {
  const Panel panel(problem.right, problem.out.cols, sizeof(T));
  return panel.columns() + panel.tiles() + problem.out.cols;
}

template <class T>
void contract_block(const TensorContraction<T>& problem, Range rows, Range part, MatrixView<T> sums, T* scratch) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(sum_terms_float)(problem, rows, part, sums, scratch);
  else
    HWY_DYNAMIC_DISPATCH(sum_terms_double)(problem, rows, part, sums, scratch);
}

template index_t contraction_scratch(const TensorContraction<float>&);
template index_t contraction_scratch(const TensorContraction<double>&);
template void contract_block(const TensorContraction<float>&, Range, Range, MatrixView<float>, float*);
template void contract_block(const TensorContraction<double>&, Range, Range, MatrixView<double>, double*);

}  // namespace seesaw::cpu
#endif
