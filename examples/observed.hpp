#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "seesaw/random.hpp"
#include "seesaw/sparse.hpp"

namespace example {

/// The elements (i, j) of a matrix for which a number drawn from (seed, i * cols + j) is below `part`, as compressed
/// rows on the host; with `others` those for which it is not.
inline seesaw::Csr<double> observe(const seesaw::Matrix<double>& a, double part, std::uint64_t seed,
                                   bool others = false) {
  std::vector<seesaw::column_t> rows, columns;
  std::vector<double> values;
  for (seesaw::index_t i = 0; i < a.rows(); ++i)
    for (seesaw::index_t j = 0; j < a.cols(); ++j) {
      if ((seesaw::random_uniform(seed, static_cast<std::uint64_t>(i * a.cols() + j)) < part) == others) continue;
      rows.push_back(static_cast<seesaw::column_t>(i));
      columns.push_back(static_cast<seesaw::column_t>(j));
      values.push_back(a(i, j));
    }
  seesaw::SparseTensorView<double> entries;
  entries.shape = {a.rows(), a.cols()};
  entries.entries = static_cast<seesaw::offset_t>(values.size());
  entries.indices = {rows.data(), columns.data()};
  entries.values = values.data();
  auto host = seesaw::Context::reference();
  return compress(host, entries);
}

/// As a dense matrix, NaN where nothing was observed: for a picture.
inline seesaw::Matrix<double> dense(const seesaw::Csr<double>& observed) {
  seesaw::Matrix<double> a(observed.rows, observed.cols);
  for (seesaw::index_t i = 0; i < a.rows(); ++i) {
    for (seesaw::index_t j = 0; j < a.cols(); ++j) a(i, j) = std::numeric_limits<double>::quiet_NaN();
    for (seesaw::offset_t e = observed.offsets.data()[i]; e < observed.offsets.data()[i + 1]; ++e)
      a(i, observed.columns.data()[e]) = observed.values.data()[e];
  }
  return a;
}

/// |mean + X Y' - A| / |A|, Frobenius norms over all elements.
inline double relative_error(const seesaw::Matrix<double>& a, double mean, const seesaw::Matrix<double>& x,
                             const seesaw::Matrix<double>& y) {
  double error = 0, norm = 0;
  for (seesaw::index_t i = 0; i < a.rows(); ++i)
    for (seesaw::index_t j = 0; j < a.cols(); ++j) {
      double difference = mean - a(i, j);
      for (seesaw::index_t f = 0; f < x.cols(); ++f) difference += x(i, f) * y(j, f);
      error += difference * difference;
      norm += a(i, j) * a(i, j);
    }
  return std::sqrt(error / norm);
}

}  // namespace example
