#pragma once
#include "seesaw/top_k.hpp"

namespace seesaw {

// Each returns i * n + j of the first score that is not finite, -1 where there is none. seen.offsets may be null.
inline constexpr index_t kAllFinite = -1;

namespace reference {
template <class T>
index_t top_k(MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, MatrixView<column_t> items,
              MatrixView<T> scores);
}
namespace cpu {
template <class T>
index_t top_k(int threads, MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, MatrixView<column_t> items,
              MatrixView<T> scores);
}
namespace cuda {
template <class T>
index_t top_k(Resources& gpu, MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, MatrixView<column_t> items,
              MatrixView<T> scores);
}

}  // namespace seesaw
