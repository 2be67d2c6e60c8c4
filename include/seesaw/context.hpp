#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "seesaw/types.hpp"

namespace seesaw {

enum class Backend { reference, cpu, cuda };

const char* to_string(Backend backend);

/// Where arrays lie: host memory for the reference and cpu backends, one device's memory for cuda.
class MemorySpace {
 public:
  virtual ~MemorySpace() = default;
  /// At least `bytes` bytes, aligned to 64. Throws OutOfMemory, which names the size asked for.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void deallocate(void* pointer) noexcept = 0;
  /// Copies between this space and host memory, or within this space; complete on return.
  virtual void copy_from_host(void* to, const void* from, std::size_t bytes) = 0;
  virtual void copy_to_host(void* to, const void* from, std::size_t bytes) = 0;
  virtual void copy_within(void* to, const void* from, std::size_t bytes) = 0;
  /// Whether `pointer` may be handed to an operation of this space.
  virtual bool owns(const void* pointer) const = 0;
  virtual bool on_host() const = 0;
  /// Bytes that an allocation could get now, as far as the system says.
  virtual std::size_t available() const = 0;
};

/// The memory that `new` gives.
std::shared_ptr<MemorySpace> host_memory();

namespace cuda {
class Resources;
}

/// Says where work runs. Every view handed to an operation lies in the context's memory space: host memory for
/// reference() and cpu(), memory of the device for cuda(). A context serves one thread at a time.
class Context {
 public:
  /// Plain loops that read like the formulas; one thread. What the others are tested against.
  static Context reference();

  /// OpenMP and SIMD. `threads` = 0 takes as many as OpenMP would. The best instruction set of the machine runs, or, in
  /// the whole process, the one of simd_targets() that the environment variable SEESAW_SIMD names.
  /// Throws InvalidArgument for a negative number and for another name.
  static Context cpu(int threads = 0);

  /// The CUDA device numbered `device`. `stream` is a cudaStream_t on which all work is enqueued; null makes a stream
  /// that the context owns. Throws BackendUnavailable when the library was built without CUDA or has no such device.
  static Context cuda(int device = 0, void* stream = nullptr);

  Backend backend() const { return backend_; }
  int threads() const { return threads_; }
  const std::shared_ptr<MemorySpace>& memory() const { return memory_; }

  /// The cudaStream_t of a cuda context; null elsewhere.
  void* stream() const;
  /// Waits until all enqueued work is done; a failure of it is thrown here.
  void synchronize();
  /// One line for a person: the backend, its threads and SIMD target or its device.
  std::string description() const;

  /// For the implementations; null unless the backend is cuda.
  cuda::Resources* cuda_resources() const { return cuda_.get(); }

 private:
  Context(Backend backend, int threads, std::shared_ptr<MemorySpace> memory,
          std::shared_ptr<cuda::Resources> resources);

  Backend backend_;
  int threads_;
  std::shared_ptr<MemorySpace> memory_;
  std::shared_ptr<cuda::Resources> cuda_;
};

/// The instruction sets that cpu contexts can run on this machine, the best first.
std::vector<std::string> simd_targets();
/// Whether this build has the cuda backend at all.
bool cuda_built();
/// CUDA devices that Context::cuda would accept; 0 where there is no driver.
int cuda_device_count();

}  // namespace seesaw
