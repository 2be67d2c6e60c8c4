// Rank-1 completion of the first 999 lines of MovieLens 100K's u1.base; figures worked out in float64 by independent
// programs.
#include <map>

#include "newton_support.hpp"

namespace seesaw::test {
namespace {

constexpr index_t kUsers = 13, kItems = 556;
constexpr double kMinimum = 194.0376177795;
constexpr double kHalfDigit = 0.5e-10;  // it is printed with ten decimals
constexpr std::uint64_t kStarts = 20;

/// Users and items by the order in which they occur.
std::vector<Entry> first_lines(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::map<int, column_t> users, items;
  std::vector<Entry> entries;
  int user = 0, item = 0;
  double rating = 0;
  for (long timestamp = 0; entries.size() < 999 && file >> user >> item >> rating >> timestamp;) {
    const auto i = users.emplace(user, static_cast<column_t>(users.size())).first->second;
    const auto j = items.emplace(item, static_cast<column_t>(items.size())).first->second;
    entries.push_back({i, j, rating});
  }
  return entries;
}

template <class T>
Matrix<T> absolute_normals(index_t rows, std::uint64_t seed) {
  Matrix<T> m(rows, 1);
  for (index_t i = 0; i < rows; ++i)
    m(i, 0) = static_cast<T>(std::abs(random_normal(seed, static_cast<std::uint64_t>(i))));
  return m;
}

class NewtonAcceptance : public OnBackendLong {
 protected:
  void SetUp() override {
    OnBackendLong::SetUp();
    if (!IsSkipped() && data_file("ml-100k/u1.base").empty())
      GTEST_SKIP() << "MovieLens 100K is not here; scripts/get-data.sh ml-100k fetches it";
  }

  template <class T>
  static Csr<T> ratings() {
    const auto entries = first_lines(data_file("ml-100k/u1.base"));
    EXPECT_EQ(entries.size(), 999u);
    return csr_of<T>(kUsers, kItems, entries);
  }

  /// From the start of that number.
  template <class T>
  static CompletionResult<T> run(Context& ctx, const Csr<T>& on_context, std::uint64_t start, double gradient_norm,
                                 const NewtonOptions& own) {
    const auto x = to_context(ctx, absolute_normals<T>(kUsers, 2 * start));
    const auto y = to_context(ctx, absolute_normals<T>(kItems, 2 * start + 1));
    CompletionOptions options = plain_options(1, 100);
    options.stopping.gradient_norm = gradient_norm;
    return newton(ctx, {on_context.view(), {}, read(y), read(x)}, options, own);
  }

