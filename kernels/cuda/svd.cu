#include <algorithm>
#include <string>

#include "device.cuh"
#include "resources.cuh"
#include "svd.hpp"

namespace seesaw::cuda {
namespace {

int work_size(cusolverDnHandle_t handle, int m, int n, const float*) {
  int size = 0;
  check(cusolverDnSgesvd_bufferSize(handle, m, n, &size), "cusolverDnSgesvd_bufferSize");
  return size;
}
int work_size(cusolverDnHandle_t handle, int m, int n, const double*) {
  int size = 0;
  check(cusolverDnDgesvd_bufferSize(handle, m, n, &size), "cusolverDnDgesvd_bufferSize");
  return size;
}
void gesvd(cusolverDnHandle_t handle, int m, int n, float* a, int lda, float* s, float* u, int ldu, float* vt, int ldvt,
           float* work, int size, int* info) {
  check(cusolverDnSgesvd(handle, 'S', 'S', m, n, a, lda, s, u, ldu, vt, ldvt, work, size, nullptr, info),
        "cusolverDnSgesvd");
}
void gesvd(cusolverDnHandle_t handle, int m, int n, double* a, int lda, double* s, double* u, int ldu, double* vt,
           int ldvt, double* work, int size, int* info) {
  check(cusolverDnDgesvd(handle, 'S', 'S', m, n, a, lda, s, u, ldu, vt, ldvt, work, size, nullptr, info),
        "cusolverDnDgesvd");
}

/// U diag(s) V' of a column-major m x n matrix, m >= n. Waits.
template <class T>
void decompose(Resources& gpu, index_t m, index_t n, T* a, index_t lda, T* s, T* u, index_t ldu, T* vt, index_t ldvt) {
  auto count = [](index_t size) { return static_cast<int>(size); };
  const int size = work_size(gpu.cusolver(), count(m), count(n), a);
  T* work = gpu.scratch<T>(Scratch::library, static_cast<std::size_t>(size));
  int* info = gpu.scratch<int>(Scratch::info, 1);
  gesvd(gpu.cusolver(), count(m), count(n), a, count(lda), s, u, count(ldu), vt, count(ldvt), work, size, info);
  int failed = 0;
  check(cudaMemcpyAsync(&failed, info, sizeof failed, cudaMemcpyDeviceToHost, gpu.stream()), "cudaMemcpyAsync");
  gpu.synchronize();
  if (failed != 0) throw Error("gesvd of cuSOLVER failed with info = " + std::to_string(failed));
}

constexpr int kTile = 32, kRows = 8;

// out = in'. Block (s, t) takes the tile t of rows and s of columns: thread (x, y) reads column x of its rows y, y + 8,
// ... and writes column x of the transposed tile's rows. Shared: the tile, its rows one element apart from a bank.
template <class T>
__global__ void __launch_bounds__(kTile* kRows) transpose_kernel(MatrixView<const T> in, MatrixView<T> out) {
  T* tile = dynamic_shared<T>();
  const index_t tiles = (in.cols + kTile - 1) / kTile;
  const index_t row = blockIdx.x / tiles * kTile, col = blockIdx.x % tiles * kTile;
  const int x = static_cast<int>(threadIdx.x);
  for (int y = static_cast<int>(threadIdx.y); y < kTile; y += kRows)
    if (row + y < in.rows && col + x < in.cols) tile[y * (kTile + 1) + x] = in.data[(row + y) * in.stride + col + x];
  __syncthreads();
  for (int y = static_cast<int>(threadIdx.y); y < kTile; y += kRows)
    if (col + y < in.cols && row + x < in.rows) out.data[(col + y) * out.stride + row + x] = tile[x * (kTile + 1) + y];
}

template <class T>
void transpose(Resources& gpu, MatrixView<const T> in, MatrixView<T> out) {
  const index_t tiles = (in.rows + kTile - 1) / kTile * ((in.cols + kTile - 1) / kTile);
  launch(transpose_kernel<T>, tiles, dim3(kTile, kRows), kTile * (kTile + 1) * sizeof(T), gpu.stream(), in, out);
}

/// Whether cuSOLVER, which counts in int and knows only m >= n, must be given the transposed of the row-major matrix.
bool is_turned(index_t rows, index_t cols) { return rows > cols; }

}  // namespace

// A row-major a is a' to cuSOLVER, so that its left vectors are V, by columns, and its right ones U'. Where a has more
// rows than columns that would be wider than cuSOLVER takes:   1. transpose a   2. decompose   3. transpose U and V'
template <class T>
void svd(Resources& gpu, MatrixView<T> a, MatrixView<T> u, T* s, MatrixView<T> vt) {
  constexpr index_t kMost = 0x7fffffff;
  const DeviceScope scope(gpu.device());
  if (std::max(a.stride, vt.stride) * a.rows > kMost || u.stride > kMost)
    throw InvalidArgument("a is " + std::to_string(a.rows) + " x " + std::to_string(a.cols) +
                          ", expected at most 2^31 - 1 elements on CUDA");
  if (!is_turned(a.rows, a.cols))
    return decompose(gpu, a.cols, a.rows, a.data, a.stride, s, vt.data, vt.stride, u.data, u.stride);
  const index_t m = a.rows, n = a.cols;
  T* columns = gpu.scratch<T>(Scratch::factor, static_cast<std::size_t>(2 * m * n + n * n));
  T *left = columns + m * n, *right = left + m * n;
  transpose(gpu, MatrixView<const T>(a), MatrixView<T>(columns, n, m));
  decompose(gpu, m, n, columns, m, s, left, m, right, n);
  transpose(gpu, MatrixView<const T>(left, n, m), u);
  transpose(gpu, MatrixView<const T>(right, n, n), vt);
}

template <class T>
double svd_workspace(Resources& gpu, index_t rows, index_t cols) {
  const DeviceScope scope(gpu.device());
  const auto m = static_cast<double>(std::max(rows, cols)), n = static_cast<double>(std::min(rows, cols));
  const double columns = is_turned(rows, cols) ? 2 * m * n + n * n : 0;
  if (m * n > 0x7fffffff) return columns * sizeof(T);  // refused
  const int size = work_size(gpu.cusolver(), static_cast<int>(std::max(rows, cols)),
                             static_cast<int>(std::min(rows, cols)), static_cast<const T*>(nullptr));
  return (columns + size) * sizeof(T);
}

template void svd(Resources&, MatrixView<float>, MatrixView<float>, float*, MatrixView<float>);
template void svd(Resources&, MatrixView<double>, MatrixView<double>, double*, MatrixView<double>);
template double svd_workspace<float>(Resources&, index_t, index_t);
template double svd_workspace<double>(Resources&, index_t, index_t);

}  // namespace seesaw::cuda
