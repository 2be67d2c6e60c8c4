#include "newton_support.hpp"

namespace seesaw::test {
namespace {

class Newton : public OnBackendForward {
 protected:
  /// One entry a, from x and y.
  static CompletionResult<double> of_one(Context& ctx, double a, double x, double y, int sweeps,
                                         const NewtonOptions& own) {
    const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, a}}));
    const auto left = to_context(ctx, matrix_of<double>(1, 1, {x})),
               right = to_context(ctx, matrix_of<double>(1, 1, {y}));
    return newton(ctx, {ratings.view(), {}, read(right), read(left)}, plain_options(1, sweeps), own);
  }
  static double x_of(const CompletionResult<double>& result) { return to_host(result.x)(0, 0); }
  static double y_of(const CompletionResult<double>& result) { return to_host(result.y)(0, 0); }
  static const SweepRecord& last(const CompletionResult<double>& result) { return result.runs[0].history.back(); }
};

// f = 1/2 (a - x y)^2 at x = y = 1 with the residual r = a - 1: g = -r (1, 1), |g| / |z| = r, and
//   H = [[1, 1 - r], [1 - r, 1]],  eigenvalues 2 - r for (1, 1) and r for (1, -1);  J'J = [[1, 1], [1, 1]].
// Each step is a multiple of (1, 1).
TEST_P(Newton, TakesTheStepsWorkedOutByHand) {
  Context ctx = context();
  struct {
    NewtonMethod method;
    double a, damping, x;
  } const cases[] = {
      {NewtonMethod::dense, 2, 1, 1.5},  // r = 1, H = I, s = mu = 1: p = 1 / (1 + 1)
      {NewtonMethod::dense, 2, 0.01,
       1 + 0.5 / 1.01},                             // p = 1 / 1.01 would raise f from 0.5 to 1.9: half of it is taken
      {NewtonMethod::dense, 4, 1, 2},               // r = 3, smallest -1, mu = 3: p = 3 / (-1 + 1 + 3)
      {NewtonMethod::newton_cg, 2, 1, 1.5},         // the first direction is an eigenvector: the same
      {NewtonMethod::newton_cg, 4, 1, 2.5},         // p = 3 / (-1 + 3): the curvature 2 is above mu / 2
      {NewtonMethod::newton_cg, 4, 0.1, 2},         // curvature -0.7: along -g, f is 0 where x y = 4
      {NewtonMethod::gauss_newton, 2, 1, 4.0 / 3},  // p = 1 / (2 + 1)
      {NewtonMethod::gauss_newton, 2, 1e-3, 1 + 1 / 2.001},
  };
  for (const auto& one : cases) {
    const auto result = of_one(ctx, one.a, 1, 1, 1, by(one.method, one.damping));
    const auto where = testing::Message() << name_of(one.method) << ", a = " << one.a << ", damping " << one.damping;
    EXPECT_NEAR(x_of(result), one.x, 8 * eps<double>()) << where;  // some operations on numbers up to 4
    EXPECT_NEAR(y_of(result), one.x, 8 * eps<double>()) << where;
    EXPECT_EQ(last(result).products, one.method == NewtonMethod::dense ? 0 : 1) << where;
  }
}

// 2 - x y = 1 at x = y = 1; with mu nearly 0 the Gauss-Newton step from x = 0.1, y = 10 is (r / |J|^2) J', about
// (0.1, 0.001): it fits a = 2 closely, and mu falls to a third. From x = y = 0.01 it is 200 times as long as the
// point, and f rises: mu must grow before a step is taken.
TEST_P(Newton, GaussNewtonAdaptsItsDamping) {
  Context ctx = context();
  const auto close = of_one(ctx, 2, 0.1, 10, 1, by(NewtonMethod::gauss_newton, 1e-6));
  EXPECT_EQ(last(close).products, 1);
  EXPECT_LT(last(close).objective, 1e-6);
  const auto far = of_one(ctx, 2, 0.01, 0.01, 1, by(NewtonMethod::gauss_newton, 1e-6));
  EXPECT_GT(last(far).products, 1);
  EXPECT_LT(last(far).objective, 0.5 * (2 - 1e-4) * (2 - 1e-4));
}

