#include "cp.hpp"

namespace seesaw::cli {
void add_cp_convert(CLI::App&) {}
}  // namespace seesaw::cli
