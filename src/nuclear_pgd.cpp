#include "seesaw/nuclear_pgd.hpp"

#include <cmath>
#include <utility>

#include "convex_run.hpp"
#include "dense_entries.hpp"
#include "fill.hpp"
#include "nuclear_projection.hpp"
#include "nuclear_steps.hpp"

namespace seesaw {
namespace {

/// Of the gap, which a decomposition of the whole matrix in each sweep leaves time for.
constexpr OracleOptions kOracle{64, 0.1};

template <class T>
class PgdSteps : public NuclearSteps<T> {
  using Base = NuclearSteps<T>;

 public:
  PgdSteps(Context& ctx, CsrView<T> ratings, const CompletionOptions& options, const NuclearPgdOptions& own)
      : Base(ctx, ratings, options, own.radius, kOracle),
        accelerated_(own.accelerated),
        m_{Matrix<T>(ctx, ratings.rows, ratings.cols), Matrix<T>(ctx, ratings.rows, ratings.cols)},
        other_residual_(ctx, ratings.entries),
        projection_(ctx, ratings.rows, ratings.cols) {}

  void watch(CsrView<T> entries) {
    watched_ = entries;
    held_out_ = Buffer<T>(this->ctx_, entries.entries);
  }
  double begin() {
    this->start();
    for (Matrix<T>& m : m_) fill(this->ctx_, m.view(), T{0});
    this->add(1, this->residual(0), 0, other_residual_);
    momentum_ = 1;
    return this->objective();
  }

  bool sweep() {
    const double before = this->objective(), next = (1 + std::sqrt(1 + 4 * momentum_ * momentum_)) / 2;
    const double ahead = accelerated_ ? (momentum_ - 1) / next : 0.0;
    momentum_ = next;
    double objective = step(ahead);
    if (ahead > 0 && objective > before) {
      momentum_ = 1;
      objective = step(0);
    }
    if (!std::isfinite(objective)) {
      this->diverge();
      return true;
    }
    std::swap(m_[0], m_[1]);
    std::swap(this->residual(0), other_residual_);
    this->evaluate();
    residual_of(this->by_column(), Orientation::by_column, this->residual(1));
    this->certify();
    return ahead > 0 || objective < before;
  }
  double validation_rmse() {
    residual_of(watched_, Orientation::by_row, held_out_);
    const index_t size = held_out_.size();
    return std::sqrt(this->dot(size, held_out_.data(), held_out_.data()) / static_cast<double>(size));
  }

  /// U sqrt(S) and V sqrt(S), on the host.
  void keep() {
    const index_t rank = projection_.rank();
    const Matrix<T> u = host_copy_of(projection_.u()), vt = host_copy_of(projection_.vt());
    x_ = Matrix<T>(u.rows(), std::max<index_t>(1, rank));
    y_ = Matrix<T>(vt.cols(), x_.cols());
    for (Matrix<T>* factor : {&x_, &y_}) std::fill_n(factor->view().data, rank == 0 ? factor->rows() : 0, T{0});
    for (index_t f = 0; f < rank; ++f) {
      const double root = std::sqrt(projection_.values()[static_cast<std::size_t>(f)]);
      for (index_t i = 0; i < x_.rows(); ++i) x_(i, f) = static_cast<T>(root * static_cast<double>(u(i, f)));
      for (index_t j = 0; j < y_.rows(); ++j) y_(j, f) = static_cast<T>(static_cast<double>(vt(f, j)) / root);
    }
  }
  std::pair<Matrix<T>, Matrix<T>> kept() {
    if (x_.rows() == 0) return {};
    return {to_context(this->ctx_, x_), to_context(this->ctx_, y_)};
  }

