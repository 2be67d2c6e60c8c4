#pragma once
#include <omp.h>

#include <limits>
#include <string>
#include <vector>

#include "seesaw/errors.hpp"
#include "seesaw/sparse.hpp"

// What the options of planted tensors have in common.
namespace seesaw {

/// The product of the sizes, each at least 1; -1 where it exceeds 2^63 - 1.
inline index_t place_count(const std::vector<index_t>& shape) {
  index_t count = 1;
  for (const index_t size : shape)
    if (__builtin_mul_overflow(count, size, &count)) return -1;
  return count;
}

inline void require_planted_shape(const std::vector<index_t>& shape, index_t most = std::numeric_limits<index_t>::max(),
                                  const char* expected = "at least 1") {
  if (shape.size() < 2 || shape.size() > kMaxOrder)
    throw InvalidArgument("shape has " + std::to_string(shape.size()) + " sizes, expected 2 to 8");
  for (std::size_t n = 0; n < shape.size(); ++n)
    if (shape[n] < 1 || shape[n] > most)
      throw InvalidArgument("shape[" + std::to_string(n) + "] is " + std::to_string(shape[n]) + ", expected " +
                            expected);
  if (place_count(shape) < 0) throw InvalidArgument("the sizes of shape multiply to more than 2^63 - 1");
}

inline int planted_threads(int threads) {
  if (threads < 0) throw InvalidArgument("threads is " + std::to_string(threads) + ", expected 0 (all) or more");
  return threads > 0 ? threads : omp_get_max_threads();
}

}  // namespace seesaw
