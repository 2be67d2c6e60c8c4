#pragma once
// What the tests of the shim share: device arrays and the launch as the library makes it.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "host_cuda/host_cuda.hpp"
#include "kernels/cuda/device.cuh"
#include "kernels/cuda/launch.cuh"

/// `count` elements of device memory; their bytes are 0xFF unless given.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : count_(count) {
    EXPECT_EQ(cudaMalloc(&data_, count * sizeof(T)), cudaSuccess);
  }
  DeviceArray(std::initializer_list<T> host) : DeviceArray(std::vector<T>(host)) {}
  explicit DeviceArray(const std::vector<T>& host) : DeviceArray(host.size()) {
    EXPECT_EQ(cudaMemcpy(data_, host.data(), count_ * sizeof(T), cudaMemcpyHostToDevice), cudaSuccess);
  }
  ~DeviceArray() { EXPECT_EQ(cudaFree(data_), cudaSuccess); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() const { return data_; }
  std::vector<T> host() const {
    std::vector<T> copy(count_);
    EXPECT_EQ(cudaMemcpy(copy.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost), cudaSuccess);
    return copy;
  }

 private:
  std::size_t count_;
  T* data_ = nullptr;
};

/// The message of the KernelError that `body` throws; empty where it throws none.
template <class Body>
std::string kernel_error(Body body) {
  try {
    body();
  } catch (const host_cuda::KernelError& error) {
    return error.what();
  }
  return {};
}

/// Whether `text` contains `part`, and what it is where it does not.
inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << text << "\" does not contain \"" << part << "\"";
}
