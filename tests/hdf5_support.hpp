#pragma once
#include <hdf5.h>

#include <functional>
#include <string>
#include <vector>

// HDF5 files changed as another program might.
namespace seesaw::test {

inline void change_file(const std::string& path, const std::function<void(hid_t)>& change) {
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  change(id);
  H5Fclose(id);
}

template <class T>
void replace_attribute(hid_t at, const char* name, hid_t type, T value) {
  H5Adelete(at, name);
  const hid_t space = H5Screate(H5S_SCALAR), id = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(id, type, &value);
  H5Aclose(id);
  H5Sclose(space);
}

inline void replace_dataset(hid_t at, const char* name, hid_t type, const std::vector<hsize_t>& dims,
                            const void* data) {
  H5Ldelete(at, name, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
  const hid_t id = H5Dcreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
  H5Dclose(id);
  H5Sclose(space);
}

}  // namespace seesaw::test
