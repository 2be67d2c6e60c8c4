// A sweep of CP-ALS from its rows: mttkrp, gram, hadamard_grams, solve_spd; the model that it ends with by khatri_rao.
// This is what cp_als() does, without its normalization, stopping rules and diagnostics. Draws cp-by-hand.svg.
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "seesaw/io/figure.hpp"
#include "seesaw/seesaw.hpp"

namespace {

using namespace seesaw;

double squared_norm(const Matrix<double>& matrix) {
  double sum = 0;
  for (index_t e = 0; e < matrix.buffer().size(); ++e) sum += matrix.buffer().data()[e] * matrix.buffer().data()[e];
  return sum;
}

/// |T - M| / |T|, with the unfolding of M in mode 0: M_0 = A_0 khatri_rao(A_1, A_2)'. T_0 lies in memory as T does.
double relative_error(Context& ctx, const DenseTensor<double>& tensor, const std::vector<Matrix<double>>& factors) {
  const index_t rows = tensor.shape[0], columns = tensor.shape[1] * tensor.shape[2], rank = factors[0].cols();
  Matrix<double> products(columns, rank), residual(rows, columns), whole(rows, columns);
  khatri_rao(ctx, std::vector{factors[1].view(), factors[2].view()}, products.view());
  for (index_t i = 0; i < rows; ++i)
    for (index_t c = 0; c < columns; ++c) {
      residual(i, c) = whole(i, c) = tensor.values.data()[i * columns + c];
      for (index_t r = 0; r < rank; ++r) residual(i, c) -= factors[0](i, r) * products(c, r);
    }
  return std::sqrt(squared_norm(residual) / squared_norm(whole));
}

}  // namespace

int main() try {
  constexpr index_t kRank = 3;
  constexpr double kNoise = 1e-3;
  const DenseTensor<double> tensor = planted_cp<double>({{20, 15, 10}, kRank, {}, kNoise, /*seed=*/1}).tensor;

  Context ctx = Context::cpu();
  std::vector<Matrix<double>> factors, grams;
  for (std::size_t n = 0; n < 3; ++n) {
    fill_normal(ctx, /*seed=*/n + 10, 1.0, factors.emplace_back(tensor.shape[n], kRank).view());
    gram(ctx, std::as_const(factors[n]).view(), grams.emplace_back(kRank, kRank).view());
  }
  Curve errors;
  for (int sweep = 1; sweep <= 30; ++sweep) {
    for (int n = 0; n < 3; ++n) {  // A_n = MTTKRP_n (Hadamard product of the other Grams)^-1
      Matrix<double>& factor = factors[static_cast<std::size_t>(n)];
      Matrix<double> system(kRank, kRank);
      FactorViews<double> others;
      std::vector<MatrixView<const double>> squares;
      for (std::size_t m = 0; m < 3; ++m) {
        others[m] = std::as_const(factors[m]).view();
        squares.push_back(std::as_const(grams[m]).view());
      }
      Matrix<double> solved(factor.rows(), kRank);
      mttkrp(ctx, tensor.view(), others, n, solved.view());
      hadamard_grams(ctx, squares, n, system.view());
      solve_spd(ctx, std::as_const(system).view(), solved.view());
      factor = std::move(solved);
      gram(ctx, std::as_const(factor).view(), grams[static_cast<std::size_t>(n)].view());
    }
    errors.x.push_back(sweep);
    errors.y.push_back(relative_error(ctx, tensor, factors));
  }
  std::printf("relative error %.3g after %zu sweeps, of which the noise is %.3g\n", errors.y.back(), errors.y.size(),
              kNoise);
  Panel panel{"Relative error", "sweep", "|T - M| / |T|", {}, /*log_y=*/true, /*whole_x=*/true};
  panel.curves.push_back(errors);
  draw("cp-by-hand.svg", CurvesFigure{"CP-ALS from its rows", {panel}, 1});
  std::puts("drawn: cp-by-hand.svg");
  return errors.y.back() < 1.01 * kNoise ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
