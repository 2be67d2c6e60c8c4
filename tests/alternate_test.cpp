#include "support.hpp"

namespace seesaw::test {
namespace {

/// Runs the alternation over a list of objectives (and validation RMSEs); returns the order of calls and its end.
struct Script {
  std::vector<double> objectives;
  std::vector<double> validation = {};
  int stop_after = 0;
  std::string calls = {};
  std::string improved = {};

  StopReason run(const Stopping& stopping) {
    return alternate([&] { calls += 'l'; }, [&] { calls += 'r'; },
                     [&](SweepRecord& record) {
                       const auto n = static_cast<std::size_t>(record.sweep - 1);
                       calls += 'm';
                       record.objective = objectives.at(n);
                       if (!validation.empty()) record.validation_rmse = validation.at(n);
                     },
                     [&](const SweepRecord& record, bool better) {
                       improved += better ? '+' : '-';
                       return record.sweep != stop_after;
                     },
                     stopping);
  }
};

Stopping sweeps(int n) {
  Stopping stopping;
  stopping.sweeps = n;
  return stopping;
}

TEST(Alternate, SolvesLeftThenRightThenMeasures) {
  Script script{{3, 2}};
  EXPECT_EQ(script.run(sweeps(2)), StopReason::sweeps);
  EXPECT_EQ(script.calls, "lrmlrm");
}

TEST(Alternate, StopsWhereTheObjectiveHardlyChanges) {
  Script script{{100, 50, 49.9, 49.8}};
  Stopping stopping = sweeps(4);
  stopping.tolerance = 0.01;
  EXPECT_EQ(script.run(stopping), StopReason::tolerance);
  EXPECT_EQ(script.improved.size(), 3u);
}

TEST(Alternate, WithoutToleranceAnEqualObjectiveGoesOn) {
  Script script{{5, 5, 5}};
  EXPECT_EQ(script.run(sweeps(3)), StopReason::sweeps);
}

TEST(Alternate, StopsWhereValidationNoLongerImproves) {
  Script script{{9, 8, 7, 6, 5, 4}, {1.0, 0.8, 0.9, 0.7, 0.7, 0.75}};
  Stopping stopping = sweeps(9);
  stopping.patience = 2;
  EXPECT_EQ(script.run(stopping), StopReason::validation);
  EXPECT_EQ(script.improved, "++-+--");
}

TEST(Alternate, TheCallbackStops) {
  Script script{{3, 2, 1}, {}, 2};
  EXPECT_EQ(script.run(sweeps(3)), StopReason::callback);
  EXPECT_EQ(script.improved, "++");
}

TEST(Alternate, NoSweepBeginsAfterTheTime) {
  Script script{{3, 2, 1}};
  Stopping stopping = sweeps(3);
  stopping.seconds = 1e-12;
  EXPECT_EQ(script.run(stopping), StopReason::time);
  EXPECT_EQ(script.calls, "lrm");
}

TEST(Alternate, ASweepThatIsNotFiniteEndsIt) {
  const double inf = std::numeric_limits<double>::infinity();
  Script script{{3, inf}};
  EXPECT_EQ(script.run(sweeps(3)), StopReason::diverged);
  EXPECT_EQ(script.improved, "+") << "the sweep that diverged is not shown";
  EXPECT_EQ(Script({{3, std::nan("")}}).run(sweeps(3)), StopReason::diverged);
  EXPECT_EQ(Script({{3, 2}, {1, inf}}).run(sweeps(3)), StopReason::diverged);
  EXPECT_STREQ(to_string(StopReason::diverged), "diverged");
}

TEST(Alternate, RefusesOptionsOutOfRange) {
  auto refusal = [](auto spoil) {
    Stopping stopping;
    spoil(stopping);
    return message_of<InvalidArgument>([&] { Script{{1}}.run(stopping); });
  };
  EXPECT_EQ(refusal([](Stopping& s) { s.sweeps = 0; }), "sweeps is 0, expected at least 1");
  EXPECT_NE(refusal([](Stopping& s) { s.tolerance = -1; }).find("tolerance is -1"), std::string::npos);
  EXPECT_NE(refusal([](Stopping& s) { s.tolerance = std::nan(""); }).find("tolerance is nan"), std::string::npos);
  EXPECT_NE(refusal([](Stopping& s) { s.seconds = 0; }).find("seconds is 0"), std::string::npos);
  EXPECT_NE(refusal([](Stopping& s) { s.patience = -2; }).find("patience is -2"), std::string::npos);
}

}  // namespace
}  // namespace seesaw::test