// H = [[0, -2], [-2, 0]] at x = y = 0, where g = 0. Along (1, 1) f falls to 0.
TEST_P(Newton, LeavesASaddleWhereNegativeCurvatureShows) {
  Context ctx = context();
  for (const NewtonMethod method : {NewtonMethod::dense, NewtonMethod::newton_cg}) {
    const auto result = of_one(ctx, 2, 0, 0, 20, by(method));
    EXPECT_NEAR(x_of(result) * y_of(result), 2, 1e-12) << name_of(method);
    EXPECT_LT(last(result).objective, 1e-24) << name_of(method);
  }
  const auto result = of_one(ctx, 2, 0, 0, 20, by(NewtonMethod::gauss_newton));
  EXPECT_EQ(result.runs[0].stopped, StopReason::stationary);
  ASSERT_EQ(result.runs[0].history.size(), 1u);
  EXPECT_EQ(last(result).objective, 2);
  EXPECT_EQ(x_of(result), 0);
}

// At x = y = 2, a = 4, there is nothing to gain: H = [[4, 4], [4, 4]] has no negative eigenvalue.
TEST_P(Newton, EndsAtAMinimum) {
  Context ctx = context();
  for (const NewtonMethod method : kNewtonMethods) {
    const auto result = of_one(ctx, 4, 2, 2, 20, by(method));
    EXPECT_EQ(result.runs[0].stopped, StopReason::stationary) << name_of(method);
    EXPECT_EQ(result.runs[0].history.size(), 1u) << name_of(method);
    EXPECT_EQ(x_of(result), 2) << name_of(method);
    EXPECT_EQ(y_of(result), 2) << name_of(method);
  }
}

CompletionOptions penalized(index_t rank, int sweeps) {
  CompletionOptions options = plain_options(rank, sweeps);
  options.lambda_x = 0.3;
  options.lambda_y = 0.2;
  options.weighting = Weighting::by_count;
  options.exponent = 0.5;
  return options;
}

Pair normals(index_t rows, index_t cols, index_t rank, std::uint64_t seed) {
  return {random_matrix<double>(rows, rank, seed), random_matrix<double>(cols, rank, seed + 1)};
}

/// b less its parts along the others, over b.
double part_outside(const Pair& b, const Pair& first, const Pair& second) {
  const double aa = dot(first, first), ab = dot(first, second), bb = dot(second, second);
  const double p = dot(first, b), q = dot(second, b), determinant = aa * bb - ab * ab;
  const double s = (p * bb - q * ab) / determinant, t = (q * aa - p * ab) / determinant;
  double squared = 0;
  for (std::size_t n = 0; n < 2; ++n)
    for (index_t e = 0; e < b[n].buffer().size(); ++e) {
      const double left = b[n].buffer().data()[e] - s * first[n].buffer().data()[e] - t * second[n].buffer().data()[e];
      squared += left * left;
    }
  return std::sqrt(squared) / norm(b);
}

