#include "support.hpp"

namespace seesaw::test {
namespace {

class GradientDescent : public OnBackendForward {};

CompletionOptions options_of(index_t rank, int sweeps) {
  CompletionOptions options;
  options.rank = rank;
  options.lambda_x = options.lambda_y = 0.1;
  options.weighting = Weighting::plain;
  options.centre = false;
  options.stopping.sweeps = sweeps;
  return options;
}

// a = [2], x = y = 1, no penalty: the gradient is (-1, -1), along which f = 1/2 (2 - (1 + t)^2)^2 is least where
// (1 + t)^2 = 2.
TEST_P(GradientDescent, TakesTheExactStep) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 2}}));
  const auto one = to_context(ctx, matrix_of<double>(1, 1, {1}));
  CompletionOptions options = options_of(1, 1);
  options.lambda_x = options.lambda_y = 0;
  const auto result = gradient_descent(ctx, {ratings.view(), {}, read(one), read(one)}, options);
  EXPECT_NEAR(to_host(result.x)(0, 0), std::sqrt(2.0), 1e-15);
  EXPECT_NEAR(to_host(result.y)(0, 0), std::sqrt(2.0), 1e-15);
  EXPECT_LE(result.runs[0].history[0].objective, 1e-30);
}

TEST_P(GradientDescent, GoesDownToAStationaryPoint) {
  Context ctx = context();
  const auto ratings = to_context(ctx, random_csr<double>({5, 3, 7, 2, 4, 6}, 8, 5));
  CompletionOptions options = options_of(2, 2000);
  options.stopping.gradient_norm = 1e-6;
  const auto result = gradient_descent(ctx, {ratings.view()}, options);
  const auto& history = result.runs[0].history;
  EXPECT_EQ(result.runs[0].stopped, StopReason::gradient_norm);
  for (std::size_t n = 1; n < history.size(); ++n) EXPECT_LE(history[n].objective, history[n - 1].objective);
}

INSTANTIATE_TEST_SUITE_P(Backends, GradientDescent, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
