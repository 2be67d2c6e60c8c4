#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "seesaw/planted.hpp"
#include "seesaw/random.hpp"

// Draws of indices of which some are frequent.
namespace seesaw {

/// A random order of 0 to size - 1 (Fisher, Yates).
inline std::vector<column_t> shuffled(index_t size, std::uint64_t seed) {
  std::vector<column_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) {
    const auto j = static_cast<std::size_t>(random_uniform(seed, i) * static_cast<double>(i));
    std::swap(order[i - 1], order[j]);
  }
  return order;
}

/// (p + 1)^-exponent for p = 0 to size - 1.
inline std::vector<double> power_law(index_t size, double exponent) {
  std::vector<double> law(static_cast<std::size_t>(size));
  for (index_t p = 0; p < size; ++p) law[static_cast<std::size_t>(p)] = std::pow(static_cast<double>(p + 1), -exponent);
  return law;
}

/// As Vose (1991) does: each number below the average is topped up by one above.
inline detail::Alias alias_of(const std::vector<double>& weights) {
  const double average = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
  detail::Alias alias{std::vector<double>(weights.size()), std::vector<column_t>(weights.size())};
  std::vector<column_t> below, above;
  for (std::size_t j = 0; j < weights.size(); ++j) {
    alias.keep[j] = weights[j] / average;
    alias.other[j] = static_cast<column_t>(j);
    (alias.keep[j] < 1 ? below : above).push_back(static_cast<column_t>(j));
  }
  while (!below.empty() && !above.empty()) {
    const auto poor = static_cast<std::size_t>(below.back()), rich = static_cast<std::size_t>(above.back());
    below.pop_back();
    alias.other[poor] = above.back();
    alias.keep[rich] -= 1 - alias.keep[poor];
    if (alias.keep[rich] < 1) {
      below.push_back(above.back());
      above.pop_back();
    }
  }
  for (const auto* rest : {&below, &above})  // 1 but for rounding
    for (const column_t j : *rest) alias.keep[static_cast<std::size_t>(j)] = 1;
  return alias;
}

/// The number drawn, given one that is uniform in (0, 1).
inline column_t pick(const detail::Alias& alias, double uniform) {
  const double place = uniform * static_cast<double>(alias.keep.size());
  const auto hit = std::min(static_cast<std::size_t>(place), alias.keep.size() - 1);
  return place - static_cast<double>(hit) < alias.keep[hit] ? static_cast<column_t>(hit) : alias.other[hit];
}

}  // namespace seesaw
