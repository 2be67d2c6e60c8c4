#pragma once
#include <string>

namespace host_cuda {

/// The function at `address`, as its source declares it; the address where no symbol is left.
std::string kernel_name(const void* address);

}  // namespace host_cuda
