#include <string>

#include "resources.cuh"

namespace seesaw::cuda {
namespace {

std::string free_memory() {
  std::size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) return "an unknown number";
  return std::to_string(free) + " of " + std::to_string(total);
}

/// Of the runtime and the driver.
std::string versions() {
  auto text = [](int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); };
  int runtime = 0, driver = 0;
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  return "CUDA runtime " + text(runtime) + ", driver " + (driver == 0 ? "none" : "for " + text(driver));
}

/// As check(), but a failed allocation is OutOfMemory.
void check_allocation(cudaError_t error, const char* call, std::size_t bytes) {
  if (error == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();  // reported here, so it must not show in a later call
    throw OutOfMemory("device memory ran out: " + std::to_string(bytes) + " bytes asked for, " + free_memory() +
                      " free");
  }
  check(error, call);
}

class DeviceMemory final : public MemorySpace {
 public:
  explicit DeviceMemory(std::shared_ptr<Resources> gpu) : gpu_(std::move(gpu)) {}

  void* allocate(std::size_t bytes) override {
    if (bytes == 0) return nullptr;
    const DeviceScope scope(gpu_->device());
    void* pointer = nullptr;
    check_allocation(cudaMalloc(&pointer, bytes), "cudaMalloc", bytes);
    return pointer;
  }
  void deallocate(void* pointer) noexcept override {
    cudaFree(pointer);  // waits for the work that uses it
  }
  void copy_from_host(void* to, const void* from, std::size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyHostToDevice);
  }
  void copy_to_host(void* to, const void* from, std::size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyDeviceToHost);
  }
  void copy_within(void* to, const void* from, std::size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyDeviceToDevice);
  }
  bool owns(const void* pointer) const override {
    cudaPointerAttributes attributes{};
    if (cudaPointerGetAttributes(&attributes, pointer) != cudaSuccess) {
      (void)cudaGetLastError();
      return false;
    }
    return attributes.type == cudaMemoryTypeManaged ||
           (attributes.type == cudaMemoryTypeDevice && attributes.device == gpu_->device());
  }
  bool on_host() const override { return false; }
  std::size_t available() const override {
    const DeviceScope scope(gpu_->device());
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    return free;
  }

 private:
  void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return;
    const DeviceScope scope(gpu_->device());
    check(cudaMemcpyAsync(to, from, bytes, kind, gpu_->stream()), "cudaMemcpyAsync");
    gpu_->synchronize();
  }

  std::shared_ptr<Resources> gpu_;
};

}  // namespace

DeviceScope::DeviceScope(int device) : device_(device) {
  check(cudaGetDevice(&before_), "cudaGetDevice");
  if (before_ != device_) check(cudaSetDevice(device_), "cudaSetDevice");
}

DeviceScope::~DeviceScope() {
  if (before_ != device_) cudaSetDevice(before_);
}

Resources::Resources(int device, cudaStream_t stream)
    : device_(device), stream_(stream), owns_stream_(stream == nullptr) {
  const DeviceScope scope(device);
  try {
    check(cudaDeviceGetAttribute(&multiprocessors_, cudaDevAttrMultiProcessorCount, device), "cudaDeviceGetAttribute");
    if (owns_stream_) check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    check(cublasCreate(&cublas_), "cublasCreate");
    check(cublasSetStream(cublas_, stream_), "cublasSetStream");
    check(cusolverDnCreate(&cusolver_), "cusolverDnCreate");
    check(cusolverDnSetStream(cusolver_, stream_), "cusolverDnSetStream");
  } catch (...) {
    release();
    throw;
  }
}

Resources::~Resources() {
  int before = 0;
  cudaGetDevice(&before);
  cudaSetDevice(device_);
  release();
  cudaSetDevice(before);
}

void Resources::release() noexcept {
  for (Block& block : scratch_)
    if (block.data != nullptr) cudaFreeAsync(block.data, stream_);
  if (cusolver_ != nullptr) cusolverDnDestroy(cusolver_);
  if (cublas_ != nullptr) cublasDestroy(cublas_);
  if (owns_stream_ && stream_ != nullptr) cudaStreamDestroy(stream_);
}

void* Resources::scratch_bytes(Scratch purpose, std::size_t bytes) {
  Block& block = scratch_[static_cast<std::size_t>(purpose)];
  if (bytes > block.bytes) {
    if (block.data != nullptr) check(cudaFreeAsync(block.data, stream_), "cudaFreeAsync");
    block = {};
    check_allocation(cudaMallocAsync(&block.data, bytes, stream_), "cudaMallocAsync", bytes);
    block.bytes = bytes;
  }
  return block.data;
}

void Resources::synchronize() const { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

int device_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    (void)cudaGetLastError();
    return 0;
  }
  return count;
}

std::shared_ptr<Resources> make_resources(int device, void* stream) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    (void)cudaGetLastError();
    throw BackendUnavailable(std::string("no CUDA device can be used here: ") + cudaGetErrorString(error));
  }
  if (device < 0 || device >= count)
    throw BackendUnavailable("there is no CUDA device " + std::to_string(device) +
                             "; devices found: " + std::to_string(count));
  return std::make_shared<Resources>(device, static_cast<cudaStream_t>(stream));
}

std::shared_ptr<MemorySpace> device_memory(std::shared_ptr<Resources> resources) {
  return std::make_shared<DeviceMemory>(std::move(resources));
}

void* stream(const Resources& gpu) { return gpu.stream(); }

void synchronize(Resources& gpu) {
  const DeviceScope scope(gpu.device());
  gpu.synchronize();
}

std::string description(const Resources& gpu) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, gpu.device()), "cudaGetDeviceProperties");
  return std::string(properties.name) + ", compute capability " + std::to_string(properties.major) + "." +
         std::to_string(properties.minor) + ", " + std::to_string(properties.totalGlobalMem >> 20) + " MiB, " +
         versions();
}

}  // namespace seesaw::cuda
