#pragma once
#include <omp.h>

#include <algorithm>
#include <exception>

#include "seesaw/types.hpp"

namespace seesaw::cpu {

/// While it lives, BLAS and LAPACK calls of this thread use no other thread: their results would depend on how many
/// there are. (OpenBLAS built on OpenMP asks omp_get_max_threads.)
class SingleThreadedBlas {
 public:
  SingleThreadedBlas() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~SingleThreadedBlas() { omp_set_num_threads(before_); }
  SingleThreadedBlas(const SingleThreadedBlas&) = delete;
  SingleThreadedBlas& operator=(const SingleThreadedBlas&) = delete;

 private:
  int before_;
};

/// body(scratch, block) for each block 0 .. blocks - 1, in any order; every thread has the scratch that make_scratch()
/// gives it. An exception ends the thread that met it; the first one goes to the caller when all threads have ended.
template <class MakeScratch, class Body>
void for_blocks(int threads, index_t blocks, MakeScratch&& make_scratch, Body&& body) {
  const int team = static_cast<int>(std::clamp<index_t>(blocks, 1, threads));
  std::exception_ptr failure;
  index_t next = 0;
#pragma omp parallel num_threads(team)
  try {
    auto scratch = make_scratch();
    for (;;) {
      index_t block;
#pragma omp atomic capture
      block = next++;
      if (block >= blocks) break;
      body(scratch, block);
    }
  } catch (...) {
#pragma omp critical(seesaw_failure)
    if (!failure) failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

template <class Body>
void for_blocks(int threads, index_t blocks, Body&& body) {
  for_blocks(
      threads, blocks, [] { return 0; }, [&](int, index_t block) { body(block); });
}

/// How many blocks of `size` cover n.
constexpr index_t block_count(index_t n, index_t size) { return (n + size - 1) / size; }

}  // namespace seesaw::cpu
