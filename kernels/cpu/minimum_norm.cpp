#include "cpu/minimum_norm.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "cpu/lapack.hpp"

namespace seesaw::cpu {
namespace {

constexpr index_t kMostElements = index_t{1} << 22;  // of the rows that are kept, but for large ranks

/// Collects the rows of [M b], column-major. Where they would become too many, those that came so far are replaced by
/// the triangle of their QR factorization, which has the same singular values and solutions.
template <class T>
class StackedRows {
 public:
  StackedRows(index_t rows, index_t k)
      : k_(k),
        capacity_(std::min(rows, std::max(2 * (k + 1), kMostElements / (k + 1)))),
        data_(static_cast<std::size_t>(capacity_ * (k + 1))) {}

  /// The next row, for at() to fill in.
  void next() {
    if (filled_ == capacity_) reduce();
    ++filled_;
    for (index_t f = 0; f <= k_; ++f) at(f) = 0;
  }
  T& at(index_t f) { return element(filled_ - 1, f); }

  void solve(T rcond, T* x) {
    std::vector<T> b(static_cast<std::size_t>(std::max(filled_, k_)), T{0});
    std::copy(&element(0, k_), &element(0, k_) + filled_, b.begin());
    std::vector<T> singular_values(static_cast<std::size_t>(std::min(filled_, k_)));
    gelsd(filled_, k_, data_.data(), capacity_, b.data(), singular_values.data(), rcond);
    std::copy(b.begin(), b.begin() + k_, x);
  }

 private:
  T& element(index_t row, index_t column) { return data_[static_cast<std::size_t>(column * capacity_ + row)]; }

  void reduce() {
    std::vector<T> tau(static_cast<std::size_t>(k_ + 1));
    geqrf(filled_, k_ + 1, data_.data(), capacity_, tau.data());
    filled_ = k_ + 1;
    for (index_t column = 0; column <= k_; ++column)
      for (index_t row = column + 1; row < filled_; ++row) element(row, column) = 0;
  }

  index_t k_;
  index_t capacity_;
  index_t filled_ = 0;
  std::vector<T> data_;
};

}  // namespace

template <class T>
void solve_by_minimum_norm(const SolveRows<T>& problem, index_t i) {
  const SingleThreadedBlas guard;
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols, entries = problem.entries(i);
  const T ridge = problem.ridge(i);
  const bool diagonal = problem.implicit() || ridge > 0;
  const index_t rows = diagonal ? entries + k : entries;
  StackedRows<T> stacked(rows, k);
  std::vector<T> sum(static_cast<std::size_t>(k));  // of the vectors
  bool finite = std::isfinite(ridge);
  for (offset_t e = ratings.offsets[i]; e < ratings.offsets[i + 1]; ++e) {
    const T given = ratings.weights != nullptr ? ratings.weights[e] : T{1};
    const T root = std::sqrt(problem.shared.weight(ratings.values[e], given));
    const T* y = problem.y.row(ratings.columns[e]);
    stacked.next();
    for (index_t f = 0; f < k; ++f) {
      stacked.at(f) = root * y[f];
      sum[static_cast<std::size_t>(f)] += y[f];
      finite = finite && std::isfinite(stacked.at(f));
    }
    stacked.at(k) = problem.implicit() ? root : root * ratings.values[e];
  }
  if (!finite) {
    std::fill(problem.x.row(i), problem.x.row(i) + k, std::numeric_limits<T>::quiet_NaN());
    return;
  }
  for (index_t f = 0; diagonal && f < k; ++f) {
    const T root = std::sqrt(problem.diagonal(ridge, f));
    stacked.next();
    stacked.at(f) = root;
    if (problem.implicit()) stacked.at(k) = problem.shared.unobserved * sum[static_cast<std::size_t>(f)] / root;
  }
  stacked.solve(singular_threshold(std::max(rows, k), T{1}), problem.x.row(i));
}

// StackedRows, and what gelsd takes for a matrix of that width: a square one and a few blocks of 64 columns.
template <class T>
double minimum_norm_workspace(const SolveRowsSize& size) {
  const auto k = static_cast<double>(size.rank);
  const double kept = std::max(2 * (k + 1), static_cast<double>(kMostElements) / (k + 1));
  const double rows = std::min(size.longest_row() + k, kept);
  constexpr double kBlocks = 4 * 64;
  return ((rows + k) * (k + 1) + kBlocks * k) * sizeof(T);
}

template double minimum_norm_workspace<float>(const SolveRowsSize&);
template double minimum_norm_workspace<double>(const SolveRowsSize&);
template void solve_by_minimum_norm(const SolveRows<float>&, index_t);
template void solve_by_minimum_norm(const SolveRows<double>&, index_t);

}  // namespace seesaw::cpu
