#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw {

// x(i, f) = x(i, f) * scales[f].   x  m x k, any stride   scales  k
namespace reference {
template <class T>
void scale_columns(MatrixView<T> x, const T* scales);
}
namespace cpu {
template <class T>
void scale_columns(int threads, MatrixView<T> x, const T* scales);
}
namespace cuda {
template <class T>
void scale_columns(Resources& gpu, MatrixView<T> x, const T* scales);
}

}  // namespace seesaw