// With weights, a penalty by count and rank 3, the step t p of each method has A p + s p = -g for some s and t, where
// A is the product of masked_product(): 24 equations in two unknowns. What is left of them is rounding, here of a
// system whose condition number is below 1e3, and for conjugate gradients their tolerance.
TEST_P(Newton, StepsSolveTheShiftedSystem) {
  Context ctx = context();
  const auto host = random_csr<double>({3, 2, 4, 1, 3}, 4, 11, /*weights=*/true);
  const index_t rank = 3;
  Derivatives problem(ctx, host, penalized(rank, 1));
  const Pair z = normals(host.rows, host.cols, rank, 21), at{to_context(ctx, z[0]), to_context(ctx, z[1])};
  for (const NewtonMethod method : kNewtonMethods) {
    NewtonOptions own = by(method, 10);  // enough for newton_cg not to meet negative curvature
    own.forcing = 1e-12;
    const auto result = newton(ctx, {problem.ratings(), {}, read(at[1]), read(at[0])}, penalized(rank, 1), own);
    Pair p{to_host(result.x), to_host(result.y)};
    for (std::size_t n = 0; n < 2; ++n)
      for (index_t e = 0; e < z[n].buffer().size(); ++e) p[n].buffer().data()[e] -= z[n].buffer().data()[e];
    const auto curvature = method == NewtonMethod::gauss_newton ? Curvature::gauss_newton : Curvature::exact;
    EXPECT_GT(norm(p), 0.01) << name_of(method);
    EXPECT_LE(part_outside(problem.gradient(z), problem.product(z, p, curvature), p), 1e-11) << name_of(method);
  }
}

class QuadraticAtRank : public Newton {
 protected:
  /// One sweep each from a minimum and ever smaller steps away from it. What is left of the gradient falls with the
  /// square of the distance: by 100 from one to the next. Held to 50; linear convergence would have 10.
  static void check(Context& ctx, const CompletionOptions& options, index_t zero_eigenvalues) {
    const auto host = random_csr<double>({7, 8, 8, 6, 8, 7, 8}, 8, 5);
    Derivatives problem(ctx, host, options);
    CompletionOptions to_minimum = options;
    to_minimum.stopping.sweeps = 500;
    const auto found = newton(ctx, {problem.ratings()}, to_minimum);
    const Pair minimum{to_host(found.x), to_host(found.y)};
    EXPECT_GT(last(found).objective, 0.1) << "an exact fit would be no test";
    ASSERT_LT(last(found).gradient_norm, 1e-11);
    const Matrix<double> h = problem.hessian(minimum);
    EXPECT_EQ(eigenvalues_below(h, -1e-9), 0);
    EXPECT_EQ(eigenvalues_below(h, 1e-9), zero_eigenvalues);
    EXPECT_EQ(eigenvalues_below(h, 1e-2), zero_eigenvalues);
    for (const NewtonMethod method : {NewtonMethod::dense, NewtonMethod::newton_cg}) {
      std::vector<double> after;
      for (const double distance : {1e-2, 1e-3, 1e-4}) {
        const Pair d = normals(host.rows, host.cols, options.rank, 31);
        Pair z{random_matrix<double>(host.rows, options.rank, 0), random_matrix<double>(host.cols, options.rank, 0)};
        for (std::size_t n = 0; n < 2; ++n)
          for (index_t e = 0; e < z[n].buffer().size(); ++e)
            z[n].buffer().data()[e] = minimum[n].buffer().data()[e] + distance * d[n].buffer().data()[e];
        const Pair at{to_context(ctx, z[0]), to_context(ctx, z[1])};
        CompletionOptions one = options;
        one.stopping.sweeps = 1;
        NewtonOptions own = by(method);
        own.forcing = 1e-9;  // of the residual: below what is left
        after.push_back(last(newton(ctx, {problem.ratings(), {}, read(at[1]), read(at[0])}, one, own)).gradient_norm);
      }
      EXPECT_LE(after[1], after[0] / 50) << name_of(method);
      EXPECT_LE(after[2], after[1] / 50) << name_of(method);
    }
  }
};

// X G, Y G'^-1 for 2 x 2 matrices G: four zero eigenvalues. With a penalty only rotations are left: one.
TEST_P(QuadraticAtRank, TwoWithoutPenalty) {
  Context ctx = context();
  check(ctx, plain_options(2, 1), 4);
}
TEST_P(QuadraticAtRank, TwoWithPenalty) {
  Context ctx = context();
  CompletionOptions options = plain_options(2, 1);
  options.lambda_x = options.lambda_y = 0.1;
  check(ctx, options, 1);
}

