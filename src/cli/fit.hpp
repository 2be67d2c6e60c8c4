#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "backend.hpp"
#include "checks.hpp"
#include "progress.hpp"
#include "seesaw/complete.hpp"
#include "seesaw/io/model.hpp"
#include "seesaw/io/ratings.hpp"
#include "seesaw/sparse.hpp"

namespace seesaw::cli {

struct FitOptions {
  std::string ratings;
  std::string output;
  std::string plot;        ///< a picture of the convergence; empty: none
  std::string validation;  ///< empty: none
  double holdout = 0;      ///< 0: none
  std::string start;       ///< a model to go on from; empty: none
  index_t rank = 0;        ///< 0: the start's, or CompletionOptions' default
  CompletionOptions completion;
  Solver solver = Solver::als;
  SolverOptions own;  ///< of the solver
  bool implicit = false;
  ImplicitFeedback feedback;  ///< of implicit feedback
  Precision precision = Precision::single;
  BackendOptions backend;
  RatingsOptions format;
  ProgressStyle progress = ProgressStyle::automatic;
  bool json = false;
};

// ---- the options that `fit` and `compare` have

void add_model_options(CLI::App& command, FitOptions& options);
/// After those of the model, some of which they change; so do those of the start. `what` describes --implicit.
void add_implicit_options(CLI::App& command, bool& implicit, ImplicitFeedback& feedback, const std::string& what);
/// What --implicit makes of the options of a run, CompletionOptions or those of a tensor.
template <class Options>
void take_feedback(const CLI::App& command, const ImplicitFeedback& feedback, Options& completion) {
  if (command.count("--weighting") == 0) completion.weighting = Weighting::plain;
  completion.implicit = feedback;
  completion.centre = false;
}
/// What is wrong with a value as implicit feedback, in the tool's words; empty: nothing.
template <class T>
std::string fault_of(const ImplicitFeedback& feedback, T value);
void add_run_options(CLI::App& command, FitOptions& options);
void add_start_options(CLI::App& command, FitOptions& options);
void add_validation_options(CLI::App& command, FitOptions& options);

/// What the solver is given, in host memory.
template <class T>
struct FitData {
  Csr<T> train;
  Csr<T> validation;  ///< rows = 0: none
  Matrix<T> x, y;     ///< the start; rows = 0: from the seed
  Ids rows;
  Ids cols;
  offset_t merged = 0;
  offset_t validation_unknown = 0;  ///< validation entries whose user or item the training file lacks
  index_t start_known = 0;          ///< items that the start's model has
};

/// Reads the files, splits, and sets options.completion.rank. Throws as the readers do, and Error where nothing is left
/// to validate with or none of the start's items occurs.
template <class T>
FitData<T> read_fit_data(FitOptions& options, Progress& progress);

/// Moves about `fraction` of the entries out of `matrix` into the result: those for whose place (i, j) a number drawn
/// from the seed is below `fraction`, except the last one of a row or a column.
template <class T>
Csr<T> hold_out(Csr<T>& matrix, double fraction, std::uint64_t seed);

extern template Csr<float> hold_out(Csr<float>&, double, std::uint64_t);
extern template Csr<double> hold_out(Csr<double>&, double, std::uint64_t);
extern template FitData<float> read_fit_data(FitOptions&, Progress&);
extern template FitData<double> read_fit_data(FitOptions&, Progress&);

/// What a fit came to, for its report.
struct FitSummary {
  index_t users = 0, items = 0;
  offset_t entries = 0, merged = 0;
  offset_t validation_entries = 0, validation_left_out = 0;  ///< the second are not among the first
  std::string backend, why;
  double mean = 0;
  int best_run = 0, best_sweep = 0;
  std::int64_t singular_rows = 0;
  bool interrupted = false;
  std::string failure;  ///< how it diverged; empty: it did not
  bool saved = true;    ///< there is a model: it has factors
};

/// The sweep whose factors were kept; where it diverged in the first one, nothing was measured.
SweepRecord kept_sweep(const std::vector<CompletionRun>& runs, int best_run, int best_sweep);
/// "15 sweeps in 0.310 s, 0.021 s each; ended by tolerance", over all starts, and how many of them diverged.
std::string runs_text(const std::vector<CompletionRun>& runs, bool interrupted);
/// The mean over all starts.
double seconds_per_sweep(const std::vector<CompletionRun>& runs);

std::string fit_text(const FitOptions& options, const FitSummary& summary, const std::vector<CompletionRun>& runs);
std::string fit_json(const FitOptions& options, const FitSummary& summary, const std::vector<CompletionRun>& runs);

}  // namespace seesaw::cli
