#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw {

// out = a y: the right-hand sides of all rows when every entry is observed.   a  m x n   y  n x k   out  m x k
namespace reference {
template <class T>
void product(MatrixView<const T> a, MatrixView<const T> y, MatrixView<T> out);
}
namespace cpu {
template <class T>
void product(int threads, MatrixView<const T> a, MatrixView<const T> y, MatrixView<T> out);
}
namespace cuda {
template <class T>
void product(Resources& gpu, MatrixView<const T> a, MatrixView<const T> y, MatrixView<T> out);
}

}  // namespace seesaw
