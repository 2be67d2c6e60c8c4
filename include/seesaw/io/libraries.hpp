#pragma once
#include <string>

namespace seesaw {

/// Versions of the libraries that run, not of the headers that seesaw::io was compiled with.
std::string version_of_hdf5();
std::string version_of_zlib();

}  // namespace seesaw
