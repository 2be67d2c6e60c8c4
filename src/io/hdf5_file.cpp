#include "hdf5_file.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "seesaw/errors.hpp"

namespace seesaw::io {
namespace {

/// The error's innermost description, or what the operating system said where that stands in it.
std::string first_cause() {
  std::string cause;
  const auto keep_first = [](unsigned, const H5E_error2_t* error, void* data) -> herr_t {
    auto& text = *static_cast<std::string*>(data);
    if (text.empty() && error->desc != nullptr) text = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &cause);
  constexpr std::string_view kMark = "error message = '";
  if (const std::size_t mark = cause.find(kMark); mark != std::string::npos) {
    const std::size_t start = mark + kMark.size();
    cause = cause.substr(start, cause.find('\'', start) - start);
  }
  return cause.empty() ? "HDF5 gives no reason" : cause;
}

std::string in_quotes(const char* name) { return "\"" + std::string(name) + "\""; }

Hdf5Id scalar() { return {H5Screate(H5S_SCALAR), H5Sclose, "no HDF5 scalar"}; }

void write_scalar(hid_t at, const char* name, hid_t file_type, hid_t memory_type, const void* value) {
  const std::string what = "attribute " + in_quotes(name) + " cannot be written";
  const Hdf5Id space = scalar();
  const Hdf5Id attribute(H5Acreate2(at, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, what);
  check_hdf5(H5Awrite(attribute, memory_type, value) >= 0, what);
}

/// An attribute that is one element of the class.
Hdf5Id open_scalar(hid_t at, const char* name, H5T_class_t type_class) {
  Hdf5Id attribute(H5Aopen(at, name, H5P_DEFAULT), H5Aclose, "attribute " + in_quotes(name) + " is missing");
  const Hdf5Id space(H5Aget_space(attribute), H5Sclose, "attribute " + in_quotes(name));
  const Hdf5Id type(H5Aget_type(attribute), H5Tclose, "attribute " + in_quotes(name));
  if (H5Sget_simple_extent_npoints(space) != 1 || H5Tget_class(type) != type_class)
    throw IoError("attribute " + in_quotes(name) + " is not a single " +
                  (type_class == H5T_STRING    ? "string"
                   : type_class == H5T_INTEGER ? "integer"
                                               : "number"));
  return attribute;
}

void read_scalar(hid_t at, const char* name, H5T_class_t type_class, hid_t memory_type, void* value) {
  const Hdf5Id attribute = open_scalar(at, name, type_class);
  check_hdf5(H5Aread(attribute, memory_type, value) >= 0, "attribute " + in_quotes(name) + " cannot be read");
}

/// What a reader sees of a part that the file's index has lost, which has no checksum: for it to notice.
bool set_improbable_fill(hid_t layout, hid_t type) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  const H5T_class_t type_class = H5Tget_class(type);
  if (type_class == H5T_FLOAT) return H5Pset_fill_value(layout, H5T_NATIVE_DOUBLE, &kNaN) >= 0;
  if (type_class == H5T_INTEGER) return H5Pset_fill_value(layout, H5T_NATIVE_INT64, &kLeast) >= 0;
  return true;  // strings are empty and records have sweep 0, which readers refuse
}

Hdf5Id selected_part(hid_t dataset, hsize_t first, hsize_t count) {
  Hdf5Id space(H5Dget_space(dataset), H5Sclose, "a dataset has no space");
  check_hdf5(H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, nullptr, &count, nullptr) >= 0, "a part of a dataset");
  return space;
}

Hdf5Id line_space(hsize_t count) { return {H5Screate_simple(1, &count, nullptr), H5Sclose, "no HDF5 space"}; }

hid_t create_image() {
  constexpr std::size_t kGrowth = 1 << 20;
  const Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "no HDF5 property list");
  check_hdf5(H5Pset_fapl_core(access, kGrowth, false) >= 0, "HDF5 cannot make files in memory");
  // The format of HDF5 1.8: every reader of today knows it, and its metadata has checksums.
  check_hdf5(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0, "HDF5 cannot write its 1.8 format");
  return H5Fcreate("model", H5F_ACC_TRUNC, H5P_DEFAULT, access);
}

}  // namespace

