#pragma once
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cp.hpp"

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

/// cp_als() under the eyes of the user, who may interrupt it. `start` as it takes it.
template <class T>
CpResult<T> solve(CpProblem<T>& problem, const CpOptions& options, const FactorViews<T>& start, Progress& progress,
                  const std::function<bool()>& interrupted);

template <class T>
void scan_ranks(CpFitOptions& options);

extern template CpProblem<float> read_problem(CpFitOptions&, index_t, Progress&);
extern template CpProblem<double> read_problem(CpFitOptions&, index_t, Progress&);
extern template CpResult<float> solve(CpProblem<float>&, const CpOptions&, const FactorViews<float>&, Progress&,
                                      const std::function<bool()>&);
extern template CpResult<double> solve(CpProblem<double>&, const CpOptions&, const FactorViews<double>&, Progress&,
                                       const std::function<bool()>&);
extern template void scan_ranks<float>(CpFitOptions&);
extern template void scan_ranks<double>(CpFitOptions&);

}  // namespace seesaw::cli
