#pragma once
#include "dense_hessian.hpp"
#include "newton_steps.hpp"
#include "seesaw/random.hpp"
#include "tridiagonal.hpp"

namespace seesaw {

/// NewtonMethod::dense.
template <class T>
class DenseNewtonSteps : public NewtonSteps<T> {
 public:
  DenseNewtonSteps(Context& ctx, CsrView<T> ratings, const CompletionOptions& options, const NewtonOptions& own)
      : NewtonSteps<T>(ctx, ratings, options, own),
        hessian_(ctx, this->objective_.ratings(), options.rank),
        host_(hessian_.unknowns()),
        reduced_(hessian_.unknowns()),
        solution_(static_cast<std::size_t>(hessian_.unknowns())) {}

  bool sweep(Factors<T>& at, std::int64_t*) {
    if (!std::isfinite(this->norm_)) return this->follow_overflow(at);
    host_.read(this->ctx_, at, solution_);
    if (!hessian_.fill(solution_, reduced_.matrix())) return this->follow_overflow(at);
    reduced_.reduce();
    const double smallest = reduced_.smallest(), largest = std::max(-smallest, reduced_.largest());
    // ten times what the reduction and the eigenvalues may be off by
    const double rounding =
        10 * static_cast<double>(hessian_.unknowns()) * std::numeric_limits<double>::epsilon() * largest;
    const bool saddle = this->norm_ == 0;
    if (saddle && smallest >= -rounding) return false;
    if (saddle)  // then a step of inverse iteration, from a random vector, towards the smallest eigenvalue's
      for (std::size_t u = 0; u < solution_.size(); ++u) solution_[u] = random_normal(0, u);
    else
      host_.read(this->ctx_, this->gradient_, solution_);
    reduced_.solve(std::max(0.0, -smallest) + std::max(saddle ? 0.0 : this->mu(at), rounding), solution_.data());
    host_.write(this->ctx_, solution_, this->before_);
    combine(this->ctx_, -1, this->before_, 0, this->step_);
    const Polynomial line = this->objective_.along(at, this->step_);
    return this->move(at, saddle ? minimum_along(line) : this->backtrack(line));
  }

 private:
  DenseHessian<T> hessian_;
  HostPoint<T> host_;
  cpu::Tridiagonal reduced_;
  std::vector<double> solution_;
};

}  // namespace seesaw
