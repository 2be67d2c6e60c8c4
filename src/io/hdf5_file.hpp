#pragma once
#include <hdf5.h>

#include <string>
#include <string_view>
#include <vector>

#include "seesaw/types.hpp"

namespace seesaw::io {

/// While it lives, HDF5 prints no errors.
class QuietHdf5 {
 public:
  QuietHdf5();
  ~QuietHdf5();
  QuietHdf5(const QuietHdf5&) = delete;
  QuietHdf5& operator=(const QuietHdf5&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// Throws IoError "<what>: <the first cause that HDF5 names>" where a call of HDF5 failed.
void check_hdf5(bool good, const std::string& what);

/// Owns what an HDF5 call opened or made.
class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Id(hid_t id, Close close, const std::string& what) : id_(id), close_(close) { check_hdf5(id >= 0, what); }
  Hdf5Id(Hdf5Id&& other) noexcept : id_(other.id_), close_(other.close_) { other.id_ = -1; }
  Hdf5Id& operator=(Hdf5Id&&) = delete;
  ~Hdf5Id() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

enum class Packing { plain, deflated };

// Names of attributes, datasets and groups appear in the messages. All throw IoError.

void write_attribute(hid_t at, const char* name, double value);
void write_attribute(hid_t at, const char* name, std::int64_t value);
void write_attribute(hid_t at, const char* name, std::uint64_t value);
void write_attribute(hid_t at, const char* name, std::string_view value);

bool has_attribute(hid_t at, const char* name);
void read_attribute(hid_t at, const char* name, double& value);
void read_attribute(hid_t at, const char* name, std::int64_t& value);
void read_attribute(hid_t at, const char* name, std::uint64_t& value);
void read_attribute(hid_t at, const char* name, std::string& value);

Hdf5Id make_group(hid_t at, const char* name);
bool has_group(hid_t at, const char* name);
Hdf5Id open_group(hid_t at, const char* name);
Hdf5Id open_dataset(hid_t at, const char* name);

/// With a checksum over every part of it, which a reader's HDF5 verifies. `dims` may have zeros.
Hdf5Id make_dataset(hid_t at, const char* name, hid_t file_type, const std::vector<hsize_t>& dims, Packing packing);
void write_all(hid_t dataset, hid_t memory_type, const void* data);

std::vector<hsize_t> dims_of(hid_t dataset);
H5T_class_t class_of(hid_t dataset);
std::size_t element_size_of(hid_t dataset);
void read_all(hid_t dataset, hid_t memory_type, void* data, const std::string& name);

/// Elements first to first + count - 1 of a dataset of one dimension.
void write_part(hid_t dataset, hid_t memory_type, hsize_t first, hsize_t count, const void* data);
void read_part(hid_t dataset, hid_t memory_type, hsize_t first, hsize_t count, void* data);

/// Bytes padded with NULs.
Hdf5Id string_type(std::size_t size);

/// A file made in memory, since HDF5 itself crashes when the disk is full (1.10.8: in exit(), after H5Fclose failed).
class Hdf5Image {
 public:
  Hdf5Image();
  hid_t id() const { return file_; }
  /// All there is so far; valid until something else is written.
  std::string_view bytes();

 private:
  Hdf5Id file_;
};

}  // namespace seesaw::io
