#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "seesaw/io/ratings.hpp"
#include "seesaw/sparse.hpp"

namespace seesaw::io {

/// Entry `again` stands in the same place as the earlier entry `first`, the first one there.
struct Repeat {
  offset_t first;
  offset_t again;
};

/// Ordered by `again`.
std::vector<Repeat> find_repeats(const Buffer<column_t>& rows, const Buffer<column_t>& cols, int threads);

/// The same for entries of order 2 to 8, given by their indices in each mode; these are not negative.
std::vector<Repeat> find_repeats(int order, const std::array<const column_t*, kMaxOrder>& indices,
                                 const std::array<index_t, kMaxOrder>& shape, offset_t entries, int threads);

/// Lets the first entry of each place hold what the policy makes of all of them; weights likewise. Sums are taken in
/// the order of the file. The others stay where they are.
template <class T>
void merge_repeats(std::vector<Repeat> repeats, Duplicates policy, T* values);

/// What stays of `all`, in its order, without those at the places `gone`, which ascend.
template <class E>
Buffer<E> without(const Buffer<E>& all, const std::vector<offset_t>& gone) {
  Buffer<E> rest(all.size() - static_cast<offset_t>(gone.size()));
  E* to = rest.data();
  offset_t from = 0;
  for (const offset_t e : gone) {
    to = std::copy(all.data() + from, all.data() + e, to);
    from = e + 1;
  }
  std::copy(all.data() + from, all.data() + all.size(), to);
  return rest;
}

extern template void merge_repeats<float>(std::vector<Repeat>, Duplicates, float*);
extern template void merge_repeats<double>(std::vector<Repeat>, Duplicates, double*);

}  // namespace seesaw::io
