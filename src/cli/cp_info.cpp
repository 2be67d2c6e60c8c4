#include "cp.hpp"

namespace seesaw::cli {
void add_cp_info(CLI::App&) {}
}  // namespace seesaw::cli
