#include "cp.hpp"

#include "commands.hpp"

namespace seesaw::cli {

void add_cp(CLI::App& program) {
  CLI::App& cp = *program.add_subcommand("cp", "Tensors: CP decomposition, what a file holds, conversion, trial data");
  cp.require_subcommand(1);
  cp.footer("Each command has its own help: seesaw cp fit --help");
  add_cp_fit(cp);
  add_cp_info(cp);
  add_cp_convert(cp);
  add_cp_generate(cp);
}

}  // namespace seesaw::cli
