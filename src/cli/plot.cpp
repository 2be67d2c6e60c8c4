#include "plot.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "checks.hpp"

namespace seesaw::cli {

CLI::Option* add_plot(CLI::App& command, std::string& path, const std::string& description) {
  return command.add_option("--plot", path, description + " (svg or png, by gnuplot)")->type_name("FILE");
}

void require_plot(const std::string& path, const std::vector<std::string>& others) {
  for (const std::string& other : others)
    if (path == other) throw UsageError(fmt::format("--plot is {}, which the command reads or writes besides", path));
  try {
    require_drawable(path);
  } catch (const InvalidArgument&) {
    throw UsageError(fmt::format("--plot is \"{}\", expected a name that ends in .svg or .png", path));
  }
  require_writable(path, others);
}

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename(); }

CurvesFigure convergence_of_starts(const std::string& model, const std::vector<CompletionRun>& runs, int best_run) {
  constexpr std::size_t kMostColours = 9;
  const bool many = runs.size() > kMostColours;
  std::vector<NamedHistory> starts;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const bool best = static_cast<int>(i) == best_run;
    std::string name;
    if (runs.size() > 1) name = fmt::format("start {}{}", i + 1, best ? " (kept)" : "");
    if (runs[i].stopped == StopReason::diverged) name += " (diverged)";
    starts.push_back({name, runs[i].history, many && !best});
  }
  std::string title = "Convergence of " + file_name(model);
  if (many) title += fmt::format("; grey: the other {} starts", runs.size() - 1);
  return convergence_figure(title, starts);
}

}  // namespace seesaw::cli
