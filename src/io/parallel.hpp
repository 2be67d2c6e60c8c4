#pragma once
#include <omp.h>

#include <exception>
#include <string>
#include <vector>

#include "seesaw/errors.hpp"
#include "seesaw/types.hpp"

namespace seesaw::io {

inline int thread_count(int asked) {
  if (asked < 0)
    throw InvalidArgument("threads is " + std::to_string(asked) + ", expected 0 (all) or a positive number");
  return asked == 0 ? omp_get_max_threads() : asked;
}

/// work(0), ..., work(count - 1) on so many threads; gives what each of them threw, or null.
template <class Work>
std::vector<std::exception_ptr> parallel_attempts(int threads, index_t count, const Work& work) {
  std::vector<std::exception_ptr> thrown(static_cast<std::size_t>(count));
  const int team = static_cast<int>(count < threads ? (count > 0 ? count : 1) : threads);
#pragma omp parallel for schedule(dynamic, 1) num_threads(team)
  for (index_t i = 0; i < count; ++i) {
    try {
      work(i);
    } catch (...) {
      thrown[static_cast<std::size_t>(i)] = std::current_exception();
    }
  }
  return thrown;
}

/// Throws what the earliest of them threw, so that the outcome does not depend on the threads.
inline void rethrow_first(const std::vector<std::exception_ptr>& thrown) {
  for (const auto& exception : thrown)
    if (exception) std::rethrow_exception(exception);
}

template <class Work>
void parallel_for(int threads, index_t count, const Work& work) {
  rethrow_first(parallel_attempts(threads, count, work));
}

/// Part `part` of `parts` nearly equal parts of 0..size-1.
struct Range {
  index_t first;
  index_t last;
};
inline Range part_of(index_t size, index_t part, index_t parts) {
  const index_t base = size / parts, rest = size % parts;
  const index_t first = part * base + (part < rest ? part : rest);
  return {first, first + base + (part < rest ? 1 : 0)};
}

}  // namespace seesaw::io
