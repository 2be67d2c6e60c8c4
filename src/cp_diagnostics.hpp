#pragma once
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "cp_components.hpp"
#include "factors.hpp"
#include "seesaw/cp_als.hpp"
#include "solve_implicit_rows.hpp"

namespace seesaw {

/// A G^-1 with G = A'A, whose transposed is the pseudo-inverse of A; no rows where columns are dependent to rounding.
Matrix<double> pseudo_inverse_transposed(const Matrix<double>& factor);

/// How the cosines between components look, whatever the tensor.
CpDiagnostics shape_of(const Components& components, double norm);

/// The sweeps that changed the fit by less than a tenth of what a later one did.
int swamp_sweeps(const std::vector<CpSweep>& history);

/// 100 (1 - |core - diagonal|^2 / k) of the core that fits the factors best, the weights in those of mode 0. MTTKRPs of
/// rank k contract all modes but the first with the pseudo-inverses, in every combination of columns.
template <class T, class Tensor>
double core_consistency(Context& ctx, Tensor& tensor, const Components& components) {
  constexpr double kMostColumns = 4096;
  const index_t k = components.rank(), order = tensor.order();
  const double none = std::numeric_limits<double>::quiet_NaN();
  if (std::pow(static_cast<double>(k), static_cast<double>(order - 1)) > kMostColumns) return none;
  std::vector<Matrix<double>> inverses;
  for (const Matrix<double>& factor : components.factors) {
    inverses.push_back(pseudo_inverse_transposed(factor));
    if (inverses.back().rows() == 0) return none;
  }
  index_t columns = 1;
  for (index_t n = 1; n < order; ++n) columns *= k;
  double off = 0;
  for (index_t first = 0; first < columns; first += k) {
    Factors<T> wide;
    wide.emplace_back(ctx, tensor.size(0), k);  // not read
    for (index_t n = 1, below = 1; n < order; ++n, below *= k) {
      const Matrix<double>& inverse = inverses[static_cast<std::size_t>(n)];
      Matrix<T> spread(inverse.rows(), k);
      for (index_t i = 0; i < inverse.rows(); ++i)
        for (index_t f = 0; f < k; ++f) spread(i, f) = static_cast<T>(inverse(i, (first + f) / below % k));
      wide.push_back(to_context(ctx, spread));
    }
    Matrix<T> out(ctx, tensor.size(0), k);
    for (int n = 0; n < tensor.order(); ++n) tensor.changed(n);
    tensor.mttkrp(views(wide), 0, out.view());
    const Matrix<T> contracted = to_host(out);
    for (index_t r = 0; r < k; ++r)
      for (index_t f = 0; f < k; ++f) {
        double core = 0;
        for (index_t i = 0; i < contracted.rows(); ++i)
          core += inverses[0](i, r) * static_cast<double>(contracted(i, f));
        core /= components.weights[static_cast<std::size_t>(r)];
        bool diagonal = true;
        for (index_t n = 1, left = first + f; n < order; ++n, left /= k) diagonal = diagonal && left % k == r;
        off += (core - (diagonal ? 1 : 0)) * (core - (diagonal ? 1 : 0));
      }
  }
  return 100 * (1 - off / static_cast<double>(k));
}

}  // namespace seesaw
