#include "own_options.hpp"

#include <cmath>
#include <cstdint>
#include <variant>
#include <vector>

#include "hdf5_file.hpp"
#include "seesaw/errors.hpp"

namespace seesaw::io {
namespace {

constexpr const char* kGroup = "solver_options";

void write(hid_t at, const char* name, bool value) { write_attribute(at, name, static_cast<std::int64_t>(value)); }
void write(hid_t at, const char* name, std::int64_t value) { write_attribute(at, name, value); }
void write(hid_t at, const char* name, double value) { write_attribute(at, name, value); }
void write(hid_t at, const char* name, const std::string& value) { write_attribute(at, name, std::string_view(value)); }

void read(hid_t at, const char* name, std::int64_t& value) { read_attribute(at, name, value); }
void read(hid_t at, const char* name, std::string& value) { read_attribute(at, name, value); }
void read(hid_t at, const char* name, bool& value) {
  std::int64_t number = 0;
  read_attribute(at, name, number);
  value = number != 0;
}
void read(hid_t at, const char* name, double& value) {
  read_attribute(at, name, value);
  if (std::isnan(value)) throw IoError("attribute \"" + std::string(name) + "\" is not a number");
}

}  // namespace

void write_own_options(hid_t options, const std::string& solver, const SolverOptions& own) {
  const Hdf5Id group = make_group(options, kGroup);
  const auto known = find_solver(solver);
  if (!known) return;
  for (const NamedOption& option : named_options(*known, own))
    std::visit([&](const auto& value) { write(group, option.name.c_str(), value); }, option.value);
}

std::optional<SolverOptions> read_own_options(hid_t options, const std::string& solver) {
  if (!has_group(options, kGroup)) return std::nullopt;
  const Hdf5Id group = open_group(options, kGroup);
  SolverOptions own;
  const auto known = find_solver(solver);
  if (!known) return own;
  for (NamedOption& option : named_options(*known, own)) {
    if (!has_attribute(group, option.name.c_str())) continue;
    std::visit([&](auto& value) { read(group, option.name.c_str(), value); }, option.value);
    try {
      set_option(*known, own, option);
    } catch (const InvalidArgument& error) {
      throw IoError(std::string("attribute ") + error.what());
    }
  }
  return own;
}

}  // namespace seesaw::io
