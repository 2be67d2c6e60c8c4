#pragma once
#include <limits>

#include "seesaw/solve_spd.hpp"

namespace seesaw {

/// The factorization's pivots, and the eigenvalues, below which a k x k system counts as singular.
template <class T>
constexpr T singular_threshold(index_t k, T largest) {
  return static_cast<T>(k) * std::numeric_limits<T>::epsilon() * largest;
}

namespace reference {
template <class T>
index_t solve_spd(MatrixView<const T> a, MatrixView<T> b);
}
namespace cpu {
template <class T>
index_t solve_spd(int threads, MatrixView<const T> a, MatrixView<T> b);
}
namespace cuda {
template <class T>
index_t solve_spd(Resources& gpu, MatrixView<const T> a, MatrixView<T> b);
}

}  // namespace seesaw
