#pragma once
#include <cstdint>
#include <vector>

#include "seesaw/matrix.hpp"
#include "seesaw/sparse.hpp"

namespace seesaw {

namespace detail {
/// Walker's method: a number below keep.size(), drawn by weights, by two looks at a table.
struct Alias {
  std::vector<double> keep;     ///< probability of staying with a number that was hit
  std::vector<column_t> other;  ///< where to go otherwise
};
}  // namespace detail

/// Ratings with a known answer, for tests, benches and trials at any size.
struct PlantedOptions {
  index_t rows = 0;
  index_t cols = 0;
  offset_t entries = 0;  ///< at most rows * cols
  index_t rank = 8;
  double mean = 0;
  double spread = 1;        ///< standard deviation of x_i.y_j
  double noise = 0;         ///< standard deviation of what is added to mean + x_i.y_j
  double row_exponent = 0;  ///< 0 to 10; the p-th most frequent row has p^-row_exponent times the first's entries
  double col_exponent = 0;  ///< 0 to 10; the p-th most frequent column is as likely in a row as p^-col_exponent
  std::uint64_t seed = 0;
};

/// a_ij = mean + x_i.y_j + noise * e_ij on distinct places (i, j). Factors and e_ij are normal. The number of entries
/// of a row follows from row_exponent, at least 1 where entries >= rows, at most cols; its columns are drawn without
/// replacement with their likelihood as weights. Which rows and columns are frequent is drawn too.
/// Everything is a function of the options alone. Memory: the factors and less than 40 bytes a row or column.
class Planted {
 public:
  /// Throws InvalidArgument for an option out of range.
  explicit Planted(const PlantedOptions& options);

  const PlantedOptions& options() const { return options_; }
  const Matrix<double>& x() const { return x_; }  ///< rows x rank
  const Matrix<double>& y() const { return y_; }  ///< cols x rank
  /// Entries of row i have the numbers offsets()[i] to offsets()[i + 1] - 1.
  const std::vector<offset_t>& offsets() const { return offsets_; }

  /// The entries of rows first to last - 1 in host memory, by row and then by column; the same for any number of
  /// threads (0: as OpenMP would) and however the rows are divided into calls. T is float or double.
  template <class T>
  SparseTensor<T> entries(index_t first, index_t last, int threads = 0) const;

 private:
  class Draw;

  PlantedOptions options_;
  Matrix<double> x_, y_;
  std::vector<offset_t> offsets_;
  std::vector<double> weights_;  ///< of the columns
  detail::Alias alias_;
};

extern template SparseTensor<float> Planted::entries<float>(index_t, index_t, int) const;
extern template SparseTensor<double> Planted::entries<double>(index_t, index_t, int) const;

}  // namespace seesaw
