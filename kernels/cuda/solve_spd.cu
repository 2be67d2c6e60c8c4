#include <algorithm>
#include <vector>

#include "product.hpp"
#include "resources.cuh"
#include "solve_spd.hpp"

namespace seesaw::cuda {
namespace {

int factor_size(cusolverDnHandle_t handle, int k, float* a) {
  int size = 0;
  check(cusolverDnSpotrf_bufferSize(handle, CUBLAS_FILL_MODE_UPPER, k, a, k, &size), "cusolverDnSpotrf_bufferSize");
  return size;
}
int factor_size(cusolverDnHandle_t handle, int k, double* a) {
  int size = 0;
  check(cusolverDnDpotrf_bufferSize(handle, CUBLAS_FILL_MODE_UPPER, k, a, k, &size), "cusolverDnDpotrf_bufferSize");
  return size;
}
void factor(cusolverDnHandle_t handle, int k, float* a, float* work, int size, int* info) {
  check(cusolverDnSpotrf(handle, CUBLAS_FILL_MODE_UPPER, k, a, k, work, size, info), "cusolverDnSpotrf");
}
void factor(cusolverDnHandle_t handle, int k, double* a, double* work, int size, int* info) {
  check(cusolverDnDpotrf(handle, CUBLAS_FILL_MODE_UPPER, k, a, k, work, size, info), "cusolverDnDpotrf");
}
void solve(cusolverDnHandle_t handle, int k, int count, const float* a, float* b, int ldb, int* info) {
  check(cusolverDnSpotrs(handle, CUBLAS_FILL_MODE_UPPER, k, count, a, k, b, ldb, info), "cusolverDnSpotrs");
}
void solve(cusolverDnHandle_t handle, int k, int count, const double* a, double* b, int ldb, int* info) {
  check(cusolverDnDpotrs(handle, CUBLAS_FILL_MODE_UPPER, k, count, a, k, b, ldb, info), "cusolverDnDpotrs");
}

template <class T>
void copy_rows(Resources& gpu, T* to, index_t to_stride, const T* from, index_t from_stride, index_t width,
               index_t rows, cudaMemcpyKind kind) {
  auto bytes = [](index_t n) { return static_cast<std::size_t>(n) * sizeof(T); };
  check(cudaMemcpy2DAsync(to, bytes(to_stride), from, bytes(from_stride), bytes(width), static_cast<std::size_t>(rows),
                          kind, gpu.stream()),
        "cudaMemcpy2DAsync");
}

/// Enqueues the copy of a diagonal to the host.
template <class T>
std::vector<T> diagonal(Resources& gpu, const T* a, index_t k, index_t stride) {
  std::vector<T> host(static_cast<std::size_t>(k));
  copy_rows(gpu, host.data(), 1, a, stride + 1, 1, k, cudaMemcpyDeviceToHost);
  return host;
}

/// Whether `factored`, over the copy of a, has all its pivots above the threshold. Waits.
template <class T>
bool is_regular(Resources& gpu, MatrixView<const T> a, const T* factored, const int* info) {
  int failed = 0;
  check(cudaMemcpyAsync(&failed, info, sizeof failed, cudaMemcpyDeviceToHost, gpu.stream()), "cudaMemcpyAsync");
  const std::vector<T> before = diagonal(gpu, a.data, a.rows, a.stride);
  const std::vector<T> roots = diagonal(gpu, factored, a.rows, a.rows);
  gpu.synchronize();
  const T threshold = singular_threshold(a.rows, std::max(T{0}, *std::max_element(before.begin(), before.end())));
  return failed == 0 && std::all_of(roots.begin(), roots.end(), [&](T l) { return l * l > threshold; });
}

/// b = b A^+ with the pseudoinverse A^+ from the cpu implementation: A is small, and this is rare.
template <class T>
index_t solve_by_pseudoinverse(Resources& gpu, MatrixView<const T> a, MatrixView<T> b) {
  const index_t k = a.rows, slice = std::min<index_t>(b.rows, std::max<index_t>(1, (index_t{64} << 20) / k));
  const auto size = static_cast<std::size_t>(k * k);
  std::vector<T> host(size), inverse(size, T{0});
  for (index_t f = 0; f < k; ++f) inverse[static_cast<std::size_t>(f * k + f)] = 1;
  copy_rows(gpu, host.data(), k, a.data, a.stride, k, k, cudaMemcpyDeviceToHost);
  gpu.synchronize();
  const index_t rank = cpu::solve_spd(1, MatrixView<const T>(host.data(), k, k), MatrixView<T>(inverse.data(), k, k));
  T* device = gpu.scratch<T>(Scratch::factor, size);
  copy_rows(gpu, device, k, inverse.data(), k, k, k, cudaMemcpyHostToDevice);
  T* copy = gpu.scratch<T>(Scratch::library, static_cast<std::size_t>(slice * k));
  for (index_t first = 0; first < b.rows; first += slice) {
    const MatrixView<T> rows = b.slice(first, std::min(b.rows, first + slice));
    copy_rows(gpu, copy, k, rows.data, rows.stride, k, rows.rows, cudaMemcpyDeviceToDevice);
    product(gpu, MatrixView<const T>(copy, rows.rows, k), MatrixView<const T>(device, k, k), rows);
  }
  gpu.synchronize();  // `inverse` is read until here
  return rank;
}

}  // namespace

// 1. factor   2. solve the right-hand sides   or, where a is singular, 3. by its pseudoinverse. A row-major lower
// triangle is an upper one to cuSOLVER, and the rows of b are its right-hand sides.
template <class T>
index_t solve_spd(Resources& gpu, MatrixView<const T> a, MatrixView<T> b) {
  constexpr index_t kSlice = index_t{1} << 20;
  const DeviceScope scope(gpu.device());
  const index_t k = a.rows;
  if (k > 46340 || b.stride > 0x7fffffff)  // 46340^2 < 2^31: cuSOLVER counts in int
    throw InvalidArgument("a is " + std::to_string(k) + " x " + std::to_string(k) + " and b has the stride " +
                          std::to_string(b.stride) + ", expected at most 46340 and 2^31 - 1 on CUDA");
  const int order = static_cast<int>(k);
  T* factored = gpu.scratch<T>(Scratch::factor, static_cast<std::size_t>(k * k));
  copy_rows(gpu, factored, k, a.data, a.stride, k, k, cudaMemcpyDeviceToDevice);
  const int size = factor_size(gpu.cusolver(), order, factored);
  T* work = gpu.scratch<T>(Scratch::library, static_cast<std::size_t>(size));
  int* info = gpu.scratch<int>(Scratch::info, 1);
  factor(gpu.cusolver(), order, factored, work, size, info);
  if (!is_regular(gpu, a, factored, info)) return solve_by_pseudoinverse(gpu, a, b);
  for (index_t first = 0; first < b.rows; first += kSlice)
    solve(gpu.cusolver(), order, static_cast<int>(std::min(kSlice, b.rows - first)), factored, b.row(first),
          static_cast<int>(b.stride), info);
  return k;
}

template index_t solve_spd(Resources&, MatrixView<const float>, MatrixView<float>);
template index_t solve_spd(Resources&, MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::cuda
