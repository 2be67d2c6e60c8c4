#pragma once
#include <utility>
#include <vector>

#include "fill.hpp"
#include "implicit_steps.hpp"
#include "seesaw/hadamard_grams.hpp"
#include "slice_rows.hpp"

namespace seesaw {

/// What solve_implicit_slices() works in.
template <class T>
struct ImplicitSliceWorkspace {
  SliceWorkspace<T> slices;
  ImplicitWorkspace<T> rows;
  Matrix<T> gram;  ///< k x k, of the vectors of all combinations
};

/// The half-sweep of one mode for implicit feedback; `grams` are those of the factors of all modes, of which that of
/// this one is not read. Adds the residuals of `out` as measure_implicit() wants them, unless null.
template <class T>
void solve_implicit_slices(Context& ctx, const SliceRows<T>& slices, const FactorViews<T>& factors,
                           const std::vector<Matrix<T>>& grams, const ImplicitModel& model, MatrixView<T> out,
                           std::int64_t* singular, ResidualSums* sums, ImplicitSliceWorkspace<T>& workspace) {
  std::vector<MatrixView<const T>> all;
  for (const Matrix<T>& gram : grams) all.push_back(gram.view());
  hadamard_grams(ctx, all, slices.entries().mode, workspace.gram.view());
  const ImplicitRows<T> half(ctx, std::as_const(workspace.gram).view(), model);
  solve_chunks(ctx, slices, factors, out, singular, workspace.slices,
               [&](CsrView<T> rows, MatrixView<const T> vectors, MatrixView<T> x, std::int64_t* count) {
                 if (rows.entries == 0) {
                   constexpr std::int64_t kNone = 0;
                   fill(ctx, x, T{0});
                   if (count != nullptr) ctx.memory()->copy_from_host(count, &kNone, sizeof kNone);
                   return;
                 }
                 half.solve(ctx, rows, vectors, x, count, workspace.rows);
                 if (sums != nullptr) add(*sums, residual_sums(ctx, ones_of(rows), MatrixView<const T>(x), vectors));
               });
}

}  // namespace seesaw
