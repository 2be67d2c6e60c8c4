#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cp_components.hpp"
#include "dense.hpp"
#include "factors.hpp"
#include "nonnegative_descent.hpp"
#include "scale_columns.hpp"
#include "seesaw/cp_als.hpp"
#include "seesaw/gram.hpp"
#include "seesaw/hadamard_grams.hpp"
#include "seesaw/random.hpp"
#include "seesaw/solve_spd.hpp"

namespace seesaw {

/// cp_als() over a tensor of either kind (cp_tensor.hpp). The factors of all starts lie side by side, start s in the
/// columns s k to (s + 1) k - 1 of one matrix for each mode, so that one MTTKRP serves them all.
template <class T, class Tensor>
class CpAls {
 public:
  CpAls(Context& ctx, Tensor& tensor, const CpOptions& options, const FactorViews<T>& start)
      : ctx_(ctx), tensor_(tensor), options_(options), k_(options.rank), order_(options.order), norm_(tensor.norm()) {
    if (order_.empty())
      for (int n = 0; n < tensor.order(); ++n) order_.push_back(n);
    std::erase_if(order_, [&](int n) { return mode(n).fixed; });
    index_t rhs_rows = 0;
    for (int n = 0; n < tensor.order(); ++n) {
      factors_.emplace_back(ctx, tensor.size(n), options.starts * k_);
      free_of_ridge_ = free_of_ridge_ && mode(n).ridge == 0;
      if (mode(n).nonnegative) rhs_rows = std::max(rhs_rows, tensor.size(n));
    }
    rhs_ = Matrix<T>(ctx, rhs_rows, options.starts * k_);
    system_ = Matrix<T>(ctx, k_, k_);
    scales_ = Buffer<T>(ctx, k_);
    Matrix<T> identity(k_, k_);
    for (index_t f = 0; f < k_; ++f)
      for (index_t g = 0; g < k_; ++g) identity(f, g) = f == g ? T{1} : T{0};
    identity_ = seesaw::to_context(ctx, identity);
    for (int s = 0; s < options.starts; ++s) begin(s, start);
    if (options.start == CpStart::range_finder) find_range(start);
    if (options.start == CpStart::nvecs) take_vectors(start);
    for (int s = 0; s < options.starts; ++s)
      for (int n = 0; n < tensor.order(); ++n) gram(ctx_, columns(n, s), starts_[index(s)].grams[index(n)].view());
  }

  /// Runs all starts to their ends. What it returns has neither diagnostics nor matches.
  CpResult<T> operator()() {
    for (int sweep = 1; running_ > 0; ++sweep) {
      for (const int n : order_) update(n);
      const auto active = [&](Start& start) { return start.active; };
      for (int s = 0; s < options_.starts; ++s) {
        Start& start = starts_[index(s)];
        if (!active(start)) continue;
        const double now = seconds();
        after_sweep(s, start, {sweep, fit(start), objective(start), now});
      }
    }
    if (best_ < 0)
      throw Error("cp_als(): from no start is the fit finite, as numbers exceed what " +
                  std::string(sizeof(T) == sizeof(float) ? "float" : "double") + " holds");
    result_.best_run = best_;
    for (Start& start : starts_) result_.runs.push_back(std::move(start.run));
    return std::move(result_);
  }

  /// Those of each start, when it ended.
  const std::vector<Components>& components() const { return components_; }
  double norm() const { return norm_; }

 private:
  struct Start {
    CpRun run;
    std::vector<Matrix<T>> grams;  ///< of each mode's columns as they are
    std::vector<double> weights;   ///< of the model over them
    double squared_error = 0;      ///< |T - M|^2
    bool active = true;
    bool finite = true;  ///< false from the first Gram on that overflowed: it ends, diverged, with its sweep
  };

  using Clock = std::chrono::steady_clock;

  static std::size_t index(int n) { return static_cast<std::size_t>(n); }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  const CpMode& mode(int n) const { return options_.modes[index(n)]; }

  MatrixView<T> columns(Matrix<T>& wide, int s) const {
    return {wide.view().data + s * k_, wide.rows(), k_, wide.cols()};
  }
  MatrixView<T> columns(int n, int s) { return columns(factors_[index(n)], s); }

