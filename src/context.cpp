#include "seesaw/context.hpp"

#include <omp.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "context.hpp"
#include "cpu/simd.hpp"
#include "dispatch.hpp"

namespace seesaw {
namespace {

class HostMemory final : public MemorySpace {
 public:
  void* allocate(std::size_t bytes) override {
    if (bytes == 0) return nullptr;
    // Large arrays lie on huge pages where the system has them: gathering vectors from all over a factor would else
    // miss the processor's table of pages each time.
    constexpr std::size_t kLine = 64, kHugePage = 1 << 21, kLarge = 2 * kHugePage;
    const std::size_t alignment = bytes >= kLarge ? kHugePage : kLine;
    const std::size_t rounded = (bytes + kLine - 1) / kLine * kLine;
    void* pointer = nullptr;
    if (rounded < bytes || posix_memalign(&pointer, alignment, rounded) != 0)
      throw OutOfMemory("no " + std::to_string(bytes) + " bytes of host memory to be had");
#ifdef MADV_HUGEPAGE
    if (alignment == kHugePage) madvise(pointer, rounded / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
    return pointer;
  }
  void deallocate(void* pointer) noexcept override { std::free(pointer); }
  void copy_from_host(void* to, const void* from, std::size_t bytes) override { copy_within(to, from, bytes); }
  void copy_to_host(void* to, const void* from, std::size_t bytes) override { copy_within(to, from, bytes); }
  void copy_within(void* to, const void* from, std::size_t bytes) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  bool owns(const void*) const override { return true; }
  bool on_host() const override { return true; }
  std::size_t available() const override {
    std::ifstream meminfo("/proc/meminfo");
    for (std::string word; meminfo >> word;)
      if (std::size_t kib = 0; word == "MemAvailable:" && meminfo >> kib) return kib * 1024;
    return static_cast<std::size_t>(-1);
  }
};

}  // namespace

const char* to_string(Backend backend) {
  switch (backend) {
    case Backend::reference:
      return "reference";
    case Backend::cpu:
      return "cpu";
    case Backend::cuda:
      return "cuda";
  }
  return "unknown";
}

std::shared_ptr<MemorySpace> host_memory() {
  static const auto memory = std::make_shared<HostMemory>();
  return memory;
}

Context::Context(Backend backend, int threads, std::shared_ptr<MemorySpace> memory,
                 std::shared_ptr<cuda::Resources> resources)
    : backend_(backend), threads_(threads), memory_(std::move(memory)), cuda_(std::move(resources)) {}

Context Context::reference() { return {Backend::reference, 1, host_memory(), nullptr}; }

Context Context::cpu(int threads) {
  if (threads < 0) throw InvalidArgument("threads is " + std::to_string(threads) + ", expected 0 (all) or more");
  cpu::choose_simd_target();
  return {Backend::cpu, threads > 0 ? threads : omp_get_max_threads(), host_memory(), nullptr};
}

Context Context::cuda([[maybe_unused]] int device, [[maybe_unused]] void* stream) {
  if constexpr (kCudaBuilt) {
    auto resources = cuda::make_resources(device, stream);
    return {Backend::cuda, 1, cuda::device_memory(resources), resources};
  }
  throw BackendUnavailable("this build of seesaw has no CUDA backend (it was configured without a CUDA compiler)");
}

void* Context::stream() const {
  if constexpr (kCudaBuilt) {
    if (cuda_) return cuda::stream(*cuda_);
  }
  return nullptr;
}

void Context::synchronize() {
  if constexpr (kCudaBuilt) {
    if (cuda_) cuda::synchronize(*cuda_);
  }
}

std::string Context::description() const {
  if constexpr (kCudaBuilt) {
    if (cuda_) return "cuda: " + cuda::description(*cuda_);
  }
  if (backend_ == Backend::reference) return "reference: plain loops, 1 thread";
  return "cpu: " + std::to_string(threads_) + (threads_ == 1 ? " thread, " : " threads, ") + cpu::simd_target();
}

std::vector<std::string> simd_targets() { return cpu::simd_targets(); }

bool cuda_built() { return kCudaBuilt; }

int cuda_device_count() {
  if constexpr (kCudaBuilt) return cuda::device_count();
  return 0;
}

}  // namespace seesaw
