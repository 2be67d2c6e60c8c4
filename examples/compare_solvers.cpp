// A random 1000 x 1000 matrix of rank 10, half of it observed: alternating least squares, alternating gradient descent,
// projection on the nuclear-norm ball and Frank-Wolfe, each for some seconds (the argument; 20). What was not observed
// is the validation set, so its RMSE is the error in the domain. Draws compare-solvers.svg.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "observed.hpp"
#include "seesaw/complete.hpp"
#include "seesaw/io/figure.hpp"
#include "seesaw/svd.hpp"

namespace {

using namespace seesaw;

constexpr index_t kSize = 1000, kRank = 10;

/// X Y' with normal factors: elements of standard deviation sqrt(k).
Matrix<double> low_rank(Context& ctx) {
  Matrix<double> x(kSize, kRank), y(kSize, kRank), a(kSize, kSize);
  fill_normal(ctx, 1, 1.0, x.view());
  fill_normal(ctx, 2, 1.0, y.view());
  for (index_t i = 0; i < kSize; ++i)
    for (index_t j = 0; j < kSize; ++j) {
      double sum = 0;
      for (index_t f = 0; f < kRank; ++f) sum += x(i, f) * y(j, f);
      a(i, j) = sum;
    }
  return a;
}

double nuclear_norm(Context& ctx, const Matrix<double>& a) {
  Matrix<double> u(a.rows(), a.cols()), vt(a.cols(), a.cols());
  Buffer<double> s(a.cols());
  svd(ctx, a.view(), u.view(), s.data(), vt.view());
  double sum = 0;
  for (index_t n = 0; n < s.size(); ++n) sum += s.data()[n];
  return sum;
}

}  // namespace

int main(int argc, char** argv) try {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 20;
  if (!(seconds > 0)) throw InvalidArgument("the argument is the seconds for each solver, more than 0");
  Context ctx = Context::cpu();
  const Matrix<double> truth = low_rank(ctx);
  const Csr<double> observed = example::observe(truth, 0.5, /*seed=*/3);
  const Csr<double> others = example::observe(truth, 0.5, /*seed=*/3, /*others=*/true);

  CompletionOptions options;
  options.rank = kRank;
  options.lambda_x = options.lambda_y = 1e-6;
  options.weighting = Weighting::plain;
  options.centre = false;
  options.stopping.sweeps = 1000;
  options.stopping.seconds = seconds;
  SolverOptions own;
  own.frank_wolfe.radius = own.nuclear_pgd.radius = nuclear_norm(ctx, truth);
  std::printf("radius: the nuclear norm of the truth, %.6g\n", own.nuclear_pgd.radius);

  std::vector<NamedHistory> runs;
  for (const Solver solver : {Solver::als, Solver::agd, Solver::nuclear_pgd, Solver::frank_wolfe}) {
    CompletionResult<double> result = complete(ctx, solver, {observed.view(), others.view()}, options, own);
    NamedHistory run{to_string(solver), result.runs[0].history};
    const SweepRecord& last = run.history.back();
    std::printf("%-12s %4d sweeps in %6.2f s: RMSE %.3g on the observed half, %.3g on the other\n", to_string(solver),
                last.sweep, last.seconds, last.train_rmse, last.validation_rmse);
    // The penalties differ: all are drawn by their squared errors.
    for (SweepRecord& record : run.history)
      record.objective = 0.5 * record.train_rmse * record.train_rmse * static_cast<double>(observed.values.size());
    runs.push_back(std::move(run));
  }
  draw("compare-solvers.svg",
       convergence_figure("1000 x 1000, rank 10, half observed; objective: squared errors / 2", runs));
  std::puts("drawn: compare-solvers.svg");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
