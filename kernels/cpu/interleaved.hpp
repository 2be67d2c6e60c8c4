#pragma once
#include "cpu/dense.hpp"

namespace seesaw::cpu {

/// Unknowns of an interleaved system that are eliminated together; its size is a multiple of it.
inline constexpr index_t kSide = 4;

/// Systems of up to so many unknowns are solved interleaved, by solve_interleaved(). Measured beside factor() and
/// back_substitute() of four at a time, on a Zen 4 with AVX-512 and with AVX2: it takes, moving the systems into the
/// lanes included, 0.2 of their time at 8 unknowns, 0.25 at 16, 0.45 at 32 and 0.7 at 64 in float; 0.3, 0.4, 0.6 and
/// 0.9 in double, where all lanes are filled: a batch takes its time however few are. Vectors of 16 bytes give 0.5 at
/// 32, and even one lane loses nothing. Beyond 64 little is won, and the systems of a batch outgrow the L2 cache.
inline constexpr index_t kMostInterleaved = 64;

template <class T>
bool is_interleaved(const Layout<T>& layout) {
  return layout.rows <= kMostInterleaved;
}

/// As many systems as a vector has lanes, one in each: an element here is a vector. The matrix stands in blocks of
/// kSide columns, each with its rows down to the diagonal, rows x kSide; column_block() finds them.
template <class T>
struct Batch {
  static constexpr index_t kMostLanes = 64 / static_cast<index_t>(sizeof(T));

  T* a;          ///< the upper triangle; becomes D L' with L D L' = a
  T* unit;       ///< size x kSide; elements of L' on their way
  T* inverse;    ///< size; 1 / D
  T* x;          ///< size; b, then the solution
  T* threshold;  ///< one element; that pivots must be above
  T* positive;   ///< one; 1 where they all were, else 0 and the rest of the lane is meaningless

  /// Numbers for systems of up to so many unknowns.
  static index_t memory_size(index_t unknowns) {
    const index_t size = padded(unknowns);
    return (triangle(size) + size * kSide + 2 * size + 2) * kMostLanes;
  }
  Batch(index_t unknowns, T* memory) {
    const index_t size = padded(unknowns);
    a = memory;
    unit = a + triangle(size) * kMostLanes;
    inverse = unit + size * kSide * kMostLanes;
    x = inverse + size * kMostLanes;
    threshold = x + size * kMostLanes;
    positive = threshold + kMostLanes;
  }

 private:
  static index_t padded(index_t unknowns) { return Layout<T>(unknowns).rows; }
  static index_t triangle(index_t size) { return size * (size + kSide) / 2; }
};

}  // namespace seesaw::cpu
