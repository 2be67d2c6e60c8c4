#pragma once
// What every entry point of the shim shares.
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>

#include "host_cuda/runtime_api.h"

namespace host_cuda {

/// Held by each entry point: the shim runs one call at a time, whole. A kernel may not call the runtime, but Thrust
/// allocates within a DeviceAccess, hence recursive.
class ApiLock {
 public:
  ApiLock();

 private:
  std::lock_guard<std::recursive_mutex> lock_;
};

/// Runs `body`, a call that can fail: not where there is no device or fail_next has its turn. Records the error.
cudaError_t runtime_call(const std::function<cudaError_t()>& body);
/// The same for a call that cannot be made to fail.
cudaError_t infallible_call(const std::function<cudaError_t()>& body);
/// The error of fail_next where its turn has come, once.
std::optional<cudaError_t> planned_failure();

/// Whether `stream` is live or the default one, whose use it counts.
bool use_stream(cudaStream_t stream);

/// Whether `bytes` from `pointer` on are device memory that one live allocation holds.
bool on_device(const void* pointer, std::size_t bytes);
bool on_host(const void* pointer);

}  // namespace host_cuda
