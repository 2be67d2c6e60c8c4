#pragma once
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cp.hpp"
#include "seesaw/complete_tensor.hpp"
#include "solver_options.hpp"

namespace seesaw::cli {

struct CpFitOptions {
  std::string tensor;
  std::string output;       ///< empty with a scan
  std::string plot;         ///< a picture of the components; empty: none
  std::string start_model;  ///< empty: none
  index_t rank = 0;         ///< 0: the start's, or CpOptions' default
  CpOptions cp;
  std::vector<double> ridge;     ///< one for all modes, or one for each
  std::vector<int> nonnegative;  ///< modes, from 0
  bool all_nonnegative = false;
  std::vector<int> fixed;
  std::vector<index_t> scan;  ///< first and last rank; empty: none
  bool known_only = false;    ///< or implicit: what follows is theirs alone; rank, starts and stopping are in `cp`
  bool implicit = false;
  ImplicitFeedback feedback;  ///< where implicit
  TensorCompletionOptions completion;
  Solver solver = Solver::als;
  SolverOptions own_of_solver;
  std::string validation;  ///< empty: none
  double holdout = 0;      ///< 0: none
  bool completes() const { return known_only || implicit; }
  Precision precision = Precision::twice;
  BackendOptions backend;
  TensorOptions format;
  ProgressStyle progress = ProgressStyle::automatic;
  bool json = false;
};

/// A tensor where it is to be computed with.
template <class T>
struct CpProblem {
  TensorFacts facts;
  ChosenBackend chosen;
  AnyTensor<T> tensor;
};

/// Reads the tensor, sets options.cp.modes for its order and chooses a backend that holds a fit of rank `most`. Throws
/// UsageError where an option names a mode that the tensor lacks.
template <class T>
CpProblem<T> read_problem(CpFitOptions& options, index_t most, Progress& progress);

/// On the host as they are, on a device a copy; no entries: as they are.
template <class T>
SparseTensor<T> placed_entries(const Context& context, SparseTensor<T> tensor) {
  if (context.memory()->on_host() || tensor.values.empty()) return tensor;
  const auto there = [&](const auto& buffer) { return to_context(context, buffer.data(), buffer.size()); };
  for (std::size_t n = 0; n < static_cast<std::size_t>(tensor.order); ++n) tensor.indices[n] = there(tensor.indices[n]);
  tensor.values = there(tensor.values);
  return tensor;
}

/// The entries e for which chosen[e] == wanted, in their order; index_of(n, e) is their index in mode n.
template <class T, class IndexOf>
SparseTensor<T> picked(int order, const std::array<index_t, kMaxOrder>& shape, const T* values, IndexOf&& index_of,
                       const std::vector<bool>& chosen, bool wanted) {
  SparseTensor<T> entries;
  entries.order = order;
  entries.shape = shape;
  const offset_t count = std::count(chosen.begin(), chosen.end(), wanted);
  const auto modes = static_cast<std::size_t>(order);
  for (std::size_t n = 0; n < modes; ++n) entries.indices[n] = Buffer<column_t>(count);
  entries.values = Buffer<T>(count);
  offset_t at = 0;
  for (offset_t e = 0; e < std::ssize(chosen); ++e) {
    if (chosen[static_cast<std::size_t>(e)] != wanted) continue;
    for (std::size_t n = 0; n < modes; ++n) entries.indices[n].data()[at] = static_cast<column_t>(index_of(n, e));
    entries.values.data()[at++] = values[e];
  }
  return entries;
}

/// Throws UsageError unless there is one for all modes or one for each.
void require_ridges(const std::vector<double>& ridges, int order);

/// cp_als() under the eyes of the user, who may interrupt it. `start` as it takes it.
template <class T>
CpResult<T> solve(CpProblem<T>& problem, const CpOptions& options, const FactorViews<T>& start, Progress& progress,
                  const std::function<bool()>& interrupted);

template <class T>
void scan_ranks(CpFitOptions& options);

/// Draws the components, where a picture is asked for. The model is saved by then: the error says so.
template <class T>
void draw_components(const CpFitOptions& options, const CpModel<T>& model);

/// The factors of --start-model in the context's memory, each component's weight shared by the modes that are solved:
/// with a ridge their scale matters. None without it.
template <class T>
std::vector<Matrix<T>> start_factors(const Context& context, const CpFitOptions& options, const TensorFacts& facts);
template <class T>
FactorViews<T> views_of(const std::vector<Matrix<T>>& factors) {
  FactorViews<T> views;
  for (std::size_t n = 0; n < factors.size(); ++n) views[n] = factors[n].view();
  return views;
}

// ---- with --known-only or --implicit

/// The options of tensor completion.
class CompletionArguments {
 public:
  /// What they set must outlive the parsing.
  CompletionArguments(CLI::App& command, CpFitOptions& options);
  /// Throws UsageError for options that do not go together, and sets what some say of others.
  void settle(CpFitOptions& options) const;

 private:
  const CLI::App& command_;
  CLI::Option* known_only_ = nullptr;
  std::vector<CLI::Option*> own_;  ///< that go with these two alone
  std::optional<SolverArguments> solver_;
};

/// The known entries of a file and those to validate with, in host memory.
template <class T>
struct KnownEntries {
  TensorFacts facts;  ///< of the whole file
  SparseTensor<T> known;
  SparseTensor<T> validation;       ///< no entries: none
  offset_t validation_unknown = 0;  ///< with an index beyond the tensor's
};

/// Throws as the readers do, UsageError for a dense tensor, and Error where nothing is left to validate with.
template <class T>
KnownEntries<T> read_known(const CpFitOptions& options, Progress& progress);

template <class T>
void complete_known(CpFitOptions& options);

extern template CpProblem<float> read_problem(CpFitOptions&, index_t, Progress&);
extern template CpProblem<double> read_problem(CpFitOptions&, index_t, Progress&);
extern template CpResult<float> solve(CpProblem<float>&, const CpOptions&, const FactorViews<float>&, Progress&,
                                      const std::function<bool()>&);
extern template CpResult<double> solve(CpProblem<double>&, const CpOptions&, const FactorViews<double>&, Progress&,
                                       const std::function<bool()>&);
extern template void scan_ranks<float>(CpFitOptions&);
extern template void scan_ranks<double>(CpFitOptions&);
extern template void draw_components(const CpFitOptions&, const CpModel<float>&);
extern template void draw_components(const CpFitOptions&, const CpModel<double>&);
extern template std::vector<Matrix<float>> start_factors(const Context&, const CpFitOptions&, const TensorFacts&);
extern template std::vector<Matrix<double>> start_factors(const Context&, const CpFitOptions&, const TensorFacts&);
extern template KnownEntries<float> read_known(const CpFitOptions&, Progress&);
extern template KnownEntries<double> read_known(const CpFitOptions&, Progress&);
extern template void complete_known<float>(CpFitOptions&);
extern template void complete_known<double>(CpFitOptions&);

}  // namespace seesaw::cli