TEST_P(Newton, IsTheSameOnOneThreadAndOnThree) {
  const auto host = random_csr<double>({30, 5, 17, 2, 40, 8}, 50, 7);
  Context one = context(1), three = context(3);
  const auto csr = to_context(one, host), again = to_context(three, host);
  for (const NewtonMethod method : kNewtonMethods) {
    const auto a = newton(one, {csr.view()}, penalized(3, 6), by(method));
    const auto b = newton(three, {again.view()}, penalized(3, 6), by(method));
    EXPECT_TRUE(same_bits(to_host(a.x), to_host(b.x))) << name_of(method);
    EXPECT_TRUE(same_bits(to_host(a.y), to_host(b.y))) << name_of(method);
  }
}

TEST_P(Newton, TakesNoMoreProductsThanAllowed) {
  Context ctx = context();
  const auto csr = to_context(ctx, random_csr<double>({5, 3, 7, 2, 4, 6}, 8, 5));
  NewtonOptions own = by(NewtonMethod::newton_cg);
  own.cg_steps = 2;
  const auto result = newton(ctx, {csr.view()}, penalized(2, 10), own);
  const auto& history = result.runs[0].history;
  for (std::size_t n = 0; n < history.size(); ++n)
    EXPECT_LE(history[n].products, static_cast<std::int64_t>(2 * (n + 1)));
  for (std::size_t n = 1; n < history.size(); ++n) EXPECT_LT(history[n].objective, history[n - 1].objective);
  EXPECT_EQ(history.size(), 10u);
}

// Centred, with validation and restarts: what all solvers share.
TEST_P(Newton, TakesTheOptionsOfEverySolver) {
  Context ctx = context();
  const auto csr = to_context(ctx, random_csr<double>({5, 3, 7, 2, 4, 6}, 8, 5));
  CompletionOptions options = penalized(2, 200);
  options.centre = true;
  options.restarts = 3;
  options.stopping.gradient_norm = 1e-8;
  for (const NewtonMethod method : kNewtonMethods) {
    const auto result = newton(ctx, {csr.view(), csr.view()}, options, by(method));
    ASSERT_EQ(result.runs.size(), 3u) << name_of(method);
    EXPECT_NE(result.mean, 0) << name_of(method);
    for (const CompletionRun& run : result.runs) {
      EXPECT_EQ(run.stopped, StopReason::gradient_norm) << name_of(method);
      EXPECT_GE(run.history.back().objective,
                result.runs[static_cast<std::size_t>(result.best_run)].history.back().objective);
      EXPECT_NEAR(run.history.back().validation_rmse, run.history.back().train_rmse, 1e-12);
    }
  }
}

TEST_P(Newton, DivergenceKeepsTheLastGoodFactors) {
  Context ctx = context();
  for (const NewtonMethod method : kNewtonMethods) {
    try {
      of_one(ctx, 2, 1e200, 1e200, 5, by(method));
      ADD_FAILURE() << name_of(method) << " threw nothing";
    } catch (const Diverged<double>& diverged) {
      EXPECT_EQ(std::string(diverged.what()),
                "newton() diverged: from the seed 0 the objective is not finite after sweep 1, as numbers exceed what "
                "double holds; smaller ratings or a smaller start keep them within it")
          << name_of(method);
      EXPECT_EQ(to_host(diverged.result->x)(0, 0), 1e200);
      EXPECT_EQ(to_host(diverged.result->y)(0, 0), 1e200);
    }
  }
}

