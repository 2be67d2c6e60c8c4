#include "support.hpp"

namespace seesaw::test {
namespace {

/// No option has its default, nor the value of another one.
SolverOptions all_different() {
  SolverOptions own;
  own.gradient_descent = {.rule = GradientStep::geometric,
                          .step = 0.01,
                          .decay = 0.02,
                          .armijo = {.step = 0.03, .shrink = 0.04, .decrease = 0.05, .most = 6},
                          .momentum = Momentum::heavy_ball,
                          .beta = 0.07,
                          .restart = false};
  own.lbfgs = {.history = 8, .search = LbfgsSearch::wolfe, .decrease = 0.09, .curvature = 0.1};
  own.sgd = {.step = 0.11, .decay = 0.12, .grid = 13, .alternating = true, .epochs = 14};
  own.newton = {
      .damping = 0.15, .forcing = 0.16, .cg_steps = 17, .decrease = 0.18, .shrink = 0.19, .dense_limit = 9'000'000'000};
  own.frank_wolfe = {.radius = 21, .step = FrankWolfeStep::harmonic, .lanczos_steps = 22, .accuracy = 0.23};
  own.nuclear_pgd = {.radius = 24, .accelerated = false};
  return own;
}

struct Expected {
  Solver solver;
  std::vector<NamedOption> options;
};
/// Worked out by hand: the names are those of the members, or of their struct's and their own.
const std::vector<Expected>& expected() {
  const auto count = [](std::int64_t number) { return number; };
  const std::string geometric = "geometric", heavy_ball = "heavy-ball", wolfe = "wolfe", harmonic = "harmonic";
  const std::vector<NamedOption> descent{{"rule", geometric},       {"step", 0.01},           {"decay", 0.02},
                                         {"armijo_step", 0.03},     {"armijo_shrink", 0.04},  {"armijo_decrease", 0.05},
                                         {"armijo_most", count(6)}, {"momentum", heavy_ball}, {"beta", 0.07},
                                         {"restart", false}};
  static const std::vector<Expected> all{
      {Solver::als, {}},
      {Solver::agd, descent},
      {Solver::gd, descent},
      {Solver::lbfgs, {{"history", count(8)}, {"search", wolfe}, {"decrease", 0.09}, {"curvature", 0.1}}},
      {Solver::sgd,
       {{"step", 0.11}, {"decay", 0.12}, {"grid", count(13)}, {"alternating", true}, {"epochs", count(14)}}},
      {Solver::newton,
       {{"damping", 0.15}, {"forcing", 0.16}, {"cg_steps", count(17)}, {"decrease", 0.18}, {"shrink", 0.19}}},
      {Solver::newton_dense,
       {{"damping", 0.15}, {"decrease", 0.18}, {"shrink", 0.19}, {"dense_limit", count(9'000'000'000)}}},
      {Solver::gauss_newton, {{"damping", 0.15}, {"forcing", 0.16}, {"cg_steps", count(17)}, {"decrease", 0.18}}},
      {Solver::frank_wolfe, {{"radius", 21.0}, {"step", harmonic}, {"lanczos_steps", count(22)}, {"accuracy", 0.23}}},
      {Solver::nuclear_pgd, {{"radius", 24.0}, {"accelerated", false}}}};
  return all;
}

TEST(NamedOptions, AreThoseOfTheSolver) {
  ASSERT_EQ(expected().size(), all_solvers().size());
  for (const auto& [solver, options] : expected())
    EXPECT_EQ(named_options(solver, all_different()), options) << to_string(solver);
}

TEST(NamedOptions, AreSetByTheirNames) {
  for (const auto& [solver, options] : expected()) {
    SolverOptions own;
    for (const NamedOption& option : options) {
      const auto before = named_options(solver, own);
      set_option(solver, own, option);
      const auto after = named_options(solver, own);
      for (std::size_t n = 0; n < options.size(); ++n)
        EXPECT_EQ(after[n], options[n].name == option.name ? option : before[n]) << to_string(solver);
    }
    EXPECT_EQ(named_options(solver, own), options) << to_string(solver);
  }
}

TEST(NamedOptions, Refuse) {
  SolverOptions own;
  const auto refusal = [&](Solver solver, const NamedOption& option) {
    return message_of<InvalidArgument>([&] { set_option(solver, own, option); });
  };
  EXPECT_EQ(refusal(Solver::lbfgs, {"radius", 3.0}), "lbfgs has no option radius");
  EXPECT_EQ(refusal(Solver::lbfgs, {"search", std::string("newton")}),
            "search is \"newton\", expected one of exact, wolfe, armijo");
  EXPECT_EQ(refusal(Solver::lbfgs, {"history", std::int64_t{1} << 31}),
            "history is 2147483648, expected a number of 32 bits");
  EXPECT_EQ(refusal(Solver::lbfgs, {"history", 3.0}), "history is not of the type of this option");
  EXPECT_EQ(named_options(Solver::lbfgs, own), named_options(Solver::lbfgs, {}));
}

}  // namespace
}  // namespace seesaw::test
