#pragma once
#include <CLI/CLI.hpp>

namespace seesaw::cli {

/// Each adds its subcommand to the program; what the subcommand does is its callback, which throws where it fails.
void add_fit(CLI::App& program);
void add_compare(CLI::App& program);
void add_evaluate(CLI::App& program);
void add_predict(CLI::App& program);
void add_generate(CLI::App& program);
void add_info(CLI::App& program);
void add_show(CLI::App& program);
void add_cp(CLI::App& program);
void add_experiment(CLI::App& program);

}  // namespace seesaw::cli