  void begin(int s, const FactorViews<T>& given) {
    Start start;
    start.run.seed = options_.seed + static_cast<std::uint64_t>(s);
    start.weights.assign(static_cast<std::size_t>(k_), 1.0);
    for (int n = 0; n < tensor_.order(); ++n) {
      start.grams.emplace_back(ctx_, k_, k_);
      if (given[index(n)].rows > 0)
        copy_matrix<T>(ctx_, given[index(n)], columns(n, s));
      else
        draw(start.run.seed, n, columns(n, s));
    }
    starts_.push_back(std::move(start));
    components_.emplace_back();
    ++running_;
  }

  void draw(std::uint64_t seed, int n, MatrixView<T> out) {
    const std::uint64_t own = random_bits(seed, static_cast<std::uint64_t>(n));
    if (!mode(n).nonnegative) {
      fill_normal(ctx_, own, 1, out);
      return;
    }
    Context host = Context::cpu();
    Matrix<T> drawn(out.rows, out.cols);
    fill_normal(host, own, 1, drawn.view());
    for (index_t e = 0; e < drawn.buffer().size(); ++e) drawn.buffer().data()[e] = std::abs(drawn.buffer().data()[e]);
    const Matrix<T> there = seesaw::to_context(ctx_, drawn);
    copy_matrix<T>(ctx_, there.view(), out);
  }

  /// Each drawn factor becomes an orthonormal basis of the columns of its MTTKRP with the drawn ones.
  void find_range(const FactorViews<T>& given) {
    Factors<T> found;
    for (int n = 0; n < tensor_.order(); ++n) {
      found.emplace_back(ctx_, tensor_.size(n), options_.starts * k_);
      if (given[index(n)].rows > 0) continue;
      tensor_.mttkrp(views(factors_), n, found.back().view());
      for (int s = 0; s < options_.starts; ++s) orthonormalize(columns(found.back(), s));
    }
    for (int n = 0; n < tensor_.order(); ++n)
      if (given[index(n)].rows == 0) {
        factors_[index(n)] = std::move(found[index(n)]);
        tensor_.changed(n);
      }
  }

  /// The first columns of each drawn factor, of one start, become the leading vectors of the tensor.
  void take_vectors(const FactorViews<T>& given) {
    for (int n = 0; n < tensor_.order(); ++n) {
      if (given[index(n)].rows > 0) continue;
      if (seconds() >= options_.stopping.seconds) return;
      const Matrix<double> vectors = tensor_.leading_vectors(n, k_);
      Matrix<T> host = to_host(factors_[index(n)]);
      for (index_t i = 0; i < host.rows(); ++i)
        for (index_t f = 0; f < vectors.cols(); ++f) host(i, f) = static_cast<T>(vectors(i, f));
      factors_[index(n)] = seesaw::to_context(ctx_, host);
      tensor_.changed(n);
    }
  }

  /// In exact arithmetic y (y'y)^-1/2 to a rotation of the columns; where columns are dependent, what is left is zero.
  void orthonormalize(MatrixView<T> y) {
    for (int pass = 0; pass < 2; ++pass) {  // the second mends what the first leaves where y'y is ill-conditioned
      Matrix<T> square(ctx_, k_, k_);
      gram(ctx_, y, square.view());
      const Matrix<T> inverse_root = seesaw::to_context(ctx_, inverse_square_root(to_host(square)));
      Matrix<T> tight(ctx_, y.rows, k_), turned(ctx_, y.rows, k_);
      copy_matrix<T>(ctx_, y, tight.view());
      multiply<T>(ctx_, std::as_const(tight).view(), inverse_root.view(), turned.view());
      copy_matrix<T>(ctx_, std::as_const(turned).view(), y);
    }
  }

  void update(int n) {
    Matrix<T>& out = mode(n).nonnegative ? rhs_ : factors_[index(n)];
    const MatrixView<T> product(out.view().data, tensor_.size(n), out.cols());
    tensor_.mttkrp(views(factors_), n, product);
    for (int s = 0; s < options_.starts; ++s)
      if (starts_[index(s)].active && starts_[index(s)].finite) solve(n, s);
    tensor_.changed(n);
  }

