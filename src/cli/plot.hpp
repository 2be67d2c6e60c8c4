#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "seesaw/als.hpp"
#include "seesaw/io/figure.hpp"

namespace seesaw::cli {

CLI::Option* add_plot(CLI::App& command, std::string& path, const std::string& description);

/// Before the long work begins: UsageError unless the name ends in .svg or .png, and where it is one of `others`, which
/// the command reads or writes; IoError where the file cannot be put in place or there is no gnuplot.
void require_plot(const std::string& path, const std::vector<std::string>& others);

/// A title has no room for more of a path.
std::string file_name(const std::string& path);

/// A curve for each start; up to nine are told apart by colours, of more only the best one.
CurvesFigure convergence_of_starts(const std::string& model, const std::vector<CompletionRun>& runs, int best_run);

}  // namespace seesaw::cli
