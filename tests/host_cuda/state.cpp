#include "state.hpp"

#include <utility>

#include "arena.hpp"
#include "device_state.hpp"
#include "host_cuda/host_cuda.hpp"

namespace host_cuda {
namespace {

std::recursive_mutex& api_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

}  // namespace

ApiLock::ApiLock() : lock_(api_mutex()) {}

DeviceState& device_state() {
  static DeviceState state;
  return state;
}

cudaError_t infallible_call(const std::function<cudaError_t()>& body) {
  const ApiLock lock;
  const cudaError_t error = body();
  if (error != cudaSuccess) device_state().last_error = error;
  return error;
}

cudaError_t runtime_call(const std::function<cudaError_t()>& body) {
  return infallible_call([&] {
    if (device_state().count == 0) return cudaErrorNoDevice;
    if (const auto failure = planned_failure()) return *failure;
    return body();
  });
}

std::optional<cudaError_t> planned_failure() {
  DeviceState& state = device_state();
  if (!state.planned_failure || state.calls_to_failure-- > 0) return std::nullopt;
  return std::exchange(state.planned_failure, std::nullopt);
}

bool use_stream(cudaStream_t stream) {
  if (stream == nullptr) {
    ++device_state().default_stream_calls;
    return true;
  }
  return device_state().streams.count(stream) != 0;
}

bool on_device(const void* pointer, std::size_t bytes) {
  const std::size_t extent = Arena::instance().extent(pointer);
  return extent > 0 && extent >= bytes;
}

bool on_host(const void* pointer) { return pointer != nullptr && !Arena::instance().contains(pointer); }

void set_device_count(int count) {
  const ApiLock lock;
  device_state().count = count;
}

void fail_next(cudaError_t error, int calls) {
  const ApiLock lock;
  device_state().planned_failure = error;
  device_state().calls_to_failure = calls;
}

bool cancel_failure() {
  const ApiLock lock;
  return std::exchange(device_state().planned_failure, std::nullopt).has_value();
}

std::size_t default_stream_calls() {
  const ApiLock lock;
  return device_state().default_stream_calls;
}

}  // namespace host_cuda
