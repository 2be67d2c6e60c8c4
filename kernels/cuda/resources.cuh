#pragma once
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cusolverDn.h>

#include <array>
#include <cstddef>

#include "context.hpp"
#include "launch.cuh"

namespace seesaw::cuda {

/// Makes a device the current one for a scope, and then the one that was current before.
class DeviceScope {
 public:
  explicit DeviceScope(int device);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  int before_ = 0;
  int device_ = 0;
};

/// What a scratch buffer is for. Each has a buffer of its own, so that asking for one never moves another.
enum class Scratch {
  partials,
  flags,
  order,
  places,
  grams,
  pointers,
  solutions,
  info,
  fallback,
  sums,
  factor,
  library,
  khatri_rao,
  right_khatri_rao,
  partial_tensor,
  count
};

/// The stream, library handles and workspace of one context. Every operation begins with a DeviceScope on device().
class Resources {
 public:
  /// `stream` null: makes a non-blocking stream and owns it.
  Resources(int device, cudaStream_t stream);
  ~Resources();
  Resources(const Resources&) = delete;
  Resources& operator=(const Resources&) = delete;

  int device() const { return device_; }
  cudaStream_t stream() const { return stream_; }
  cublasHandle_t cublas() const { return cublas_; }
  cusolverDnHandle_t cusolver() const { return cusolver_; }
  int multiprocessors() const { return multiprocessors_; }

  /// `count` uninitialized elements, good until the next call with the same `purpose`. Grows in the stream's order and
  /// never shrinks: a sweep like the one before it allocates nothing.
  template <class T>
  T* scratch(Scratch purpose, std::size_t count) {
    return static_cast<T*>(scratch_bytes(purpose, count * sizeof(T)));
  }
  /// Waits for the work enqueued so far.
  void synchronize() const;

 private:
  struct Block {
    void* data = nullptr;
    std::size_t bytes = 0;
  };
  void* scratch_bytes(Scratch purpose, std::size_t bytes);
  void release() noexcept;

  int device_;
  cudaStream_t stream_;
  bool owns_stream_;
  int multiprocessors_ = 0;
  cublasHandle_t cublas_ = nullptr;
  cusolverDnHandle_t cusolver_ = nullptr;
  std::array<Block, static_cast<std::size_t>(Scratch::count)> scratch_{};
};

/// out = 0. By rows where they are padded: meant for the odd case that leaves nothing to multiply.
template <class T>
void fill_zero(Resources& gpu, MatrixView<T> out) {
  const bool padded = out.stride != out.cols;
  const index_t rows = padded ? 1 : out.rows;
  for (index_t i = 0; i < out.rows; i += rows)
    check(cudaMemsetAsync(out.data + i * out.stride, 0, static_cast<std::size_t>(rows * out.cols) * sizeof(T),
                          gpu.stream()),
          "cudaMemsetAsync");
}

}  // namespace seesaw::cuda
