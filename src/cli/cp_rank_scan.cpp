#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "cp_fit.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "plot.hpp"
#include "seesaw/version.hpp"

namespace seesaw::cli {
namespace {

struct ScannedRank {
  index_t rank;
  double fit;
  CpDiagnostics diagnostics;
  std::size_t sweeps;
  double seconds;
  std::string ended;
};

/// The rank at which a scan ended too soon, and why.
struct FailedRank {
  index_t rank;
  std::string error;
};

template <class T>
ScannedRank summed_up(index_t rank, const CpResult<T>& result, const CpStopping& stopping) {
  const CpRun& best = result.runs[static_cast<std::size_t>(result.best_run)];
  double seconds = 0;
  for (const CpRun& run : result.runs)
    if (!run.history.empty()) seconds = std::max(seconds, run.history.back().seconds);
  return {rank, result.fit, result.diagnostics, best.history.size(), seconds, ending_text(best, stopping)};
}

std::string scan_text(const TensorFacts& facts, const std::vector<ScannedRank>& ranks) {
  std::string text = fmt::format("{}: {}\n", facts.path, facts_text(facts));
  text += fmt::format("{:>6} {:>10} {:>18} {:>7} {:>9}  {}\n", "rank", "fit", "core consistency", "sweeps", "seconds",
                      "ended");
  for (const ScannedRank& one : ranks) {
    const double consistency = one.diagnostics.core_consistency;
    text += fmt::format("{:>6} {:>10.6f} {:>18} {:>7} {:>9.3f}  {}{}\n", one.rank, one.fit,
                        std::isnan(consistency) ? "-" : fmt::format("{:.1f} %", consistency), one.sweeps, one.seconds,
                        one.ended, one.diagnostics.degenerate ? "; degenerate" : "");
  }
  return text;
}

std::string scan_json(const CpFitOptions& options, const TensorFacts& facts, const Context& context,
                      const std::string& why, const std::vector<ScannedRank>& ranks,
                      const std::optional<FailedRank>& failed, bool interrupted) {
  Json table = Json::array();
  for (const ScannedRank& one : ranks)
    table.push_back({{"rank", one.rank},
                     {"fit", one.fit},
                     {"core_consistency", one.diagnostics.core_consistency},
                     {"sweeps", one.sweeps},
                     {"seconds", one.seconds},
                     {"ended", one.ended},
                     {"diagnostics", json_of(one.diagnostics)}});
  const Json failure = failed ? Json{{"rank", failed->rank}, {"error", failed->error}} : Json(nullptr);
  Json settings = json_of(options.cp, facts.order);
  settings.erase("rank");
  return to_text({{"command", "cp fit"},
                  {"version", kVersion},
                  {"tensor", json_of(facts)},
                  {"backend", {{"description", context.description()}, {"why", why}}},
                  {"precision", options.precision == Precision::single ? "float" : "double"},
                  {"options", settings},
                  {"ranks", table},
                  {"failure", failure},
                  {"interrupted", interrupted}});
}

/// Fit, core consistency and seconds against rank, a panel each.
CurvesFigure scan_figure(const CpFitOptions& options, const std::vector<ScannedRank>& ranks) {
  const auto panel = [&](const char* title, const char* label, const auto& number) {
    Panel drawn;
    drawn.title = title;
    drawn.x_label = "rank";
    drawn.y_label = label;
    drawn.whole_x = true;
    Curve& curve = drawn.curves.emplace_back();
    for (const ScannedRank& one : ranks) {
      curve.x.push_back(static_cast<double>(one.rank));
      curve.y.push_back(number(one));
    }
    return drawn;
  };
  const auto consistency = [](const ScannedRank& one) {  // far below 0 it would hide the rest
    const double percent = one.diagnostics.core_consistency;
    return percent < 0 ? 0 : percent;
  };
  return {"Ranks of " + file_name(options.tensor),
          {panel("Fit", "fit", [](const ScannedRank& one) { return one.fit; }),
           panel("Core consistency", "percent, at least 0", consistency),
           panel("Seconds", "seconds", [](const ScannedRank& one) { return one.seconds; })},
          3};
}

}  // namespace

template <class T>
void scan_ranks(CpFitOptions& options) {
  Progress progress(options.json ? ProgressStyle::none : options.progress);
  CpProblem<T> problem = read_problem<T>(options, options.scan.back(), progress);
  const InterruptGuard interrupt(/*aloud=*/false);
  std::vector<ScannedRank> ranks;
  std::optional<FailedRank> failed;
  for (index_t rank = options.scan.front(); rank <= options.scan.back() && !interrupt.requested() && !failed; ++rank) {
    progress.note(fmt::format("rank {}", rank));
    options.cp.rank = rank;
    try {
      const CpResult<T> result =
          solve(problem, options.cp, FactorViews<T>{}, progress, [&] { return interrupt.requested(); });
      ranks.push_back(summed_up(rank, result, options.cp.stopping));
    } catch (const std::exception& error) {  // std::bad_alloc among them
      if (ranks.empty()) throw;              // nothing would be lost
      failed = {rank, error.what()};
    }
  }
  if (interrupt.requested()) progress.note("stopped early: the ranks that follow are not there");
  progress.end();
  Output output;
  output.write(options.json ? scan_json(options, problem.facts, problem.chosen.context, problem.chosen.why, ranks,
                                        failed, interrupt.requested())
                            : scan_text(problem.facts, ranks));
  output.finish();
  if (!options.plot.empty()) draw(options.plot, scan_figure(options, ranks));
  if (failed) throw Error(fmt::format("rank {}: {}", failed->rank, failed->error));
}

template void scan_ranks<float>(CpFitOptions&);
template void scan_ranks<double>(CpFitOptions&);

}  // namespace seesaw::cli
