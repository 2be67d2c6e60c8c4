#pragma once
#include "seesaw/matrix.hpp"

// Long vectors, for the solvers that treat all factors as one point: sums in double and in a fixed order.
namespace seesaw {

namespace reference {
/// sum w_i a_i b_i; with `weights` null w is 1.
template <class T>
double dot(index_t size, const T* a, const T* b, const T* weights = nullptr);
/// b = alpha a + beta b; where beta is 0, b is not read.
template <class T>
void combine(index_t size, double alpha, const T* a, double beta, T* b);
}  // namespace reference
namespace cpu {
template <class T>
double dot(int threads, index_t size, const T* a, const T* b, const T* weights = nullptr);
template <class T>
void combine(int threads, index_t size, double alpha, const T* a, double beta, T* b);
}  // namespace cpu
namespace cuda {
/// Waits for the sum.
template <class T>
double dot(Resources& gpu, index_t size, const T* a, const T* b, const T* weights = nullptr);
template <class T>
void combine(Resources& gpu, index_t size, double alpha, const T* a, double beta, T* b);
}  // namespace cuda

}  // namespace seesaw