QuietHdf5::QuietHdf5() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}
QuietHdf5::~QuietHdf5() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

void check_hdf5(bool good, const std::string& what) {
  if (!good) throw IoError(what + ": " + first_cause());
}

void write_attribute(hid_t at, const char* name, double value) {
  write_scalar(at, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}
void write_attribute(hid_t at, const char* name, std::int64_t value) {
  write_scalar(at, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}
void write_attribute(hid_t at, const char* name, std::uint64_t value) {
  write_scalar(at, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value);
}
void write_attribute(hid_t at, const char* name, std::string_view value) {
  const std::string padded(value.empty() ? std::string_view("\0", 1) : value);
  const Hdf5Id type = string_type(padded.size());
  write_scalar(at, name, type, type, padded.data());
}

bool has_attribute(hid_t at, const char* name) {
  const htri_t found = H5Aexists(at, name);
  check_hdf5(found >= 0, "attribute " + in_quotes(name) + " cannot be looked for");
  return found > 0;
}

void read_attribute(hid_t at, const char* name, double& value) {
  read_scalar(at, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, &value);
}
void read_attribute(hid_t at, const char* name, std::int64_t& value) {
  read_scalar(at, name, H5T_INTEGER, H5T_NATIVE_INT64, &value);
}
void read_attribute(hid_t at, const char* name, std::uint64_t& value) {
  read_scalar(at, name, H5T_INTEGER, H5T_NATIVE_UINT64, &value);
}
void read_attribute(hid_t at, const char* name, std::string& value) {
  const Hdf5Id attribute = open_scalar(at, name, H5T_STRING);
  const Hdf5Id type(H5Aget_type(attribute), H5Tclose, "attribute " + in_quotes(name));
  if (H5Tis_variable_str(type) != 0)
    throw IoError("attribute " + in_quotes(name) + " is a string of variable length, expected a fixed one");
  value.assign(H5Tget_size(type), '\0');
  check_hdf5(H5Aread(attribute, type, value.data()) >= 0, "attribute " + in_quotes(name) + " cannot be read");
  value.resize(std::strlen(value.c_str()));
}

Hdf5Id make_group(hid_t at, const char* name) {
  return {H5Gcreate2(at, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
          "group " + in_quotes(name) + " cannot be made"};
}
bool has_group(hid_t at, const char* name) {
  const htri_t found = H5Lexists(at, name, H5P_DEFAULT);
  check_hdf5(found >= 0, "group " + in_quotes(name) + " cannot be looked for");
  return found > 0;
}
Hdf5Id open_group(hid_t at, const char* name) {
  return {H5Gopen2(at, name, H5P_DEFAULT), H5Gclose, "group " + in_quotes(name) + " is missing"};
}
Hdf5Id open_dataset(hid_t at, const char* name) {
  return {H5Dopen2(at, name, H5P_DEFAULT), H5Dclose, "dataset " + in_quotes(name) + " is missing"};
}

Hdf5Id make_dataset(hid_t at, const char* name, hid_t file_type, const std::vector<hsize_t>& dims, Packing packing) {
  constexpr hsize_t kChunkBytes = 1 << 20;
  constexpr unsigned kFast = 1;
  const std::string what = "dataset " + in_quotes(name) + " cannot be made";
  const Hdf5Id space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose, what);
  const Hdf5Id layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, what);
  if (std::find(dims.begin(), dims.end(), hsize_t{0}) == dims.end()) {
    hsize_t bytes = H5Tget_size(file_type);
    for (std::size_t d = 1; d < dims.size(); ++d) bytes *= dims[d];
    std::vector<hsize_t> chunk = dims;
    chunk[0] = std::clamp<hsize_t>(kChunkBytes / bytes, 1, dims[0]);
    check_hdf5(H5Pset_chunk(layout, static_cast<int>(chunk.size()), chunk.data()) >= 0, what);
    if (packing == Packing::deflated) {
      check_hdf5(H5Pset_shuffle(layout) >= 0, what);
      check_hdf5(H5Pset_deflate(layout, kFast) >= 0, what);
    }
    check_hdf5(H5Pset_fletcher32(layout) >= 0, what);
    check_hdf5(set_improbable_fill(layout, file_type), what);
  }
  return {H5Dcreate2(at, name, file_type, space, H5P_DEFAULT, layout, H5P_DEFAULT), H5Dclose, what};
}

void write_all(hid_t dataset, hid_t memory_type, const void* data) {
  check_hdf5(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0, "a dataset cannot be written");
}

std::vector<hsize_t> dims_of(hid_t dataset) {
  const Hdf5Id space(H5Dget_space(dataset), H5Sclose, "a dataset has no space");
  const int order = H5Sget_simple_extent_ndims(space);
  check_hdf5(order >= 0, "a dataset has no dimensions");
  std::vector<hsize_t> dims(static_cast<std::size_t>(order));
  check_hdf5(H5Sget_simple_extent_dims(space, dims.data(), nullptr) >= 0, "a dataset has no dimensions");
  return dims;
}

H5T_class_t class_of(hid_t dataset) {
  const Hdf5Id type(H5Dget_type(dataset), H5Tclose, "a dataset has no type");
  return H5Tget_class(type);
}

std::size_t element_size_of(hid_t dataset) {
  const Hdf5Id type(H5Dget_type(dataset), H5Tclose, "a dataset has no type");
  return H5Tget_size(type);
}

void read_all(hid_t dataset, hid_t memory_type, void* data, const std::string& name) {
  check_hdf5(H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0, name + " cannot be read");
}

void write_part(hid_t dataset, hid_t memory_type, hsize_t first, hsize_t count, const void* data) {
  const Hdf5Id part = selected_part(dataset, first, count), memory = line_space(count);
  check_hdf5(H5Dwrite(dataset, memory_type, memory, part, H5P_DEFAULT, data) >= 0, "a dataset cannot be written");
}

void read_part(hid_t dataset, hid_t memory_type, hsize_t first, hsize_t count, void* data) {
  const Hdf5Id part = selected_part(dataset, first, count), memory = line_space(count);
  check_hdf5(H5Dread(dataset, memory_type, memory, part, H5P_DEFAULT, data) >= 0, "a dataset cannot be read");
}

Hdf5Id string_type(std::size_t size) {
  Hdf5Id type(H5Tcopy(H5T_C_S1), H5Tclose, "no HDF5 string type");
  check_hdf5(H5Tset_size(type, size) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 &&
                 H5Tset_cset(type, H5T_CSET_UTF8) >= 0,
             "no HDF5 string type of " + std::to_string(size) + " bytes");
  return type;
}

Hdf5Image::Hdf5Image() : file_(create_image(), H5Fclose, "HDF5 cannot make a file in memory") {}

std::string_view Hdf5Image::bytes() {
  check_hdf5(H5Fflush(file_, H5F_SCOPE_GLOBAL) >= 0, "HDF5 cannot finish the file in memory");
  const ssize_t size = H5Fget_file_image(file_, nullptr, 0);
  check_hdf5(size >= 0, "HDF5 has no image of the file");
  void* handle = nullptr;
  check_hdf5(H5Fget_vfd_handle(file_, H5P_DEFAULT, &handle) >= 0, "HDF5 has no image of the file");
  return {*static_cast<char**>(handle), static_cast<std::size_t>(size)};
}

}  // namespace seesaw::io
