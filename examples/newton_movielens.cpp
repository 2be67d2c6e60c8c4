// Rank-1 completion of the first 999 ratings of MovieLens by three second-order methods, from starts |N(0, 1)|: a small
// problem whose Hessian is indefinite at most starts. Argument: the file u1.base. Draws newton-movielens.svg.
#include <cmath>
#include <cstdio>
#include <map>

#include "seesaw/complete.hpp"
#include "seesaw/io/delimited.hpp"
#include "seesaw/io/figure.hpp"
#include "seesaw/random.hpp"

namespace {

using namespace seesaw;

/// The first `lines` ratings; users and items that occur are numbered as they come.
Csr<double> first_ratings(const std::string& path, int lines) {
  std::map<std::string, column_t> users, items;
  std::vector<column_t> rows, columns;
  std::vector<double> values;
  DelimitedReader reader(path, "\t");
  for (int n = 0; n < lines && reader.next(); ++n) {
    const auto& fields = reader.fields();
    if (fields.size() < 3) reader.fail("expected user, item and rating");
    rows.push_back(users.emplace(fields[0], static_cast<column_t>(users.size())).first->second);
    columns.push_back(items.emplace(fields[1], static_cast<column_t>(items.size())).first->second);
    values.push_back(std::stod(fields[2]));
  }
  SparseTensorView<double> entries;
  entries.shape = {static_cast<index_t>(users.size()), static_cast<index_t>(items.size())};
  entries.entries = static_cast<offset_t>(values.size());
  entries.indices = {rows.data(), columns.data()};
  entries.values = values.data();
  auto host = Context::reference();
  return compress(host, entries);
}

Matrix<double> absolute_normal(index_t rows, std::uint64_t seed) {
  Matrix<double> start(rows, 1);
  for (index_t i = 0; i < rows; ++i) start(i, 0) = std::abs(random_normal(seed, static_cast<std::uint64_t>(i)));
  return start;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw InvalidArgument("expected one argument, the file u1.base of MovieLens 100K");
  const Csr<double> ratings = first_ratings(argv[1], 999);
  std::printf("%lld users, %lld items\n", static_cast<long long>(ratings.rows), static_cast<long long>(ratings.cols));

  Context ctx = Context::cpu();
  CompletionOptions options;
  options.rank = 1;
  options.lambda_x = options.lambda_y = 0;
  options.centre = false;
  options.stopping.sweeps = 500;
  options.stopping.gradient_norm = 1e-6;
  Panel panel{"Three Newtons from three starts", "step", "norm of the gradient", {}, true, true};
  bool all_there = true;
  for (const Solver solver : {Solver::newton_dense, Solver::newton, Solver::gauss_newton})
    for (std::uint64_t start = 0; start < 3; ++start) {
      const Matrix<double> x = absolute_normal(ratings.rows, 2 * start),
                           y = absolute_normal(ratings.cols, 2 * start + 1);
      const auto run = complete(ctx, solver, {ratings.view(), {}, y.view(), x.view()}, options).runs[0];
      const SweepRecord& last = run.history.back();
      std::printf("%-12s start %d: %3d steps, %4lld products, f = %.10f, |gradient| = %.1e\n", to_string(solver),
                  static_cast<int>(start) + 1, last.sweep, static_cast<long long>(last.products), last.objective,
                  last.gradient_norm);
      all_there = all_there && std::abs(last.objective - 194.0376177795) < 1e-6;
      Curve curve;
      if (start == 0) curve.name = to_string(solver);
      curve.colour = static_cast<int>(solver) % 3;
      for (const SweepRecord& record : run.history) {
        curve.x.push_back(record.sweep);
        curve.y.push_back(record.gradient_norm);
      }
      panel.curves.push_back(std::move(curve));
    }
  draw("newton-movielens.svg", CurvesFigure{"Rank 1, the first 999 ratings of MovieLens 100K", {panel}, 1});
  std::puts("drawn: newton-movielens.svg");
  return all_there ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
