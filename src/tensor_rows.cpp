#include "seesaw/tensor_rows.hpp"

#include "slice_rows.hpp"
#include "tensor_checks.hpp"

namespace seesaw {
namespace {

template <class T>
void run(Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors, Penalty penalty, MatrixView<T> out,
         std::int64_t* singular_rows) {
  require_entries(ctx, entries);
  const index_t k = out.cols;
  require_view(ctx, out, "out");
  require_rank(k);
  require_shape("out", out.rows, out.cols, entries.shape[static_cast<std::size_t>(entries.mode)], k);
  for (int n = 0; n < entries.order; ++n)
    if (n != entries.mode) require_factor(ctx, entries.shape, factors, n, k);
  require_penalty<T>("lambda", penalty, entries.entries);
  if (singular_rows != nullptr) require_space(ctx, singular_rows, "singular_rows");
  const SliceRows<T> slices(ctx, entries, k);
  auto workspace = slice_workspace<T>(ctx, slices.vectors(), k, slices.chunks());
  solve_slices<T>(ctx, slices, factors, penalty, out, singular_rows, nullptr, workspace);
  ctx.synchronize();
}

template <class T>
ResidualSums run(Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors) {
  require_entries(ctx, entries);
  const index_t k = factors[0].cols;
  for (int n = 0; n < entries.order; ++n) require_factor(ctx, entries.shape, factors, n, k);
  const SliceRows<T> slices(ctx, entries, k);
  auto workspace = slice_workspace<T>(ctx, slices.vectors(), k, slices.chunks());
  return residual_of_slices(ctx, slices, factors, workspace);
}

}  // namespace

void solve_rows(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors, Penalty penalty,
                MatrixView<float> out, std::int64_t* singular_rows) {
  run(ctx, entries, factors, penalty, out, singular_rows);
}
void solve_rows(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors, Penalty penalty,
                MatrixView<double> out, std::int64_t* singular_rows) {
  run(ctx, entries, factors, penalty, out, singular_rows);
}

ResidualSums masked_residual(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors) {
  return run(ctx, entries, factors);
}
ResidualSums masked_residual(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors) {
  return run(ctx, entries, factors);
}

}  // namespace seesaw
