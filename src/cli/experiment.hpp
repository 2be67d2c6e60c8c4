#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend.hpp"
#include "checks.hpp"
#include "json.hpp"
#include "progress.hpp"
#include "seesaw/complete.hpp"
#include "seesaw/cp_als.hpp"
#include "seesaw/io/figure.hpp"
#include "seesaw/io/tensor.hpp"
#include "seesaw/planted.hpp"
#include "seesaw/planted_tensor.hpp"

// What the parts of `seesaw experiment` share: the file read, the runs it asks for, their log, the summary of all.
// docs/experiment-format.md describes the file and the log.
namespace seesaw::cli {

// ---- the file

/// A kind has a reader in experiment_file.cpp and an ExperimentProblem; cp has another where not all elements are
/// known.
enum class ExperimentKind { cp, completion };
/// The word for it in the file, which the log and messages use too.
const char* to_string(ExperimentKind kind);

/// A solver with options of its own, under a name.
struct ExperimentMethod {
  std::string name;
  Solver solver = Solver::als;  ///< of completion, with its options
  SolverOptions own;
  CpStart start = CpStart::normal;  ///< of cp
  bool nonnegative = false;         ///< of cp, every mode
};

/// Read from `file`, or generated where that is empty.
struct ExperimentData {
  ExperimentKind kind = ExperimentKind::cp;
  std::string file, validation;
  TensorOptions tensor;
  RatingsOptions ratings;
  PlantedCpOptions cp;
  PlantedOptions planted;
  double holdout = 0;                 ///< of completion
  double known = 0;                   ///< of cp, generated: part of the elements that is known; 0: all
  std::vector<double> noise;          ///< levels; empty where data are read
  std::optional<std::uint64_t> seed;  ///< none: the run's
};

struct Experiment {
  std::string path, title, output, plot;
  ExperimentData data;
  std::vector<ExperimentMethod> methods;
  std::vector<index_t> ranks;
  std::vector<double> penalties;  ///< ridge of cp, lambda of completion
  std::vector<std::uint64_t> seeds;
  int sweeps = 0;
  double seconds = std::numeric_limits<double>::infinity();  ///< of one run
  CpStopping cp;
  CompletionOptions completion;  ///< and of cp with `known`, as far as tensors have them
  Precision precision = Precision::twice;
};

/// Throws IoError where the file cannot be read, UsageError ("file:line: what is wrong") for its contents.
Experiment read_experiment(const std::string& path);

// ---- the runs

/// One of the product of the file's lists. Where a solver takes no rank and penalty (those of the nuclear-norm ball),
/// there are none.
struct PlannedRun {
  const ExperimentMethod* method = nullptr;
  std::optional<double> noise;
  std::optional<index_t> rank;
  std::optional<double> penalty;
  std::uint64_t seed = 0;
  std::uint64_t data_seed = 0;
  std::uint64_t start_seed = 0;  ///< what the solver is given
  Json parameters;               ///< everything that the result depends on besides the data
  Json data;                     ///< what the data are made from or read from
  std::string key;               ///< of the parameters, the same for the same numbers in any order
};

/// By noise, seed, rank, penalty and method: runs on the same data follow each other. Reads the bytes of data files, to
/// know them again. `experiment` must outlive the result. Throws UsageError where two methods are the same.
std::vector<PlannedRun> plan(const Experiment& experiment);
/// "als, rank 20, noise 1e-05, ridge 0, seed 999"
std::string text_of(const Experiment& experiment, const PlannedRun& run);
/// "ridge" or "lambda".
const char* penalty_name(ExperimentKind kind);
/// Of an entry of the log.
std::string key_of(const Json& parameters);

/// How a run went.
struct RunOutcome {
  Json history;         ///< an object for each sweep
  std::string ended;    ///< to_string(StopReason)
  std::string failure;  ///< how it diverged; empty: it did not
  Json facts;           ///< of the data, once they were there
  std::string backend;
};

/// What the table and the picture take from an entry of a history.
struct RunSweep {
  int sweep = 0;
  double error = 0;  ///< cp: |T - M| / |T|; completion: RMSE on validation entries, or else on training entries
  double objective = 0;
  double seconds = 0;
};
/// Throws Json::exception where it is no history.
std::vector<RunSweep> sweeps_of(ExperimentKind kind, const Json& history);

/// Told of every sweep; false stops the run.
using RunWatch = std::function<bool(int sweep, double error)>;

/// Data and the solvers of a kind. It keeps the data of the last run, for the next one may have the same.
class ExperimentProblem {
 public:
  virtual ~ExperimentProblem() = default;
  /// Throws as the solver does, but for divergence, which the outcome tells.
  virtual RunOutcome solve(const PlannedRun& run, const RunWatch& watch) = 0;
};
std::unique_ptr<ExperimentProblem> cp_problem(const Experiment& experiment, const BackendOptions& backend,
                                              Progress& progress);
std::unique_ptr<ExperimentProblem> tensor_completion_problem(const Experiment& experiment,
                                                             const BackendOptions& backend, Progress& progress);
std::unique_ptr<ExperimentProblem> completion_problem(const Experiment& experiment, const BackendOptions& backend,
                                                      Progress& progress);

// ---- what came of them

/// Runs that differ in the seed alone.
struct Configuration {
  const PlannedRun* run = nullptr;  ///< the first of them
  int planned = 0;
  std::vector<const RunOutcome*> outcomes;  ///< of those that are done
};
/// `outcomes` has one for each of `runs`, null where it is not done.
std::vector<Configuration> configurations(const std::vector<PlannedRun>& runs,
                                          const std::vector<const RunOutcome*>& outcomes);

std::string summary_table(const Experiment& experiment, const std::vector<Configuration>& all);
Json summary_json(const Experiment& experiment, const std::vector<Configuration>& all);
/// Error against sweep: of each configuration the median over the seeds, in a band from the least to the greatest. A
/// run that ended stays at its last error.
CurvesFigure experiment_figure(const Experiment& experiment, const std::vector<Configuration>& all);

}  // namespace seesaw::cli
