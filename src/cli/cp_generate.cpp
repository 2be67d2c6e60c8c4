#include "cp.hpp"

namespace seesaw::cli {
void add_cp_generate(CLI::App&) {}
}  // namespace seesaw::cli
