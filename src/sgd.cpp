#include "seesaw/sgd.hpp"

#include <string>

#include "completion_run.hpp"
#include "descent_steps.hpp"
#include "explicit_ratings.hpp"
#include "fill.hpp"
#include "seesaw/sgd_epoch.hpp"

namespace seesaw {
namespace {

double step_of_sweep(const SgdOptions& own, int sweep) { return own.step / (1 + own.decay * sweep); }

/// What sgd() does in a sweep. The entries are held by row, for measuring, and in the grid.
template <class T>
class SgdSteps {
 public:
  static constexpr bool kDescends = true;

  SgdSteps(Context& ctx, CsrView<T> ratings, const CompletionOptions& options, const SgdOptions& own)
      : ctx_(ctx),
        own_(own),
        seed_(options.seed),
        penalties_(penalties_of(options)),
        centred_(centre(ctx, ratings, options.centre, mean_)),
        grid_(entry_grid(ctx, centred_.view, penalties_[0], penalties_[1], own.grid)) {}

  double mean() const { return mean_; }
  const offset_t* row_offsets() const { return centred_.view.offsets; }
  const offset_t* column_offsets() const { return grid_.column_offsets.data(); }

  double begin(Factors<T>& at) {
    sweep_ = 0;
    epoch_ = 0;
    clear_without_entries(row_offsets(), at[0]);
    clear_without_entries(column_offsets(), at[1]);
    SweepRecord start;
    measure(at, start);
    return start.objective;
  }
  bool sweep(Factors<T>& at, std::int64_t*) {
    const double step = step_of_sweep(own_, sweep_++);
    if (own_.alternating) {
      pass(at, step, EpochMoves::x);
      pass(at, step, EpochMoves::y);
    } else {
      pass(at, step, EpochMoves::both);
    }
    return true;
  }
  void measure(const Factors<T>& at, SweepRecord& record) {
    measure_explicit(ctx_, centred_.view, {row_offsets(), column_offsets()}, penalties_, at, record);
  }
  double validation_rmse(CsrView<T> validation, const Factors<T>& at) {
    return rmse(masked_residual(ctx_, validation, at[0].view(), at[1].view()), validation.entries);
  }
  static const char* advice(bool) { return "a smaller step keeps it down"; }

 private:
  void pass(Factors<T>& at, double step, EpochMoves moves) {
    for (int n = 0; n < own_.epochs; ++n)
      sgd_epoch(ctx_, grid_.view(), step, random_bits(seed_, epoch_++), at[0].view(), at[1].view(), moves);
  }

  /// No step would ever move them.
  void clear_without_entries(const offset_t* offsets, Matrix<T>& factor) {
    const index_t rows = factor.rows();
    const Buffer<offset_t> host = host_copy(ctx_, offsets, rows + 1);
    for (index_t first = 0, last; first < rows; first = last + 1) {
      for (last = first; last < rows && host.data()[last] == host.data()[last + 1];) ++last;
      fill(ctx_, factor.view().slice(first, last), T{0});
    }
  }

  Context& ctx_;
  SgdOptions own_;
  std::uint64_t seed_;
  std::array<Penalty, 2> penalties_;
  double mean_ = 0;
  Revalued<T> centred_;
  EntryGrid<T> grid_;
  int sweep_ = 0;
  std::uint64_t epoch_ = 0;
};

template <class T>
void require_options(const SgdOptions& own, const Stopping& stopping) {
  require_step<T>(own.step);
  require(own.decay >= 0 && std::isfinite(own.decay), "decay", own.decay, "a finite number >= 0");
  require(static_cast<T>(step_of_sweep(own, std::max(1, stopping.sweeps) - 1)) > 0, "decay", own.decay,
          "less: the step of the last sweep would be 0");
  require(own.grid >= 0 && own.grid <= kMostGrid, "grid", static_cast<double>(own.grid), "1 to 4096, or 0 (chosen)");
  require(own.epochs >= 1, "epochs", own.epochs, "at least 1");
}

/// Besides what als_memory() counts, which has the entries by column in the place of the grid: a second index of each
/// entry, the blocks, what each row and column has beside its vector, and the factors before a sweep.
template <class T>
double sgd_bytes(const CompletionProblem<T>& problem, const CompletionOptions& options, const SgdOptions& own) {
  const double vectors = static_cast<double>(problem.ratings.rows + problem.ratings.cols);
  const double grid = static_cast<double>(own.grid > 0 ? own.grid : kMostChosenGrid);
  return static_cast<double>(problem.ratings.entries) * sizeof(column_t) + (grid * grid + 1) * sizeof(offset_t) +
         vectors * (sizeof(T) + sizeof(column_t) + sizeof(offset_t)) +
         vectors * static_cast<double>(options.rank) * sizeof(T);
}

template <class T>
CompletionResult<T> run(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
                        const SgdOptions& own) {
  require_options<T>(own, options.stopping);
  require_descent<T>("sgd", sgd_bytes(problem, options, own), ctx, problem, options);
  return complete_by<T, SgdSteps<T>>("sgd", ctx, problem, options, own);
}

}  // namespace

CompletionResult<float> sgd(Context& ctx, const CompletionProblem<float>& problem, const CompletionOptions& options,
                            const SgdOptions& own) {
  return run(ctx, problem, options, own);
}
CompletionResult<double> sgd(Context& ctx, const CompletionProblem<double>& problem, const CompletionOptions& options,
                             const SgdOptions& own) {
  return run(ctx, problem, options, own);
}

}  // namespace seesaw
