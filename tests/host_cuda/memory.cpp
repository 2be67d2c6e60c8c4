// Allocations, copies and fills.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "arena.hpp"
#include "device_state.hpp"
#include "host_cuda/host_cuda.hpp"
#include "host_cuda/runtime_api.h"
#include "state.hpp"

using host_cuda::Arena;
using host_cuda::device_state;
using host_cuda::infallible_call;
using host_cuda::on_device;
using host_cuda::on_host;
using host_cuda::runtime_call;
using host_cuda::use_stream;

namespace {

cudaError_t allocate(void** pointer, std::size_t bytes) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  *pointer = Arena::instance().allocate(bytes);
  return *pointer != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

/// Rows of `width` bytes, `pitch` bytes from one to the next.
struct Region {
  const void* start;
  std::size_t pitch;
  std::size_t width;
  std::size_t height;

  bool on_device() const {
    const std::size_t extent = host_cuda::device_extent(start);
    return extent >= width && (height - 1 <= (extent - width) / pitch);
  }
};

/// Whether the two ends lie on the sides that `kind` says.
bool sides_match(const Region& to, const Region& from, cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToHost:
      return on_host(to.start) && on_host(from.start);
    case cudaMemcpyHostToDevice:
      return to.on_device() && on_host(from.start);
    case cudaMemcpyDeviceToHost:
      return on_host(to.start) && from.on_device();
    case cudaMemcpyDeviceToDevice:
      return to.on_device() && from.on_device();
    case cudaMemcpyDefault:
      return (to.on_device() || on_host(to.start)) && (from.on_device() || on_host(from.start));
  }
  return false;
}

cudaError_t copy(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                 std::size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return runtime_call([&] {
    if (!use_stream(stream)) return cudaErrorInvalidResourceHandle;
    if (width == 0 || height == 0) return cudaSuccess;
    if (height > 1 && (to_pitch < width || from_pitch < width)) return cudaErrorInvalidPitchValue;
    if (!sides_match({to, to_pitch, width, height}, {from, from_pitch, width, height}, kind))
      return cudaErrorInvalidValue;
    const host_cuda::DeviceAccess access;
    for (std::size_t row = 0; row < height; ++row)
      std::memmove(static_cast<std::byte*>(to) + row * to_pitch, static_cast<const std::byte*>(from) + row * from_pitch,
                   width);
    return cudaSuccess;
  });
}

}  // namespace

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  return runtime_call([&] { return allocate(pointer, bytes); });
}

cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t stream) {
  return runtime_call([&] { return use_stream(stream) ? allocate(pointer, bytes) : cudaErrorInvalidResourceHandle; });
}

cudaError_t cudaFree(void* pointer) {
  return infallible_call(
      [&] { return pointer == nullptr || Arena::instance().release(pointer) ? cudaSuccess : cudaErrorInvalidValue; });
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  return infallible_call([&] {
    if (!use_stream(stream)) return cudaErrorInvalidResourceHandle;
    return Arena::instance().release(pointer) ? cudaSuccess : cudaErrorInvalidValue;
  });
}

cudaError_t cudaMallocHost(void** pointer, std::size_t bytes, unsigned flags) {
  return runtime_call([&] {
    if (pointer == nullptr || flags != cudaHostAllocDefault) return cudaErrorInvalidValue;
    *pointer = bytes == 0 ? nullptr : std::malloc(bytes);
    if (bytes > 0 && *pointer == nullptr) return cudaErrorMemoryAllocation;
    if (bytes > 0) device_state().pinned[*pointer] = bytes;
    return cudaSuccess;
  });
}

cudaError_t cudaFreeHost(void* pointer) {
  return infallible_call([&] {
    if (pointer == nullptr) return cudaSuccess;
    if (device_state().pinned.erase(pointer) == 0) return cudaErrorInvalidValue;
    std::free(pointer);
    return cudaSuccess;
  });
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  return runtime_call([&] {
    const Arena& memory = Arena::instance();
    *total_bytes = memory.limit();
    *free_bytes = memory.limit() - std::min(memory.limit(), memory.in_use());
    return cudaSuccess;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  return runtime_call([&] {
    void* p = const_cast<void*>(pointer);
    *attributes = {cudaMemoryTypeUnregistered, -2, nullptr, p};
    if (on_device(pointer, 1)) *attributes = {cudaMemoryTypeDevice, 0, p, nullptr};
    const auto after = device_state().pinned.upper_bound(p);
    if (after != device_state().pinned.begin()) {
      const auto& [start, bytes] = *std::prev(after);
      if (static_cast<std::byte*>(p) < static_cast<std::byte*>(start) + bytes)
        *attributes = {cudaMemoryTypeHost, 0, p, p};
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return copy(to, bytes, from, bytes, bytes, 1, kind, nullptr);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy(to, bytes, from, bytes, bytes, 1, kind, stream);
}

cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                         std::size_t height, cudaMemcpyKind kind) {
  return copy(to, to_pitch, from, from_pitch, width, height, kind, nullptr);
}

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy(to, to_pitch, from, from_pitch, width, height, kind, stream);
}

cudaError_t cudaMemset(void* to, int byte, std::size_t bytes) { return cudaMemsetAsync(to, byte, bytes, nullptr); }

cudaError_t cudaMemsetAsync(void* to, int byte, std::size_t bytes, cudaStream_t stream) {
  return runtime_call([&] {
    if (!use_stream(stream)) return cudaErrorInvalidResourceHandle;
    if (bytes == 0) return cudaSuccess;
    if (!on_device(to, bytes)) return cudaErrorInvalidValue;
    const host_cuda::DeviceAccess access;
    std::memset(to, byte, bytes);
    return cudaSuccess;
  });
}
