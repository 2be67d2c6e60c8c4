#include "../src/iterate.hpp"

#include "support.hpp"

namespace seesaw::test {
namespace {

/// Runs the loop over a list of records; the sweep number `last` (from 1) says that none changes anything any more.
struct Solver {
  std::vector<SweepRecord> records;
  int last = 0;
  int sweeps = 0;
  std::vector<double> seen = {};

  StopReason run(const Stopping& stopping, double start = std::numeric_limits<double>::infinity()) {
    return iterate([&] { return ++sweeps != last; },
                   [&](SweepRecord& record) {
                     const int sweep = record.sweep;
                     record = records.at(static_cast<std::size_t>(sweep - 1));
                     record.sweep = sweep;
                   },
                   [&](const SweepRecord& record, bool) {
                     seen.push_back(record.objective);
                     return true;
                   },
                   stopping, start);
  }
};

Stopping sweeps(int n) {
  Stopping stopping;
  stopping.sweeps = n;
  return stopping;
}

SweepRecord objective(double value) {
  SweepRecord record;
  record.objective = value;
  return record;
}
SweepRecord with_gradient(double value, double norm) {
  SweepRecord record = objective(value);
  record.gradient_norm = norm;
  return record;
}
SweepRecord with_gap(double value, double gap) {
  SweepRecord record = objective(value);
  record.gap = gap;
  return record;
}

// The sweep is measured and shown all the same: it may have moved before it found that no further one will.
TEST(Iterate, ASolverThatCannotGoOnIsStationary) {
  Solver solver{{objective(3), objective(2), objective(2), objective(1)}, 3};
  EXPECT_EQ(solver.run(sweeps(4)), StopReason::stationary);
  EXPECT_EQ(solver.seen, (std::vector<double>{3, 2, 2}));
  EXPECT_STREQ(to_string(StopReason::stationary), "stationary");
}

TEST(Iterate, StopsAtAGradientNorm) {
  const std::vector<SweepRecord> records{with_gradient(9, 1), with_gradient(8, 0.25), with_gradient(7, 0.125),
                                         with_gradient(6, 0)};
  Stopping stopping = sweeps(4);
  stopping.gradient_norm = 0.125;
  Solver solver{records};
  EXPECT_EQ(solver.run(stopping), StopReason::gradient_norm);
  EXPECT_EQ(solver.sweeps, 3);
  stopping.gradient_norm = 0;
  EXPECT_EQ(Solver{records}.run(stopping), StopReason::sweeps) << "0: never";
  EXPECT_STREQ(to_string(StopReason::gradient_norm), "gradient_norm");
}

// gap / objective: 1 / 8 of 8 is 1.
TEST(Iterate, StopsAtARelativeGap) {
  const std::vector<SweepRecord> records{with_gap(16, 3), with_gap(8, 1.25), with_gap(8, 1), with_gap(8, 0)};
  Stopping stopping = sweeps(4);
  stopping.gap = 0.125;
  Solver solver{records};
  EXPECT_EQ(solver.run(stopping), StopReason::gap);
  EXPECT_EQ(solver.sweeps, 3);
  stopping.gap = 0;
  EXPECT_EQ(Solver{records}.run(stopping), StopReason::sweeps) << "0: never";
  EXPECT_STREQ(to_string(StopReason::gap), "gap");
}

// A solver that does not tell them cannot stop at them.
TEST(Iterate, WhatIsNotMeasuredDoesNotStop) {
  Stopping stopping = sweeps(2);
  stopping.gradient_norm = stopping.gap = 1e300;
  EXPECT_EQ((Solver{{objective(2), objective(1)}}.run(stopping)), StopReason::sweeps);
}

TEST(Iterate, AnObjectiveGrownAMillionTimesHasDiverged) {
  Solver solver{{objective(1e6), objective(2e6), objective(2.0000001e6)}};
  EXPECT_EQ(solver.run(sweeps(3), 2), StopReason::diverged);
  EXPECT_EQ(solver.seen, (std::vector<double>{1e6, 2e6})) << "the sweep that diverged is not shown";
  EXPECT_EQ((Solver{{objective(3e6)}}.run(sweeps(1), 2)), StopReason::diverged) << "in the first sweep";
}

// Sums of squared roundings may grow a million times from one sweep to the next.
TEST(Iterate, GrowthFromAnUnknownStartOrAnExactFitIsNone) {
  const std::vector<SweepRecord> grows{objective(1e-40), objective(1e-30), objective(1e-28)};
  for (const double start : {std::numeric_limits<double>::infinity(), 0.0}) {
    Solver solver{grows};
    EXPECT_EQ(solver.run(sweeps(3), start), StopReason::sweeps);
    EXPECT_EQ(solver.seen, (std::vector<double>{1e-40, 1e-30, 1e-28}));
  }
}

TEST(Iterate, TheFirstChangeIsThatFromTheStart) {
  Stopping stopping = sweeps(3);
  stopping.tolerance = 0.01;
  Solver from_start{{objective(100), objective(50), objective(20)}};
  EXPECT_EQ(from_start.run(stopping, 100.5), StopReason::tolerance);
  EXPECT_EQ(from_start.sweeps, 1);
  EXPECT_EQ((Solver{{objective(100), objective(50), objective(20)}}.run(stopping)), StopReason::sweeps);
}

TEST(Iterate, RefusesOptionsOutOfRange) {
  const auto refusal = [](auto spoil) {
    Stopping stopping;
    spoil(stopping);
    Solver solver{{objective(1)}};
    const std::string message = message_of<InvalidArgument>([&] { solver.run(stopping); });
    EXPECT_EQ(solver.sweeps, 0);
    return message;
  };
  EXPECT_EQ(refusal([](Stopping& s) { s.gradient_norm = -1; }), "gradient_norm is -1, expected 0 (never) or more");
  EXPECT_NE(refusal([](Stopping& s) { s.gradient_norm = std::nan(""); }).find("gradient_norm is nan"),
            std::string::npos);
  EXPECT_EQ(refusal([](Stopping& s) { s.gap = -0.5; }), "gap is -0.5, expected 0 (never) or more");
  EXPECT_NE(refusal([](Stopping& s) { s.gap = std::nan(""); }).find("gap is nan"), std::string::npos);
}

}  // namespace
}  // namespace seesaw::test