  // 1. the normal equations   2. the factor   3. its Gram and, after the sweep's last mode, the error   4. norms of 1
  void solve(int n, int s) {
    Start& start = starts_[index(s)];
    std::vector<MatrixView<const T>> grams;
    for (const Matrix<T>& one : start.grams) grams.push_back(one.view());
    hadamard_grams(ctx_, grams, n, system_.view());
    if (mode(n).ridge > 0) combine<T>(ctx_, k_ * k_, mode(n).ridge, identity_.view().data, 1, system_.view().data);
    if (!stays_finite(start, system_)) return;

    const MatrixView<T> x = columns(n, s);
    if (mode(n).nonnegative) {
      scale(start.weights, x);
      constexpr int kPasses = 5;
      const MatrixView<const T> b = columns(rhs_, s).slice(0, x.rows);
      on_backend(
          ctx_, [&] { reference::nonnegative_descent<T>(system_.view(), b, kPasses, x); },
          [&](int threads) { cpu::nonnegative_descent<T>(threads, system_.view(), b, kPasses, x); },
          [&](auto& gpu) { cuda::nonnegative_descent<T>(gpu, system_.view(), b, kPasses, x); });
    } else {
      solve_spd(ctx_, std::as_const(system_).view(), x);
    }

    Matrix<T>& square = start.grams[index(n)];
    gram(ctx_, x, square.view());
    if (!stays_finite(start, square)) return;
    Matrix<T> host = to_host(square);
    if (n == order_.back()) start.squared_error = error_of(n, s, to_host(system_), host);
    start.weights.assign(static_cast<std::size_t>(k_), 1.0);
    if (free_of_ridge_) normalize(start, x, host, square);
  }

  /// Whether all elements are finite; where not, neither is the start's error.
  bool stays_finite(Start& start, const Matrix<T>& square) const {
    const Matrix<T> host = to_host(square);
    const T* const elements = host.buffer().data();
    start.finite = std::all_of(elements, elements + host.buffer().size(), [](T e) { return std::isfinite(e); });
    if (!start.finite) start.squared_error = std::numeric_limits<double>::quiet_NaN();
    return start.finite;
  }

  /// |T|^2 - 2 T.M + |M|^2. The MTTKRP is what the equations were solved for: where they were, T.M is the sum of the
  /// elements of system * square.
  double error_of(int n, int s, const Matrix<T>& system, const Matrix<T>& square) {
    double solved = 0, model = 0;
    for (index_t f = 0; f < k_; ++f)
      for (index_t g = 0; g < k_; ++g) {
        const double product = static_cast<double>(system(f, g)) * static_cast<double>(square(f, g));
        solved += product;
        model += product - (f == g ? mode(n).ridge * static_cast<double>(square(f, f)) : 0);
      }
    if (mode(n).nonnegative) {
      const MatrixView<const T> x = columns(n, s), b = columns(rhs_, s).slice(0, x.rows);
      solved = penalty_slope(ctx_, x, b, nullptr, {1.0, Weighting::plain});
    }
    return norm_ * norm_ - 2 * solved + model;
  }

  void scale(const std::vector<double>& by, MatrixView<T> x) {
    std::vector<T> numbers(by.begin(), by.end());
    ctx_.memory()->copy_from_host(scales_.data(), numbers.data(), numbers.size() * sizeof(T));
    on_backend(
        ctx_, [&] { reference::scale_columns(x, scales_.data()); },
        [&](int threads) { cpu::scale_columns(threads, x, scales_.data()); },
        [&](auto& gpu) { cuda::scale_columns(gpu, x, scales_.data()); });
  }

  /// Columns of norm 1, the norms in the weights; a column of zeros stays.
  void normalize(Start& start, MatrixView<T> x, Matrix<T>& host, Matrix<T>& square) {
    std::vector<double> inverse(static_cast<std::size_t>(k_), 1.0);
    for (index_t f = 0; f < k_; ++f) {
      const double norm = std::sqrt(static_cast<double>(host(f, f)));
      start.weights[static_cast<std::size_t>(f)] = norm;
      if (norm > 0) inverse[static_cast<std::size_t>(f)] = 1 / norm;
    }
    scale(inverse, x);
    for (index_t f = 0; f < k_; ++f)
      for (index_t g = 0; g < k_; ++g)
        host(f, g) = static_cast<T>(static_cast<double>(host(f, g)) * inverse[static_cast<std::size_t>(f)] *
                                    inverse[static_cast<std::size_t>(g)]);
    ctx_.memory()->copy_from_host(square.view().data, host.view().data, static_cast<std::size_t>(k_ * k_) * sizeof(T));
  }

