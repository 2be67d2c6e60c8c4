#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "completion_checks.hpp"
#include "dense.hpp"
#include "explicit_ratings.hpp"
#include "seesaw/als.hpp"
#include "seesaw/random.hpp"
#include "top_singular.hpp"

namespace seesaw {

/// How the largest singular value of the gradient is found, and its error kept out of the gap.
struct OracleOptions {
  int steps;
  double accuracy;
};

/// What the solvers have in common that minimize f(M) = 1/2 sum w (a_ij - m_ij)^2 over |M|_* <= radius: the data, by
/// row and by column, r = a - m on them, in both orders, and the certificate.
///
/// For any numbers z on the entries, f(M) >= sum w z (a - m) - 1/2 sum w z^2, so that over the ball
///   f >= D(z) = sum w z a - 1/2 sum w z^2 - radius sigma_1(w z).
/// With z = r, f(M) - D(r) is the duality gap <G, M - S> of the linear oracle's S, with G = -w r the gradient. A bound
/// on sigma_1 from above keeps D a bound from below; the best D so far counts for every iterate.
template <class T>
class NuclearSteps {
 public:
  NuclearSteps(Context& ctx, CsrView<T> ratings, const CompletionOptions& options, double radius, OracleOptions oracle)
      : ctx_(ctx),
        radius_(radius),
        oracle_(oracle),
        seed_(options.seed),
        ratings_(ctx, ratings, options),
        offsets_(from_zero(ratings_.by_row())),
        residual_{Buffer<T>(ctx, ratings.entries), Buffer<T>(ctx, ratings.entries)},
        lanczos_(ctx, ratings.rows, ratings.cols, oracle.steps) {
    if (ratings.weights == nullptr) return;
    const Buffer<T> weights = host_copy(ctx_, by_row().weights, ratings.entries);
    largest_weight_ = static_cast<double>(*std::max_element(weights.data(), weights.data() + weights.size()));
  }

  /// Bytes besides what als_memory() counts for a factor of one column.
  static double memory(CsrView<T> ratings, const OracleOptions& oracle) {
    return 2 * static_cast<double>(ratings.entries) * sizeof(T) +
           static_cast<double>(ratings.rows + 1) * sizeof(offset_t) +
           Lanczos::memory(ratings.rows, ratings.cols, oracle.steps);
  }

  double mean() const { return ratings_.mean(); }
  const offset_t* row_offsets() const { return ratings_.offsets(0); }
  const offset_t* column_offsets() const { return ratings_.offsets(1); }

  void measure(SweepRecord& record) const {
    record.objective = objective();
    record.train_rmse = std::sqrt(plain_squares_ / static_cast<double>(entries()));
    record.gap = std::max(0.0, objective() - lower_);
  }

  static const char* advice(bool grown) {
    return grown ? "a smaller radius or exact steps keep it down"
                 : "smaller ratings or a smaller radius keep them within it";
  }

 protected:
  offset_t entries() const { return ratings_.by_row().entries; }
  /// The data; their offsets begin at 0.
  CsrView<T> by_row() const {
    CsrView<T> view = ratings_.by_row();
    if (offsets_.empty()) return view;
    view.offsets = offsets_.data();
    view.columns += first_;
    view.values += first_;
    if (view.weights != nullptr) view.weights += first_;
    return view;
  }
  CsrView<T> by_column() const { return ratings_.by_column(); }

  /// The data's places and weights with other values.
  static CsrView<T> with(CsrView<T> entries, const Buffer<T>& values) {
    entries.values = values.data();
    return entries;
  }
  /// sum w a b over the entries
  double weighted(const T* a, const T* b) const { return dot(entries(), a, b, by_row().weights); }
  double dot(index_t size, const T* a, const T* b, const T* weights = nullptr) const {
    return seesaw::dot(ctx_, size, a, b, weights);
  }
  /// b = alpha a + beta b
  void add(double alpha, const Buffer<T>& a, double beta, Buffer<T>& b) const {
    combine(ctx_, a.size(), alpha, a.data(), beta, b.data());
  }

  double objective() const { return 0.5 * squares_; }
  double squares() const { return squares_; }  ///< sum w r^2
  double largest_weight() const { return largest_weight_; }

