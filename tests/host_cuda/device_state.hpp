#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>

#include "host_cuda/runtime_api.h"

struct CUstream_st {};

struct CUevent_st {
  bool timed = true;
  bool recorded = false;
  std::chrono::steady_clock::time_point time;
};

namespace host_cuda {

/// The one device and what was created on it, memory apart (arena.hpp). To be touched under ApiLock only.
struct DeviceState {
  int count = 1;
  cudaError_t last_error = cudaSuccess;
  std::optional<cudaError_t> planned_failure;
  int calls_to_failure = 0;
  std::size_t default_stream_calls = 0;
  std::map<cudaStream_t, std::unique_ptr<CUstream_st>> streams;
  std::map<cudaEvent_t, std::unique_ptr<CUevent_st>> events;
  std::map<void*, std::size_t> pinned;  // host memory of cudaMallocHost
};

DeviceState& device_state();

}  // namespace host_cuda
