#include "host_cuda/launch.h"

#include <climits>
#include <cstdlib>
#include <cstring>
#include <map>

#include "arena.hpp"
#include "block.hpp"
#include "host_cuda/host_cuda.hpp"
#include "kernel_name.hpp"
#include "limits.hpp"
#include "state.hpp"

namespace host_cuda {
namespace {

Schedules schedules_of_environment() {
  const char* choice = std::getenv("HOST_CUDA_SCHEDULES");
  if (choice == nullptr || std::strcmp(choice, "all") == 0) return Schedules::all();
  if (std::strcmp(choice, "forward") == 0) return Schedules::forward_only();
  throw std::invalid_argument(std::string("HOST_CUDA_SCHEDULES is ") + choice + ", expected all or forward");
}

Schedules& schedules() {
  static Schedules current = schedules_of_environment();
  return current;
}

std::map<const void*, std::size_t>& shared_limits() {  // by kernel, where cudaFuncSetAttribute set one
  static std::map<const void*, std::size_t> limits;
  return limits;
}

bool valid_shape(dim3 grid, dim3 block) {
  const auto threads = std::uint64_t{block.x} * block.y * block.z;
  return grid.x > 0 && grid.x <= INT_MAX && grid.y > 0 && grid.y <= 65535 && grid.z > 0 && grid.z <= 65535 &&
         block.x <= 1024 && block.y <= 1024 && block.z <= 64 && threads > 0 && threads <= kMaxThreads;
}

bool valid_shared(const void* kernel, std::size_t bytes) {
  const auto limit = shared_limits().find(kernel);
  return bytes <= (limit == shared_limits().end() ? kSharedMemory : limit->second);
}

struct Grid {
  const void* kernel;
  dim3 blocks;
  dim3 threads;
  std::size_t shared_bytes;
  const std::function<void()>& thread;

  std::string name(Schedule schedule) const {
    return "kernel " + kernel_name(kernel) + ", schedule " + to_string(schedule);
  }

  void run(Schedule schedule) const {
    Random random(schedule.seed);
    std::vector<std::uint64_t> order;
    arrange(order, std::size_t{blocks.x} * blocks.y * blocks.z, schedule, random);
    BlockRunner runner(kernel, blocks, threads, shared_bytes, thread, schedule);
    for (const std::uint64_t b : order) {
      const auto x = static_cast<unsigned>(b % blocks.x);
      const auto y = static_cast<unsigned>(b / blocks.x % blocks.y);
      const auto z = static_cast<unsigned>(b / blocks.x / blocks.y);
      runner.run({x, y, z});
    }
    const std::string overrun = Arena::instance().overrun();
    if (!overrun.empty()) throw KernelError(name(schedule) + ": " + overrun);
  }

  void run_and_compare(const Schedules& all) const {
    Arena& memory = Arena::instance();
    const Arena::Contents before = memory.contents();
    run(all.front());
    const Arena::Contents expected = memory.contents();
    for (std::size_t i = 1; i < all.size(); ++i) {
      memory.restore(before);
      run(all[i]);
      const std::string difference = memory.difference(expected);
      if (!difference.empty())
        throw KernelError(name(all[i]) + ": not the result of schedule " + to_string(all.front()) + ": " + difference);
    }
  }
};

}  // namespace

std::string to_string(Schedule schedule) {
  switch (schedule.order) {
    case Schedule::forward:
      return "forward";
    case Schedule::reverse:
      return "reverse";
    case Schedule::random:
      break;
  }
  return "random " + std::to_string(schedule.seed);
}

Schedules Schedules::all() {
  return {
      {Schedule::forward}, {Schedule::reverse}, {Schedule::random, 1}, {Schedule::random, 2}, {Schedule::random, 3}};
}

Schedules Schedules::forward_only() { return {{Schedule::forward}}; }

void set_schedule(Schedules all) {
  if (all.empty()) throw std::invalid_argument("set_schedule: no schedule");
  const ApiLock lock;
  schedules() = std::move(all);
}

const Schedules& current_schedule() { return schedules(); }

cudaError_t launch(const void* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, cudaStream_t stream,
                   const std::function<void()>& thread) {
  return runtime_call([&] {
    if (!use_stream(stream)) return cudaErrorInvalidResourceHandle;
    if (!valid_shape(grid, block)) return cudaErrorInvalidConfiguration;
    if (!valid_shared(kernel, shared_bytes)) return cudaErrorInvalidValue;
    const DeviceAccess access;
    const Grid launched{kernel, grid, block, shared_bytes, thread};
    if (schedules().size() == 1)
      launched.run(schedules().front());
    else
      launched.run_and_compare(schedules());
    return cudaSuccess;
  });
}

}  // namespace host_cuda

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  return host_cuda::runtime_call([&] {
    if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;  // a hint
    if (value < 0 || static_cast<std::size_t>(value) > host_cuda::kSharedMemoryOptin) return cudaErrorInvalidValue;
    host_cuda::shared_limits()[kernel] = static_cast<std::size_t>(value);
    return cudaSuccess;
  });
}
