#include "seesaw/tensor_rows.hpp"

#include "implicit_slices.hpp"
#include "slice_rows.hpp"
#include "tensor_checks.hpp"

namespace seesaw {
namespace {

template <class T>
void require_step(const Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors, MatrixView<T> out,
                  const std::int64_t* singular_rows) {
  require_entries(ctx, entries);
  const index_t k = out.cols;
  require_view(ctx, out, "out");
  require_rank(k);
  require_shape("out", out.rows, out.cols, entries.shape[static_cast<std::size_t>(entries.mode)], k);
  for (int n = 0; n < entries.order; ++n)
    if (n != entries.mode) require_factor(ctx, entries.shape, factors, n, k);
  if (singular_rows != nullptr) require_space(ctx, singular_rows, "singular_rows");
}

template <class T>
void run(Context& ctx, const ModeView<T>& confidences, const FactorViews<T>& factors, const ImplicitModel& model,
         MatrixView<T> out, std::int64_t* singular_rows) {
  require_step(ctx, confidences, factors, out, singular_rows);
  if (confidences.weights != nullptr)
    throw InvalidArgument("confidences has weights, expected none: its values are the weights");
  require_implicit_model<T>("lambda", model, confidences.entries);
  const index_t k = out.cols;
  const SliceRows<T> slices(ctx, confidences, k);
  std::vector<Matrix<T>> grams;
  for (int n = 0; n < confidences.order; ++n) {
    grams.emplace_back(ctx, k, k);
    if (n != confidences.mode) gram(ctx, factors[static_cast<std::size_t>(n)], grams.back().view());
  }
  ImplicitSliceWorkspace<T> workspace{
      slice_workspace<T>(ctx, slices.vectors(), k, slices.chunks()), {}, Matrix<T>(ctx, k, k)};
  solve_implicit_slices<T>(ctx, slices, factors, grams, model, out, singular_rows, nullptr, workspace);
  ctx.synchronize();
}

template <class T>
void run(Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors, Penalty penalty, MatrixView<T> out,
         std::int64_t* singular_rows) {
  require_step(ctx, entries, factors, out, singular_rows);
  const index_t k = out.cols;
  require_penalty<T>("lambda", penalty, entries.entries);
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

void solve_implicit_rows(Context& ctx, const ModeView<float>& confidences, const FactorViews<float>& factors,
                         ImplicitModel model, MatrixView<float> out, std::int64_t* singular_rows) {
  run(ctx, confidences, factors, model, out, singular_rows);
}
void solve_implicit_rows(Context& ctx, const ModeView<double>& confidences, const FactorViews<double>& factors,
                         ImplicitModel model, MatrixView<double> out, std::int64_t* singular_rows) {
  run(ctx, confidences, factors, model, out, singular_rows);
}

ResidualSums masked_residual(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors) {
  return run(ctx, entries, factors);
}
ResidualSums masked_residual(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors) {
  return run(ctx, entries, factors);
}

}  // namespace seesaw