TEST_P(Newton, RefusesOptionsOutOfRange) {
  Context ctx = context();
  const auto csr = to_context(ctx, random_csr<double>({5, 3, 7}, 8, 5));
  const auto refused = [&](const NewtonOptions& own) {
    return message_of<InvalidArgument>([&] { newton(ctx, {csr.view()}, plain_options(2, 3), own); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double damping : {-1.0, 1e7, nan})
    EXPECT_NE(refused(by(NewtonMethod::newton_cg, damping)).find("a number from 0 to 1e6"), std::string::npos);
  EXPECT_EQ(refused(by(NewtonMethod::gauss_newton, 0)), "damping is 0, expected more than 0 but for newton_cg");
  EXPECT_EQ(refused(by(NewtonMethod::dense, 0)), "damping is 0, expected more than 0 but for newton_cg");
  NewtonOptions own;
  for (const double forcing : {0.0, 1.0, nan}) {
    own = {};
    own.forcing = forcing;
    EXPECT_NE(refused(own).find("forcing is "), std::string::npos);
  }
  own = {};
  own.cg_steps = 0;
  EXPECT_EQ(refused(own), "cg_steps is 0, expected at least 1");
  for (const double decrease : {0.0, 0.5, nan}) {
    own = {};
    own.decrease = decrease;
    EXPECT_NE(refused(own).find("decrease is "), std::string::npos);
  }
  for (const double shrink : {0.0, 1.0, nan}) {
    own = {};
    own.shrink = shrink;
    EXPECT_NE(refused(own).find("shrink is "), std::string::npos);
  }
  own = {};
  own.dense_limit = 0;
  EXPECT_EQ(refused(own), "dense_limit is 0, expected at least 1");
  own = {};
  own.method = static_cast<NewtonMethod>(7);
  EXPECT_EQ(refused(own), "method is 7, expected dense, newton_cg or gauss_newton");
}

TEST_P(Newton, RefusesADenseHessianThatIsTooLarge) {
  Context ctx = context();
  const auto csr = to_context(ctx, random_csr<double>({5, 3, 7}, 8, 5));
  NewtonOptions own = by(NewtonMethod::dense);
  own.dense_limit = 21;
  int sweeps = 0;
  CompletionOptions options = plain_options(2, 3);
  options.callback = [&](int, const SweepRecord&) { return ++sweeps > 0; };
  EXPECT_EQ(message_of<InvalidArgument>([&] { newton(ctx, {csr.view()}, options, own); }),
            "the dense Hessian has (m + n) k = 22 unknowns, expected at most dense_limit, 21; Newton by conjugate "
            "gradients takes any number");
  EXPECT_EQ(sweeps, 0);
  own.dense_limit = 22;
  newton(ctx, {csr.view()}, options, own);
  EXPECT_EQ(sweeps, 3);

  const auto wide = to_context(ctx, csr_of<double>(1, 2000000, {{0, 0, 1}}));
  own.dense_limit = 3000000;  // 8 x 2000001^2 bytes
  const auto message = message_of<OutOfMemory>([&] { newton(ctx, {wide.view()}, plain_options(1, 3), own); });
  EXPECT_NE(message.find("29.1 TiB of host memory for the dense Hessian"), std::string::npos) << message;
}

TEST_P(Newton, RefusesProblemsThatAreNone) {
  Context ctx = context();
  const auto csr = to_context(ctx, random_csr<double>({5, 3, 7}, 8, 5));
  const auto empty = to_context(ctx, csr_of<double>(3, 8, {}));
  const auto start = to_context(ctx, random_matrix<double>(2, 2, 1));
  EXPECT_EQ(message_of<InvalidArgument>([&] { newton(ctx, {csr.view()}, plain_options(4, 3)); }),
            "rank is 4, expected at most 3, as ratings is 3 x 8");
  EXPECT_EQ(message_of<InvalidArgument>([&] { newton(ctx, {empty.view()}, plain_options(1, 3)); }),
            "ratings has no entries");
  EXPECT_EQ(message_of<ShapeError>([&] {
              newton(ctx, {csr.view(), {}, {}, read(start)}, plain_options(2, 3));
            }),
            "x is 2 x 2, expected 3 x 2");
  CompletionOptions options = plain_options(2, 3);
  options.implicit = ImplicitFeedback{};
  EXPECT_EQ(message_of<InvalidArgument>([&] { newton(ctx, {csr.view()}, options); }),
            "newton() takes explicit ratings; als() takes implicit ones");
}

INSTANTIATE_TEST_SUITE_P(Backends, Newton, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, QuadraticAtRank, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
