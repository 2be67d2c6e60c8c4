#pragma once
#include <hdf5.h>

#include <optional>
#include <string>

#include "seesaw/complete.hpp"

// The group "solver_options" in that of the options. Both pass over a solver that this Seesaw does not know, and throw
// IoError.
namespace seesaw::io {

void write_own_options(hid_t options, const std::string& solver, const SolverOptions& own);

/// Empty without the group; an option that it lacks keeps its default.
std::optional<SolverOptions> read_own_options(hid_t options, const std::string& solver);

}  // namespace seesaw::io
