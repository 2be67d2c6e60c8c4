#include "seesaw/cp_als.hpp"

#include "cp_support.hpp"
#include "support.hpp"

namespace seesaw::test {
namespace {

class CpAls : public OnBackendForward {};

// T = 2 (1, 0)' o (0.6, 0.8)' o (0, 1)', exactly of rank 1: one sweep finds it from any start that is not orthogonal.
template <class T>
void finds_rank_one(Context& ctx) {
  const DenseTensor<T> tensor = tensor_of<T>({2, 2, 2}, {0, 1.2, 0, 1.6, 0, 0, 0, 0});
  CpOptions options;
  options.rank = 1;
  options.seed = 3;
  options.stopping.sweeps = 2;
  const auto there = to_context(ctx, tensor);
  const CpResult<T> result = cp_als(ctx, there.view(), options);
  EXPECT_NEAR(result.weights[0], 2, 16 * eps<T>());
  EXPECT_LE(largest_difference(to_host(result.factors[0]), matrix_of<T>(2, 1, {1, 0})), 16 * eps<T>());
  EXPECT_LE(largest_difference(to_host(result.factors[1]), matrix_of<T>(2, 1, {0.6, 0.8})), 16 * eps<T>());
  EXPECT_LE(largest_difference(to_host(result.factors[2]), matrix_of<T>(2, 1, {0, 1})), 16 * eps<T>());
  EXPECT_NEAR(result.fit, 1, 64 * eps<T>());
}

TEST_P(CpAls, FindsATensorOfRankOne) {
  Context ctx = context();
  finds_rank_one<float>(ctx);
  finds_rank_one<double>(ctx);
}

}  // namespace
}  // namespace seesaw::test