  /// r = a: where M = 0.
  void start() {
    copy(by_row().values, residual_[0]);
    copy(by_column().values, residual_[1]);
    calls_ = 0;
    lower_ = 0;
    evaluate();
  }
  /// The sums, when r has changed.
  void evaluate() {
    const T* r = residual_[0].data();
    plain_squares_ = dot(entries(), r, r);
    squares_ = by_row().weights == nullptr ? plain_squares_ : weighted(r, r);
  }
  /// What the iterate has come to exceeds its type.
  void diverge() { squares_ = std::numeric_limits<double>::infinity(); }
  /// The top singular pair of -G, and what it says of the minimum.
  void certify() {
    if (!std::isfinite(squares_)) return;
    const double linear = weighted(residual_[0].data(), by_row().values) - squares_;  // <-G, M> = sum w r m
    const auto good_enough = [&](double sigma, double bound) {
      return radius_ * (bound - sigma) <= oracle_.accuracy * (radius_ * sigma - linear);
    };
    top_ = lanczos_(with(by_row(), residual_[0]), with(by_column(), residual_[1]),
                    std::sqrt(largest_weight_ * squares_), random_bits(seed_, calls_++), good_enough);
    lower_ = std::max(lower_, objective() - (radius_ * top_.bound - linear));
  }
  const TopSingular& top() const { return top_; }

  Context& ctx_;
  const double radius_;
  Buffer<T>& residual(int n) { return residual_[n]; }

 private:
  /// Null where they do so already.
  Buffer<offset_t> from_zero(CsrView<T> entries) {
    Buffer<offset_t> host = host_copy(ctx_, entries.offsets, entries.rows + 1);
    first_ = host.data()[0];
    if (first_ == 0) return {};
    for (index_t i = 0; i <= entries.rows; ++i) host.data()[i] -= first_;
    return placed(ctx_, std::move(host));
  }
  void copy(const T* from, Buffer<T>& to) {
    ctx_.memory()->copy_within(to.data(), from, static_cast<std::size_t>(to.size()) * sizeof(T));
  }

  OracleOptions oracle_;
  std::uint64_t seed_;
  ExplicitRatings<T> ratings_;
  offset_t first_ = 0;
  Buffer<offset_t> offsets_;
  Buffer<T> residual_[2];  ///< r by row and by column
  Lanczos lanczos_;
  double largest_weight_ = 1;
  std::uint64_t calls_ = 0;
  double squares_ = 0, plain_squares_ = 0;
  double lower_ = 0;  ///< the largest known bound on the minimum from below
  TopSingular top_;
};

/// What both solvers refuse of the problem and the options that all solvers take.
template <class T>
void require_convex(Context& ctx, const char* name, const CompletionProblem<T>& problem,
                    const CompletionOptions& options, double radius, const OracleOptions& oracle) {
  require_problem(ctx, problem, options);
  const std::string solver = std::string(name) + "()";
  if (options.implicit) throw InvalidArgument(solver + " takes explicit ratings; als() takes implicit ones");
  for (const auto& [start, given] : {std::pair{"x", problem.x.rows}, std::pair{"y", problem.y.rows}})
    if (given > 0)
      throw InvalidArgument(std::string("the start ") + start + " is given, but " + solver +
                            " begins at 0, which lies in every ball");
  if (options.restarts > 1)
    throw InvalidArgument("restarts is " + std::to_string(options.restarts) + ", expected 1: the problem of " + solver +
                          " is convex, and every start leads to the same minimum");
  require(options.stopping.gradient_norm == 0, "gradient_norm", options.stopping.gradient_norm,
          "0: at a minimum over a ball the gradient need not vanish; the gap tells how far it is");
  const auto in_type = static_cast<T>(radius);
  require(radius > 0 && in_type > 0 && std::isfinite(in_type), "radius", radius,
          sizeof(T) == sizeof(float) ? "a finite number > 0 that float holds" : "a finite number > 0");
  require(oracle.steps >= 2, "lanczos_steps", oracle.steps, "at least 2");
  require(oracle.accuracy > 0 && oracle.accuracy <= 1, "accuracy", oracle.accuracy, "more than 0 and at most 1");
}

/// What als_memory() counts for the entries, in both orientations, and the validation entries.
template <class T>
double entries_memory(const Context& ctx, const CompletionProblem<T>& problem) {
  const CsrView<T>& ratings = problem.ratings;
  return static_cast<double>(als_memory(ctx, {ratings.rows, ratings.cols, ratings.entries, ratings.weights != nullptr,
                                              problem.validation.entries, 1, sizeof(T), false}));
}

}  // namespace seesaw
