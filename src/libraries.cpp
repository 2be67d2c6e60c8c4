#include "seesaw/libraries.hpp"

/// Null where another BLAS is linked.
extern "C" __attribute__((weak)) char* openblas_get_config();

namespace seesaw {

std::string blas_description() {
  return openblas_get_config != nullptr ? openblas_get_config() : std::string(SEESAW_BLAS) + ", version unknown";
}

}  // namespace seesaw
