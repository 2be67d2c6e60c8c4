#pragma once
// What a test may ask of the shim beyond CUDA's own interface.
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "host_cuda/runtime_api.h"

namespace host_cuda {

/// A kernel did what CUDA leaves undefined, or its result depends on the order of its threads.
class KernelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An order in which the threads of a block, and the blocks of a grid, come to run. `random` draws the threads' order
/// anew at every __syncthreads.
struct Schedule {
  enum Order { forward, reverse, random };
  Order order = forward;
  unsigned seed = 0;  ///< of a random order
};

std::string to_string(Schedule schedule);

/// Each launch runs under all of these, from the same device memory, and must leave the same bits each time.
struct Schedules : std::vector<Schedule> {
  using vector::vector;
  static Schedules all();           ///< forward, reverse and three random orders
  static Schedules forward_only();  ///< for tests of long algorithms whose kernels are tested on their own
};

/// For launches from now on. At the start: what the environment's HOST_CUDA_SCHEDULES (all, forward) says, else all.
void set_schedule(Schedules schedules);
const Schedules& current_schedule();

/// Sets the schedules for a scope.
class ScheduleScope {
 public:
  explicit ScheduleScope(Schedules schedules) : before_(current_schedule()) { set_schedule(std::move(schedules)); }
  ~ScheduleScope() { set_schedule(before_); }
  ScheduleScope(const ScheduleScope&) = delete;
  ScheduleScope& operator=(const ScheduleScope&) = delete;

 private:
  Schedules before_;
};

/// While one lives, the host may touch device memory, as kernels and copies do. For host code that stands for device
/// code (Thrust's C++ backend), not for tests to look at results.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

/// Bytes from `pointer` to the end of the live allocation of device memory around it; 0 where there is none.
std::size_t device_extent(const void* pointer);

/// Bytes of device memory that may be allocated at one time.
void set_memory_limit(std::size_t bytes);
std::size_t memory_limit();
/// Bytes, and how many allocations, live now: equal before and after where nothing leaks.
std::size_t memory_in_use();
std::size_t live_allocations();

/// 0 or 1 devices. With 0, every call of the runtime fails with cudaErrorNoDevice.
void set_device_count(int count);

/// Once `calls` more calls have passed, one fails with `error` and without effect (cuBLAS and cuSOLVER: with
/// EXECUTION_FAILED). Counted is what can fail: not frees, destructions or questions after errors.
void fail_next(cudaError_t error, int calls = 0);
/// Forgets a failure still to come; whether there was one.
bool cancel_failure();

/// Launches, copies, fills and BLAS calls so far on the default stream.
std::size_t default_stream_calls();

}  // namespace host_cuda
