#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw {

// Goes down 1/2 x_i' A x_i - b_i.x_i with x_i >= 0, for each row x_i of x, by `passes` passes of cyclic coordinate
// descent from the x given:
//   x_if = max(0, x_if + (b_if - sum_g a_fg x_ig) / a_ff), f = 0 .. k - 1;  0 where a_ff is 0.
// No pass raises any row's objective but where the x given has a negative element.
// a  k x k, symmetric positive semidefinite, both triangles   b  m x k   x  m x k, any stride
// Source: Cichocki, Phan (2009), "Fast local algorithms for large scale nonnegative matrix and tensor factorizations".
namespace reference {
template <class T>
void nonnegative_descent(MatrixView<const T> a, MatrixView<const T> b, int passes, MatrixView<T> x);
}
namespace cpu {
template <class T>
void nonnegative_descent(int threads, MatrixView<const T> a, MatrixView<const T> b, int passes, MatrixView<T> x);
}
namespace cuda {
template <class T>
void nonnegative_descent(Resources& gpu, MatrixView<const T> a, MatrixView<const T> b, int passes, MatrixView<T> x);
}

}  // namespace seesaw
