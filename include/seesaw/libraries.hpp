#pragma once
#include <string>

namespace seesaw {

/// What serves BLAS and LAPACK: OpenBLAS with its version and settings, else the file that was linked.
std::string blas_description();

}  // namespace seesaw
