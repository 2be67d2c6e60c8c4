#pragma once
#include <cmath>

#include "seesaw/completion.hpp"
#include "support.hpp"

// What comes back from the files of completed matrices and tensors.
namespace seesaw::test {

/// But for the penalties, which the two name differently.
template <class Options>
void expect_same_options(const Options& a, const Options& b) {
  EXPECT_EQ(a.rank, b.rank);
  EXPECT_EQ(a.weighting, b.weighting);
  EXPECT_EQ(a.exponent, b.exponent);
  EXPECT_EQ(a.centre, b.centre);
  ASSERT_EQ(a.implicit.has_value(), b.implicit.has_value());
  if (a.implicit) {
    EXPECT_EQ(a.implicit->alpha, b.implicit->alpha);
    EXPECT_EQ(a.implicit->confidences, b.implicit->confidences);
    EXPECT_EQ(a.implicit->unobserved, b.implicit->unobserved);
    EXPECT_EQ(a.implicit->cg_steps, b.implicit->cg_steps);
  }
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.restarts, b.restarts);
  EXPECT_EQ(a.stopping.sweeps, b.stopping.sweeps);
  EXPECT_EQ(a.stopping.tolerance, b.stopping.tolerance);
  EXPECT_EQ(a.stopping.seconds, b.stopping.seconds);
  EXPECT_EQ(a.stopping.patience, b.stopping.patience);
  EXPECT_EQ(a.stopping.gradient_norm, b.stopping.gradient_norm);
  EXPECT_EQ(a.stopping.gap, b.stopping.gap);
}

inline void expect_same_runs(const std::vector<CompletionRun>& a, const std::vector<CompletionRun>& b) {
  const auto same = [](double p, double q) { return p == q || (std::isnan(p) && std::isnan(q)); };
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t r = 0; r < a.size(); ++r) {
    EXPECT_EQ(a[r].seed, b[r].seed);
    EXPECT_EQ(a[r].stopped, b[r].stopped);
    ASSERT_EQ(a[r].history.size(), b[r].history.size());
    for (std::size_t s = 0; s < a[r].history.size(); ++s) {
      const SweepRecord &one = a[r].history[s], &other = b[r].history[s];
      EXPECT_EQ(one.sweep, other.sweep);
      EXPECT_EQ(one.objective, other.objective);
      EXPECT_EQ(one.train_rmse, other.train_rmse);
      EXPECT_EQ(one.seconds, other.seconds);
      EXPECT_TRUE(same(one.validation_rmse, other.validation_rmse));
      EXPECT_TRUE(same(one.gradient_norm, other.gradient_norm));
      EXPECT_TRUE(same(one.gap, other.gap));
      EXPECT_EQ(one.products, other.products);
    }
  }
}

}  // namespace seesaw::test
