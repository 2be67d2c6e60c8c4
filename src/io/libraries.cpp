#include "seesaw/io/libraries.hpp"

#include <hdf5.h>
#include <zlib.h>

namespace seesaw {

std::string version_of_hdf5() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

std::string version_of_zlib() { return zlibVersion(); }

}  // namespace seesaw
