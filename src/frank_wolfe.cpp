#include "seesaw/frank_wolfe.hpp"

#include <optional>

#include "atoms.hpp"
#include "convex_run.hpp"
#include "nuclear_steps.hpp"

namespace seesaw {
namespace {

OracleOptions oracle_of(const FrankWolfeOptions& own) { return {own.lanczos_steps, own.accuracy}; }

/// Columns held at most.
index_t capacity_of(index_t rows, index_t cols, const Stopping& stopping) {
  return std::min(index_t{stopping.sweeps}, 2 * std::min(rows, cols));
}

template <class T>
class FrankWolfeSteps : public NuclearSteps<T> {
  using Base = NuclearSteps<T>;

 public:
  FrankWolfeSteps(Context& ctx, CsrView<T> ratings, const CompletionOptions& options, const FrankWolfeOptions& own)
      : Base(ctx, ratings, options, own.radius, oracle_of(own)),
        step_(own.step),
        atoms_(ratings.rows, ratings.cols, capacity_of(ratings.rows, ratings.cols, options.stopping)),
        x_(ctx, ratings.rows, 1),
        y_(ctx, ratings.cols, 1),
        of_atom_(ctx, ratings.entries) {}

  void watch(CsrView<T> entries) {
    watched_ = entries;
    held_out_ = Buffer<T>(this->ctx_, entries.entries);
    held_out_of_atom_ = Buffer<T>(this->ctx_, entries.entries);
  }
  double begin() {
    this->start();
    this->ctx_.memory()->copy_within(held_out_.data(), watched_.values,
                                     static_cast<std::size_t>(held_out_.size()) * sizeof(T));
    this->certify();
    return this->objective();
  }

  // 1. the atom radius u v' and what it leaves of the data   2. step   3. residuals, then the iterate, moved   4. the
  // next atom, and with it the gap
  bool sweep() {
    const std::vector<double>&left = this->top().left, &right = this->top().right;
    if (this->top().sigma == 0) return false;
    place(left, this->radius_, x_);
    place(right, 1, y_);
    const double target =
        masked_residual(this->ctx_, this->by_row(), x_.view(), y_.view(), of_atom_.data()).weighted_squared;
    const double step = step_to(target);
    if (std::isnan(step)) this->diverge();
    if (!(step > 0)) return false;
    this->add(step, of_atom_, 1 - step, this->residual(0));
    masked_residual(this->ctx_, this->by_column(), y_.view(), x_.view(), of_atom_.data());
    this->add(step, of_atom_, 1 - step, this->residual(1));
    if (!held_out_.empty()) {
      masked_residual(this->ctx_, watched_, x_.view(), y_.view(), held_out_of_atom_.data());
      this->add(step, held_out_of_atom_, 1 - step, held_out_);
    }
    if (atoms_.is_full()) recompress();
    atoms_.blend(step, left, right);
    this->evaluate();
    this->certify();
    return true;
  }
  double validation_rmse() {
    const index_t size = held_out_.size();
    return std::sqrt(this->dot(size, held_out_.data(), held_out_.data()) / static_cast<double>(size));
  }

  /// The atoms stay as they are until they are recompressed: their coefficients say which iterate it was.
  void keep() {
    kept_coefficients_ = atoms_.coefficients();
    kept_factors_.reset();
  }
  std::pair<Matrix<T>, Matrix<T>> kept() {
    if (kept_factors_) return std::move(*kept_factors_);
    if (!kept_coefficients_) return {};
    return atoms_.factors(this->ctx_, *kept_coefficients_, this->radius_);
  }

 private:
  void place(const std::vector<double>& from, double scale, Matrix<T>& to) {
    Matrix<T> host(to.rows(), 1);
    std::transform(from.begin(), from.end(), host.view().data, [&](double x) { return static_cast<T>(scale * x); });
    this->ctx_.memory()->copy_from_host(to.view().data, host.view().data, from.size() * sizeof(T));
  }

