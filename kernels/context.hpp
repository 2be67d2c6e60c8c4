#pragma once
#include <memory>
#include <string>

#include "seesaw/context.hpp"

namespace seesaw::cuda {

// What src/context.cpp needs of the CUDA part, where it is built. Resources (kernels/cuda/resources.cuh) owns the
// stream, the handles and the workspace of one context.
int device_count();
std::shared_ptr<Resources> make_resources(int device, void* stream);
std::shared_ptr<MemorySpace> device_memory(std::shared_ptr<Resources> resources);
void* stream(const Resources& gpu);
void synchronize(Resources& gpu);
std::string description(const Resources& gpu);

}  // namespace seesaw::cuda