  static Pair ones() {
    return {matrix_of<double>(kUsers, 1, std::vector<double>(kUsers, 1)),
            matrix_of<double>(kItems, 1, std::vector<double>(kItems, 1))};
  }
};

TEST_P(NewtonAcceptance, ObjectiveAndGradientAtOnes) {
  Context ctx = context();
  Derivatives problem(ctx, ratings<double>(), plain_options(1, 1));
  const Pair z = ones(), at{to_context(ctx, z[0]), to_context(ctx, z[1])};
  EXPECT_EQ(0.5 * masked_residual(ctx, problem.ratings(), read(at[0]), read(at[1])).squared, 4245);
  EXPECT_NEAR(norm(problem.gradient(z)), 947.96096966, 0.5e-8);
}

void print(NewtonMethod method, const char* what, std::vector<std::int64_t> counts) {
  std::sort(counts.begin(), counts.end());
  std::cout << name_of(method) << ", " << what << ": " << counts.front() << " to " << counts.back() << ", median "
            << counts[counts.size() / 2] << "\n";
}

TEST_P(NewtonAcceptance, EveryStartEndsAtTheMinimum) {
  Context ctx = context();
  const auto csr = to_context(ctx, ratings<double>());
  for (const NewtonMethod method : kNewtonMethods) {
    std::vector<std::int64_t> steps, products;
    for (std::uint64_t start = 0; start < kStarts; ++start) {
      const auto result = run(ctx, csr, start, 1e-6, by(method));
      const SweepRecord& last = result.runs[0].history.back();
      const auto where = testing::Message() << name_of(method) << ", start " << start;
      EXPECT_EQ(result.runs[0].stopped, StopReason::gradient_norm) << where;
      EXPECT_LT(last.gradient_norm, 1e-6) << where;
      EXPECT_NEAR(last.objective, kMinimum, kHalfDigit + kMinimum * 1e-13) << where;
      steps.push_back(last.sweep);
      products.push_back(last.products);
    }
    print(method, "steps", steps);
    print(method, "products", products);
  }
}

// Once the gradient is below 1e-2 its digits double: |g| after a step is at most |g|^2. The constant before |g|^2 can
// be no more than 1.5 |z| / (the second eigenvalue)^2, some 20 (|z| = 28, the remainder of the gradient after a step p
// is at most 1.5 |z| |p|^2 + |p|^3 / 2); it is about 0.1. Convergence that were linear, with any rate, fails at
// |g| below that rate. Down to 1e-10, where the gradient's own rounding begins: the sum of the magnitudes of what is
// added for it is some 1e4.
TEST_P(NewtonAcceptance, ConvergesQuadratically) {
  Context ctx = context();
  const auto csr = to_context(ctx, ratings<double>());
  for (const NewtonMethod method : {NewtonMethod::dense, NewtonMethod::newton_cg}) {
    int steps = 0;
    for (std::uint64_t start = 0; start < 5; ++start) {
      const auto result = run(ctx, csr, start, 1e-10, by(method));
      EXPECT_EQ(result.runs[0].stopped, StopReason::gradient_norm);
      const auto& history = result.runs[0].history;
      for (std::size_t n = 1; n < history.size(); ++n) {
        const double before = history[n - 1].gradient_norm;
        if (before > 1e-2) continue;
        EXPECT_LE(history[n].gradient_norm, std::max(before * before, 1e-10))
            << name_of(method) << ", start " << start << ", sweep " << history[n].sweep;
        ++steps;
      }
    }
    EXPECT_GE(steps, 5);
  }
}

// One zero eigenvalue, that of u c, v / c; all others are positive, the least 1.56 where |u| = |v|.
TEST_P(NewtonAcceptance, HessianAtTheMinimum) {
  Context ctx = context();
  const auto host = ratings<double>();
  const auto csr = to_context(ctx, host);
  const auto result = run(ctx, csr, 0, 1e-9, by(NewtonMethod::newton_cg));
  Pair z{to_host(result.x), to_host(result.y)};
  double of_x = 0, of_y = 0;
  for (index_t i = 0; i < kUsers; ++i) of_x += z[0](i, 0) * z[0](i, 0);
  for (index_t j = 0; j < kItems; ++j) of_y += z[1](j, 0) * z[1](j, 0);
  const double c = std::pow(of_y / of_x, 0.25);
  for (index_t i = 0; i < kUsers; ++i) z[0](i, 0) *= c;
  for (index_t j = 0; j < kItems; ++j) z[1](j, 0) /= c;
  Derivatives problem(ctx, host, plain_options(1, 1));
  const Matrix<double> h = problem.hessian(z);
  EXPECT_EQ(eigenvalues_below(h, -1e-8), 0);
  EXPECT_EQ(eigenvalues_below(h, 1e-8), 1);
  EXPECT_EQ(eigenvalues_below(h, 1.555), 1);
  EXPECT_EQ(eigenvalues_below(h, 1.565), 2);
}

/// What rounding to float can make of the gradient at x, y, where it is 0: the sum for row i is off by at most
/// sum |y_j| u (|x_i y_j| + (n_i + 3) |r|), u = eps / 2, and storing the factors to u of each changes it by at most
/// sum u (y_j^2 |x_i| + |2 x_i y_j - a| |y_j|).
double rounding_of_gradient(const Csr<float>& ratings, const Matrix<float>& x, const Matrix<float>& y) {
  constexpr double u = eps<float>() / 2;
  Context host = Context::reference();
  const auto by_column = transpose(host, ratings.view());
  const auto of_mode = [](const Csr<float>& a, const Matrix<float>& own, const Matrix<float>& other) {
    double squared = 0;
    for (index_t i = 0; i < a.rows; ++i) {
      const offset_t first = a.offsets.data()[i], last = a.offsets.data()[i + 1];
      const double x = std::abs(double{own(i, 0)});
      double sum = 0;
      for (offset_t e = first; e < last; ++e) {
        const double y = std::abs(double{other(a.columns.data()[e], 0)});
        const double value = double{a.values.data()[e]};
        const double model = double{own(i, 0)} * double{other(a.columns.data()[e], 0)}, r = std::abs(value - model);
        sum += u * y * (std::abs(model) + static_cast<double>(last - first + 3) * r);
        sum += u * (y * y * x + std::abs(2 * model - value) * y);
      }
      squared += sum * sum;
    }
    return squared;
  };
  return std::sqrt(of_mode(ratings, x, y) + of_mode(by_column, y, x));
}

// Near the minimum a step solved from a gradient that is off by d leaves d of it, and what storing the factors does.
// Then no step is left that decreases the objective, and the run says so.
TEST_P(NewtonAcceptance, FloatGoesAsFarAsRoundingAllows) {
  Context ctx = context();
  const auto host = ratings<float>();
  const auto csr = to_context(ctx, host);
  for (const NewtonMethod method : kNewtonMethods)
    for (std::uint64_t start = 0; start < 3; ++start) {
      const auto result = run(ctx, csr, start, 0, by(method));
      const SweepRecord& last = result.runs[0].history.back();
      const auto where = testing::Message() << name_of(method) << ", start " << start;
      EXPECT_EQ(result.runs[0].stopped, StopReason::stationary) << where;
      EXPECT_LE(last.gradient_norm, rounding_of_gradient(host, to_host(result.x), to_host(result.y))) << where;
      EXPECT_NEAR(last.objective, kMinimum, 1e-4 * kMinimum) << where;
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, NewtonAcceptance, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