  /// NaN where numbers exceed their type. f at (1 - g) M + g times the atom is 1/2 sum w ((1 - g) r + g s)^2, s what
  /// the atom leaves and `target` sum w s^2.
  double step_to(double target) {
    if (step_ == FrankWolfeStep::harmonic) return 2.0 / (2.0 + static_cast<double>(sweeps_++));
    const double crossed = this->weighted(this->residual(0).data(), of_atom_.data());
    const double curvature = this->squares() - 2 * crossed + target;
    if (!std::isfinite(curvature)) return std::numeric_limits<double>::quiet_NaN();
    return curvature > 0 ? std::clamp((this->squares() - crossed) / curvature, 0.0, 1.0) : 0.0;
  }

  void recompress() {
    if (kept_coefficients_ && !kept_factors_)
      kept_factors_ = atoms_.factors(this->ctx_, *kept_coefficients_, this->radius_);
    atoms_.recompress(this->ctx_);
  }

  FrankWolfeStep step_;
  Atoms<T> atoms_;
  Matrix<T> x_, y_;    ///< radius u, v
  Buffer<T> of_atom_;  ///< the data less the atom
  CsrView<T> watched_;
  Buffer<T> held_out_, held_out_of_atom_;  ///< the same of the validation entries, less the iterate and the atom
  std::optional<std::vector<double>> kept_coefficients_;
  std::optional<std::pair<Matrix<T>, Matrix<T>>> kept_factors_;
  std::int64_t sweeps_ = 0;
};

/// Bytes in the context's memory, and in the host's, which are the same where the context works there.
template <class T>
void require_memory_for(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
                        const FrankWolfeOptions& own) {
  const CsrView<T>& ratings = problem.ratings;
  const auto m = static_cast<double>(ratings.rows), n = static_cast<double>(ratings.cols);
  const index_t columns = capacity_of(ratings.rows, ratings.cols, options.stopping);
  const double factors = (m + n) * static_cast<double>(columns) * sizeof(T);
  const double atoms = 2 * factors;  // themselves, and a copy in the order of the result
  const double there =
      entries_memory(ctx, problem) + NuclearSteps<T>::memory(ratings, oracle_of(own)) +
      (static_cast<double>(ratings.entries) + 2 * static_cast<double>(problem.validation.entries) + m + n) * sizeof(T) +
      (columns < options.stopping.sweeps ? Atoms<T>::recompress_memory(ctx, ratings.rows, ratings.cols, columns) : 0.0);
  constexpr const char* kAdvice = "fewer sweeps, of which each has a column, take less";
  if (ctx.memory()->on_host()) return require_memory(ctx, "frank_wolfe", saturated(there + atoms), kAdvice);
  require_memory(ctx, "frank_wolfe", saturated(there + factors), kAdvice);
  require_memory(*host_memory(), "the host's", "frank_wolfe", saturated(atoms), kAdvice);
}

template <class T>
CompletionResult<T> solve(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
                          const FrankWolfeOptions& own) {
  require_convex(ctx, "frank_wolfe", problem, options, own.radius, oracle_of(own));
  require_memory_for(ctx, problem, options, own);
  validate(ctx, problem.ratings, "ratings");
  if (problem.validation.rows > 0) validate(ctx, problem.validation, "validation");
  return ConvexRun<T, FrankWolfeSteps<T>>("frank_wolfe", ctx, problem, options, own).run();
}

}  // namespace

CompletionResult<float> frank_wolfe(Context& ctx, const CompletionProblem<float>& problem,
                                    const CompletionOptions& options, const FrankWolfeOptions& own) {
  return solve(ctx, problem, options, own);
}
CompletionResult<double> frank_wolfe(Context& ctx, const CompletionProblem<double>& problem,
                                     const CompletionOptions& options, const FrankWolfeOptions& own) {
  return solve(ctx, problem, options, own);
}

}  // namespace seesaw
