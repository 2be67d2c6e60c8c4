#include "top_k.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace seesaw::reference {
namespace {

template <class T>
bool has_seen(const CsrView<T>& seen, index_t i, index_t j) {
  if (seen.offsets == nullptr) return false;
  return std::binary_search(seen.columns + seen.offsets[i], seen.columns + seen.offsets[i + 1], j);
}

}  // namespace

template <class T>
index_t top_k(MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, MatrixView<column_t> items,
              MatrixView<T> scores) {
  index_t flaw = kAllFinite;
  for (index_t i = 0; i < x.rows; ++i) {
    std::vector<std::pair<T, column_t>> candidates;  // minus the score, so that the best is the least
    for (index_t j = 0; j < y.rows; ++j) {
      if (has_seen(seen, i, j)) continue;
      T score = 0;
      for (index_t f = 0; f < x.cols; ++f) score += x(i, f) * y(j, f);
      if (std::isfinite(score))
        candidates.emplace_back(-score, static_cast<column_t>(j));
      else if (flaw == kAllFinite)
        flaw = i * y.rows + j;
    }
    std::sort(candidates.begin(), candidates.end());
    for (index_t p = 0; p < items.cols; ++p) {
      const bool there = p < static_cast<index_t>(candidates.size());
      items(i, p) = there ? candidates[static_cast<std::size_t>(p)].second : -1;
      scores(i, p) = there ? -candidates[static_cast<std::size_t>(p)].first : -std::numeric_limits<T>::infinity();
    }
  }
  return flaw;
}

template index_t top_k(MatrixView<const float>, MatrixView<const float>, CsrView<float>, MatrixView<column_t>,
                       MatrixView<float>);
template index_t top_k(MatrixView<const double>, MatrixView<const double>, CsrView<double>, MatrixView<column_t>,
                       MatrixView<double>);

}  // namespace seesaw::reference
