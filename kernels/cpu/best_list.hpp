#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "top_k.hpp"

namespace seesaw::cpu {

template <class T>
struct Candidate {
  T score;
  column_t item;
};

template <class T>
bool is_better(const Candidate<T>& a, const Candidate<T>& b) {
  return a.score > b.score || (a.score == b.score && a.item < b.item);
}

/// The best `keep` of the items that are offered, in ascending order of item, to one row. Up to twice as many are held
/// before the worse half is dropped, so an offer takes constant time on average.
template <class T>
struct BestList {
  Candidate<T>* held = nullptr;  ///< memory for 2 * keep, or for all items where they are fewer
  index_t keep = 0;
  index_t count = 0;
  T threshold = -std::numeric_limits<T>::infinity();  ///< what no longer beats the best `keep`
  const column_t* seen = nullptr;                     ///< those not passed yet
  const column_t* seen_end = nullptr;
  index_t flaw = kAllFinite;  ///< the first item whose score is not finite

  void offer(T score, index_t item) {
    while (seen != seen_end && *seen < item) ++seen;
    if (seen != seen_end && *seen == item) return;
    if (!std::isfinite(score)) {
      if (flaw == kAllFinite) flaw = item;
    } else if (score > threshold) {
      if (count == 2 * keep) drop_worse();
      if (score > threshold) held[count++] = {score, static_cast<column_t>(item)};
    }
  }

  /// Begins with the items of an earlier call of store().
  void load(const column_t* items, const T* scores) {
    for (; count < keep && items[count] >= 0; ++count) held[count] = {scores[count], items[count]};
    if (count == keep) threshold = held[count - 1].score;
  }

  /// Best first, -1 and -infinity up to n.
  void store(column_t* items, T* scores, index_t n) {
    if (count > keep) drop_worse();
    std::sort(held, held + count, is_better<T>);
    for (index_t p = 0; p < n; ++p) {
      items[p] = p < count ? held[p].item : -1;
      scores[p] = p < count ? held[p].score : -std::numeric_limits<T>::infinity();
    }
  }

 private:
  void drop_worse() {
    std::nth_element(held, held + keep - 1, held + count, is_better<T>);
    count = keep;
    threshold = held[keep - 1].score;
  }
};

}  // namespace seesaw::cpu