  double fit(Start& start) {
    constexpr double kCancels = sizeof(T) == sizeof(float) ? 1e-3 : 1e-9;
    if (start.squared_error < kCancels * norm_ * norm_) {
      FactorViews<T> own;
      const auto s = static_cast<int>(&start - starts_.data());
      for (int n = 0; n < tensor_.order(); ++n) own[index(n)] = columns(n, s);
      const double error = tensor_.squared_residual(own, start.weights);
      start.squared_error = error < 0 ? 0 : error;  // NaN stays: the start has diverged
    }
    return 1 - std::sqrt(start.squared_error) / norm_;
  }

  double objective(const Start& start) const {
    double twice = start.squared_error;
    for (int n = 0; n < tensor_.order(); ++n) {
      if (mode(n).ridge == 0) continue;
      const Matrix<T> square = to_host(start.grams[index(n)]);
      for (index_t f = 0; f < k_; ++f) twice += mode(n).ridge * static_cast<double>(square(f, f));
    }
    return 0.5 * twice;
  }

  void after_sweep(int s, Start& start, const CpSweep& sweep) {
    const CpStopping& stopping = options_.stopping;
    const double before =
        start.run.history.empty() ? -std::numeric_limits<double>::infinity() : start.run.history.back().fit;
    if (!std::isfinite(sweep.fit)) return end(s, start, StopReason::diverged);
    start.run.history.push_back(sweep);
    if (stopped_ || (options_.callback && !options_.callback(s, sweep))) {
      stopped_ = true;
      return end(s, start, StopReason::callback);
    }
    const double error = std::sqrt(start.squared_error) / norm_;
    if (stopping.relative_error > 0 && error <= stopping.relative_error) return end(s, start, StopReason::tolerance);
    if (stopping.fit_change > 0 && std::abs(sweep.fit - before) < stopping.fit_change)
      return end(s, start, StopReason::tolerance);
    if (sweep.sweep >= stopping.sweeps) return end(s, start, StopReason::sweeps);
    if (sweep.seconds >= stopping.seconds) return end(s, start, StopReason::time);
  }

  /// Takes the start's components out of the matrices, whose columns the MTTKRPs of the others overwrite.
  void end(int s, Start& start, StopReason reason) {
    start.active = false;
    start.run.stopped = reason;
    --running_;
    if (reason == StopReason::diverged) return;
    std::vector<Matrix<T>> factors;
    for (int n = 0; n < tensor_.order(); ++n) {
      Matrix<T> tight(ctx_, tensor_.size(n), k_);
      copy_matrix<T>(ctx_, columns(n, s), tight.view());
      factors.push_back(to_host(tight));
    }
    Components found = components_of(factors, start.weights);
    if (!fixes_any()) canonicalize(found);
    const double objective = start.run.history.back().objective;
    if (best_ < 0 || objective < best_objective_) {
      best_ = s;
      best_objective_ = objective;
      result_.fit = start.run.history.back().fit;
      result_.weights = found.weights;
      result_.factors.clear();
      for (int n = 0; n < tensor_.order(); ++n)
        result_.factors.push_back(seesaw::to_context(ctx_, rounded<T>(found.factors[index(n)])));
    }
    components_[index(s)] = std::move(found);
  }

  bool fixes_any() const {
    bool any = false;
    for (int n = 0; n < tensor_.order(); ++n) any = any || mode(n).fixed;
    return any;
  }

  const Clock::time_point begin_ = Clock::now();
  Context& ctx_;
  Tensor& tensor_;
  const CpOptions& options_;
  index_t k_;
  std::vector<int> order_;
  double norm_;
  bool free_of_ridge_ = true;
  Factors<T> factors_;
  Matrix<T> rhs_, system_, identity_;
  Buffer<T> scales_;
  std::vector<Start> starts_;
  std::vector<Components> components_;
  int running_ = 0, best_ = -1;
  bool stopped_ = false;
  double best_objective_ = 0;
  CpResult<T> result_;
};

}  // namespace seesaw