 private:
  /// m_[1] = P(Z), Z = Y + w r / L, with Y = m_[0] + ahead (m_[0] - m_[1]) and r its residual, which is linear in it.
  /// Returns the objective there, of which other_residual_ is the residual; infinity where Z is not finite.
  double step(double ahead) {
    this->add(1 + ahead, m_[0].buffer(), -ahead, m_[1].buffer());
    this->add(1 + ahead, this->residual(0), -ahead, other_residual_);
    const CsrView<T> along = Base::with(this->by_row(), other_residual_);
    const double scale = this->largest_weight() > 0 ? 1 / this->largest_weight() : 1.0;
    const MatrixView<T> z = m_[1].view();
    on_backend(
        this->ctx_, [&] { reference::add_entries(scale, along, z); },
        [&](int threads) { cpu::add_entries(threads, scale, along, z); },
        [&](auto& gpu) { cuda::add_entries(gpu, scale, along, z); });
    // A decomposition of what is not finite need not end.
    const double size = this->dot(z.rows * z.cols, z.data, z.data);
    if (!std::isfinite(size)) return std::numeric_limits<double>::infinity();
    projection_.decompose(z, this->radius_);
    projection_.compose(z);
    residual_of(this->by_row(), Orientation::by_row, other_residual_, z);
    return 0.5 * this->weighted(other_residual_.data(), other_residual_.data());
  }

  void residual_of(CsrView<T> entries, Orientation orientation, Buffer<T>& residual) {
    residual_of(entries, orientation, residual, m_[0].view());
  }
  void residual_of(CsrView<T> entries, Orientation orientation, Buffer<T>& residual, MatrixView<const T> m) {
    on_backend(
        this->ctx_, [&] { reference::dense_residual(entries, orientation, m, residual.data()); },
        [&](int threads) { cpu::dense_residual(threads, entries, orientation, m, residual.data()); },
        [&](auto& gpu) { cuda::dense_residual(gpu, entries, orientation, m, residual.data()); });
  }
  Matrix<T> host_copy_of(MatrixView<const T> view) {
    Matrix<T> packed(this->ctx_, view.rows, view.cols);
    copy_matrix(this->ctx_, view, packed.view());
    return to_host(packed);
  }

  bool accelerated_;
  Matrix<T> m_[2];            ///< M, and the M before
  Buffer<T> other_residual_;  ///< of m_[1]
  NuclearProjection<T> projection_;
  CsrView<T> watched_;
  Buffer<T> held_out_;
  Matrix<T> x_, y_;
  double momentum_ = 1;
};

template <class T>
CompletionResult<T> solve(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
                          const NuclearPgdOptions& own) {
  require_convex(ctx, "nuclear_pgd", problem, options, own.radius, kOracle);
  const CsrView<T>& ratings = problem.ratings;
  const auto m = static_cast<double>(ratings.rows), n = static_cast<double>(ratings.cols);
  const double elements = 2 * m * n + 2 * (m + n) * std::min(m, n) + static_cast<double>(ratings.entries) +
                          static_cast<double>(problem.validation.entries);
  require_memory(ctx, "nuclear_pgd",
                 saturated(entries_memory(ctx, problem) + NuclearSteps<T>::memory(ratings, kOracle) +
                           elements * sizeof(T) + NuclearProjection<T>::memory(ctx, ratings.rows, ratings.cols)),
                 "frank_wolfe() solves the same problem without a matrix of its size");
  validate(ctx, ratings, "ratings");
  if (problem.validation.rows > 0) validate(ctx, problem.validation, "validation");
  return ConvexRun<T, PgdSteps<T>>("nuclear_pgd", ctx, problem, options, own).run();
}

}  // namespace

CompletionResult<float> nuclear_pgd(Context& ctx, const CompletionProblem<float>& problem,
                                    const CompletionOptions& options, const NuclearPgdOptions& own) {
  return solve(ctx, problem, options, own);
}
CompletionResult<double> nuclear_pgd(Context& ctx, const CompletionProblem<double>& problem,
                                     const CompletionOptions& options, const NuclearPgdOptions& own) {
  return solve(ctx, problem, options, own);
}

}  // namespace seesaw
