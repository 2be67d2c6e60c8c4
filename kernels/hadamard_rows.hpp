#pragma once
#include <cstddef>

#include "seesaw/tensor.hpp"

namespace seesaw {

/// out(e, :) = the elementwise product of the rows indices[n][e] of factors[n], n = 0 to count - 1, taken from left to
/// right, so that every backend gives the same bits: row e of the Khatri-Rao product that an entry of a tensor meets.
template <class T>
struct HadamardRows {
  int count = 0;  ///< at least 2
  std::array<const column_t*, kMaxOrder> indices{};
  FactorViews<T> factors{};
  MatrixView<T> out;

  /// Everything that points into memory.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n) {
      visitor(indices[n]);
      visitor(factors[n]);
    }
    visitor(out);
  }
};

/// That of the entries first to first + out.rows - 1, of all modes but the one that they are by; order 3 or more.
template <class T>
HadamardRows<T> hadamard_rows_of(const ModeView<T>& entries, const FactorViews<T>& factors, offset_t first,
                                 MatrixView<T> out) {
  HadamardRows<T> problem;
  problem.out = out;
  for (int m = 0; m < entries.order; ++m) {
    if (m == entries.mode) continue;
    const auto mode = static_cast<std::size_t>(m), place = static_cast<std::size_t>(problem.count++);
    problem.indices[place] = entries.indices[mode] + first;
    problem.factors[place] = factors[mode];
  }
  return problem;
}

namespace reference {
template <class T>
void hadamard_rows(const HadamardRows<T>& problem);
}
namespace cpu {
template <class T>
void hadamard_rows(int threads, const HadamardRows<T>& problem);
}
namespace cuda {
template <class T>
void hadamard_rows(Resources& gpu, const HadamardRows<T>& problem);
}

}  // namespace seesaw
