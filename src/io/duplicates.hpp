#pragma once
#include <vector>

#include "entries.hpp"

namespace seesaw::io {

/// Entry `again` stands in the same place as the earlier entry `first`, the first one there.
struct Repeat {
  offset_t first;
  offset_t again;
};

/// Ordered by `again`.
std::vector<Repeat> find_repeats(const Buffer<column_t>& rows, const Buffer<column_t>& cols, int threads);

/// Lets the first entry of each place hold what the policy makes of all of them; weights likewise. Sums are taken in
/// the order of the file. The others stay where they are.
template <class T>
void merge_repeats(std::vector<Repeat> repeats, Duplicates policy, T* values);

extern template void merge_repeats<float>(std::vector<Repeat>, Duplicates, float*);
extern template void merge_repeats<double>(std::vector<Repeat>, Duplicates, double*);

}  // namespace seesaw::io
