#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "seesaw/iteration.hpp"
#include "seesaw/matrix.hpp"
#include "seesaw/mttkrp.hpp"

namespace seesaw {

/// What one mode of cp_als() is asked for.
struct CpMode {
  double ridge = 0;          ///< of the penalty 1/2 ridge |A_n|^2, >= 0
  bool nonnegative = false;  ///< A_n >= 0
  bool fixed = false;        ///< A_n stays what the start gives
};

/// Where the factors that are not given come from. normal: A_n(i, r) = random_normal(random_bits(seed, n), i k + r),
/// its absolute value where the mode is nonnegative. range_finder: an orthonormal basis of the MTTKRP of such factors
/// (Halko, Martinsson, Tropp 2011), the same over all modes that are not given. nvecs: the leading left singular
/// vectors of the tensor's unfolding X in each mode, I x J, of norm 1, their largest element positive (Tensor Toolbox's
/// nvecs); columns beyond the rank of X, as beyond the mode's size, are normal ones. X X' or X' X, whichever is
/// smaller, is decomposed on the host, for min(I, J) up to 23,000; of a sparse tensor J counts the columns that have
/// entries. Modes to which the limit of seconds leaves no time keep normal numbers. Neither for nonnegative modes.
enum class CpStart { normal, range_finder, nvecs };

/// "normal", "range_finder", "nvecs".
const char* to_string(CpStart start);
const std::vector<CpStart>& all_cp_starts();

struct CpStopping {
  int sweeps = 500;                                          ///< at most so many
  double fit_change = 1e-6;                                  ///< ends when the fit changes by less; 0: never
  double relative_error = 0;                                 ///< ends when |T - M| / |T| is at most so much; 0: never
  double seconds = std::numeric_limits<double>::infinity();  ///< no sweep but the first begins after so many
};

/// What one sweep came to.
struct CpSweep {
  int sweep = 0;         ///< from 1
  double fit = 0;        ///< 1 - |T - M| / |T|
  double objective = 0;  ///< 1/2 |T - M|^2 + 1/2 sum ridge_n |A_n|^2
  double seconds = 0;    ///< since the start was begun, whose own time counts
};

struct CpOptions {
  index_t rank = 3;
  std::array<CpMode, kMaxOrder> modes = {};
  std::vector<int> order = {};  ///< in which a sweep solves the modes; each that is not fixed once. Empty: 0, 1, ...
  CpStart start = CpStart::normal;
  std::uint64_t seed = 0;
  int starts = 1;  ///< run side by side, with the seeds seed, seed + 1, ...; the one with the best objective is kept
  CpStopping stopping = {};
  /// Of a sparse tensor: keeps a copy of the entries for each mode, sorted by it. 1.7 to 4 times as fast on two cores,
  /// and for more threads than 16, for order x ((order - 1) x 4 bytes + a value) an entry. Else only modes that have
  /// fewer than 160 entries an index are sorted so. CUDA always sorts.
  bool sorted_copies = false;
  /// Called after every sweep of every start that still runs, with its number, from 0; false stops all. Null: none.
  std::function<bool(int start, const CpSweep&)> callback = nullptr;
};

/// One start and how it went.
struct CpRun {
  std::uint64_t seed = 0;
  std::vector<CpSweep> history;
  StopReason stopped = StopReason::sweeps;  ///< sweeps, tolerance (of either kind), time, callback
  /// Sweeps that changed the fit by less than a tenth of what a later one did: a swamp, if they are many.
  int swamp_sweeps = 0;
  /// Factor match score with the best start, 0 to 1: the mean over the components, paired greedily, of the product of
  /// |cosines| over the modes times 1 - |difference of weights| / larger weight.
  double match = 1;
};

/// What the result looks like as a decomposition.
struct CpDiagnostics {
  /// Percent; 100 where the core that fits the factors best is diagonal (Bro, Kiers 2003). NaN where rank^(order - 1)
  /// is above 4096, or a factor has dependent columns.
  double core_consistency = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> gram_condition;  ///< of each mode's A_n' A_n with columns of norm 1; infinity where singular
  /// The two components with the most negative product of cosines over the modes, and that; 0 for rank 1.
  int first = 0, second = 0;
  double cosine = 0;
  /// They cancel each other: cosine < -0.9 and both weights above |T|. The tensor may have no best approximation of
  /// this rank (de Silva, Lim 2008); a ridge keeps the components bounded.
  bool degenerate = false;
};

template <class T>
struct CpResult {
  std::vector<Matrix<T>> factors;  ///< shape[n] x k with columns of norm 1, in the context's memory
  std::vector<double> weights;     ///< k; the model is sum_r weights[r] a_0r o a_1r o ...
  double fit = 0;
  int best_run = 0;
  std::vector<CpRun> runs;
  CpDiagnostics diagnostics;
};

/// CP decomposition by alternating least squares: the factors A_0, ..., A_N-1 that minimize
///   1/2 |T - sum_r a_0r o ... o a_N-1,r|^2 + 1/2 sum_n ridge_n |A_n|^2.
/// A sweep solves each mode's factor from the others: A_n = MTTKRP_n (Hadamard product of the other Grams + ridge
/// I)^-1; of minimum norm where that is singular; a nonnegative one goes down by cyclic coordinate descent (HALS).
/// Where no mode has a ridge the columns are kept at norm 1.
///
/// tensor   order 2 to 8, every size at least 1; sparse: distinct places, all else is 0, no weights
/// start    a factor for each mode, shape[n] x k; one without rows is drawn (options.start). Given ones go with one
/// start
///
/// Components come by falling weight; in every mode but the last the element of largest magnitude of a column is
/// positive. Where a mode is fixed neither order nor signs nor fixed factors change.
/// All starts share one MTTKRP for each mode. A dense tensor is read twice a sweep, whatever its order, while the modes
/// are solved in their order. The fit comes from the last MTTKRP; where that would cancel, the residual of a dense
/// tensor is formed block by block and |T - M|^2 of a sparse one summed in double-double, so that 1 - 1e-12 is right to
/// some digits, in those sweeps alone.
/// A start whose factors' Grams exceed what a T holds ends as diverged and the others go on; Error where none is left.
/// Throws ShapeError, InvalidArgument (an all-zero tensor or start among them, or |T|^2 beyond what a T holds),
/// OutOfMemory before it starts.
/// Sources: Kolda, Bader (2009), section 3.4; Phan, Tichavsky, Cichocki (2013); Cichocki, Phan (2009) for HALS.
CpResult<float> cp_als(Context& ctx, const DenseTensorView<float>& tensor, const CpOptions& options,
                       const FactorViews<float>& start = {});
CpResult<double> cp_als(Context& ctx, const DenseTensorView<double>& tensor, const CpOptions& options,
                        const FactorViews<double>& start = {});
CpResult<float> cp_als(Context& ctx, const SparseTensorView<float>& tensor, const CpOptions& options,
                       const FactorViews<float>& start = {});
CpResult<double> cp_als(Context& ctx, const SparseTensorView<double>& tensor, const CpOptions& options,
                        const FactorViews<double>& start = {});

/// A problem's size, for cp_als_memory().
struct CpSize {
  int order = 3;
  std::array<index_t, kMaxOrder> shape{};
  offset_t entries = 0;  ///< of a sparse tensor; 0: a dense one
  index_t rank = 3;
  int starts = 1;
  std::int64_t element_bytes = sizeof(float);
  CpStart start = CpStart::normal;
  bool sorted_copies = false;  ///< as in CpOptions; true on CUDA
};

/// Bytes that cp_als() takes besides the tensor it is given, on any backend; 2^63 - 1 where there are more. It throws
/// OutOfMemory before it starts where they are not free. Those of nvecs are of host memory in part, on CUDA too.
std::int64_t cp_als_memory(const CpSize& size);

}  // namespace seesaw
