#include "seesaw/gradient_descent.hpp"

#include "descent_steps.hpp"
#include "polynomial.hpp"

namespace seesaw {
namespace {

template <class T>
class GradientSteps : public DescentSteps<T> {
 public:
  using DescentSteps<T>::DescentSteps;

  double begin(Factors<T>& at) {
    if (direction_.empty()) direction_ = like(this->ctx_, at);
    return DescentSteps<T>::begin(at);
  }
  bool sweep(Factors<T>& at, std::int64_t*) {
    combine(this->ctx_, -1, this->gradient_, 0, direction_);
    const double step = minimum_along(this->objective_.along(at, direction_));
    combine(this->ctx_, step, direction_, 1, at);
    this->evaluate(at);
    return step != 0;
  }

 private:
  Factors<T> direction_;
};

}  // namespace

CompletionResult<float> gradient_descent(Context& ctx, const CompletionProblem<float>& problem,
                                         const CompletionOptions& options) {
  return descend<float, GradientSteps<float>>("gradient_descent", 2, ctx, problem, options);
}
CompletionResult<double> gradient_descent(Context& ctx, const CompletionProblem<double>& problem,
                                          const CompletionOptions& options) {
  return descend<double, GradientSteps<double>>("gradient_descent", 2, ctx, problem, options);
}

}  // namespace seesaw
