#include "solve_implicit_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "dense.hpp"
#include "dispatch.hpp"
#include "fill.hpp"
#include "host_entries.hpp"
#include "implicit_workspace.hpp"
#include "seesaw/gram.hpp"
#include "solve_spd.hpp"

namespace seesaw {
namespace {

/// Whether D(f) is more than rounding: of Y'Y, and, where there is a penalty, of a vector's product with Q.
template <class T>
bool is_kept(double eigenvalue, double largest, double unobserved, double ridge, index_t k) {
  const double cutoff = static_cast<double>(singular_threshold(k, T{1}));
  return eigenvalue > cutoff * largest || ridge > cutoff * cutoff * (unobserved * largest + ridge);
}

template <class T>
Coordinates<T> coordinates(Context& ctx, MatrixView<const T> gram_matrix, const ImplicitModel& model) {
  const index_t k = gram_matrix.cols;
  const Buffer<T> host = host_copy(ctx, gram_matrix.data, k * k);
  const auto size = static_cast<std::size_t>(k);
  std::vector<double> vectors(size * size), eigenvalues(size);
  for (std::size_t n = 0; n < vectors.size(); ++n) vectors[n] = static_cast<double>(host.data()[n]);
  Coordinates<T> c;
  for (const double element : vectors) c.finite = c.finite && std::isfinite(element);
  if (!c.finite) return c;
  cpu::symmetric_eigen(k, vectors.data(), eigenvalues.data());

  const double ridge = least_ridge(model.penalty), largest = std::max(0.0, eigenvalues.back());
  std::vector<index_t> kept;
  for (index_t f = 0; f < k; ++f)
    if (is_kept<T>(eigenvalues[static_cast<std::size_t>(f)], largest, model.unobserved, ridge, k)) kept.push_back(f);
  const auto rank = static_cast<index_t>(kept.size());
  Matrix<T> of_fixed(k, rank), of_solved(k, rank), back(rank, k);
  Buffer<T> spread(rank);
  for (index_t f = 0; f < rank; ++f) {
    const auto e = static_cast<std::size_t>(kept[static_cast<std::size_t>(f)]);
    const double d = model.unobserved * std::max(0.0, eigenvalues[e]) + ridge, root = std::sqrt(d);
    spread.data()[f] = static_cast<T>(std::min(1 / d, static_cast<double>(std::numeric_limits<T>::max())));
    for (index_t g = 0; g < k; ++g) {
      const double q = vectors[e * size + static_cast<std::size_t>(g)];
      back(f, g) = of_fixed(g, f) = static_cast<T>(q / root);
      of_solved(g, f) = static_cast<T>(q * root);
    }
  }
  c.of_fixed = to_context(ctx, of_fixed);
  c.of_solved = to_context(ctx, of_solved);
  c.back = to_context(ctx, back);
  c.spread = to_context(ctx, spread.data(), rank);
  return c;
}

/// A matrix in the buffer, which grows where it is too small.
template <class T>
MatrixView<T> place(Context& ctx, Buffer<T>& buffer, index_t rows, index_t cols) {
  const index_t size = detail::element_count(rows, cols, sizeof(T));
  if (buffer.size() < size) {
    buffer = {};
    buffer = Buffer<T>(ctx, size);
  }
  return {buffer.data(), rows, cols};
}

template <class T>
void store(Context& ctx, std::int64_t* to, std::int64_t value) {
  if (to != nullptr) ctx.memory()->copy_from_host(to, &value, sizeof value);
}

template <class T>
std::int64_t rows_with_entries(Context& ctx, CsrView<T> matrix) {
  const Buffer<offset_t> offsets = host_copy(ctx, matrix.offsets, matrix.rows + 1);
  std::int64_t count = 0;
  for (index_t i = 0; i < matrix.rows; ++i) count += offsets.data()[i + 1] > offsets.data()[i] ? 1 : 0;
  return count;
}

template <class T>
void solve_in_coordinates(Context& ctx, const Coordinates<T>& c, CsrView<T> confidences, MatrixView<const T> y,
                          const ImplicitModel& model, MatrixView<T> x, std::int64_t* singular_rows,
                          ImplicitWorkspace<T>& workspace) {
  const index_t k = y.cols, rank = c.rank();
  if (!c.finite || rank == 0) {
    fill(ctx, x, c.finite ? T{0} : std::numeric_limits<T>::quiet_NaN());
    store<T>(ctx, singular_rows, c.finite ? rows_with_entries(ctx, confidences) : 0);
    return;
  }
  const MatrixView<T> fixed = place(ctx, workspace.fixed, y.rows, rank);
  const MatrixView<T> solved = place(ctx, workspace.solved, x.rows, rank);
  multiply<T>(ctx, y, c.of_fixed.view(), fixed);
  const SolveRows<T> problem{
      confidences, fixed,         model.penalty,
      solved,      singular_rows, {c.spread.data(), least_ridge(model.penalty), static_cast<T>(model.unobserved)}};
  if (model.cg_steps > 0) {
    multiply<T>(ctx, x, c.of_solved.view(), solved);
    on_backend(
        ctx, [] {}, [&](int threads) { cpu::conjugate_gradients(threads, problem, model.cg_steps); },
        [&](auto& gpu) { cuda::conjugate_gradients(gpu, problem, model.cg_steps); });
    store<T>(ctx, singular_rows, 0);
  } else {
    on_backend(
        ctx, [] {}, [&](int threads) { cpu::solve_rows(threads, problem); },
        [&](auto& gpu) { cuda::solve_rows(gpu, problem); });
    if (rank < k) store<T>(ctx, singular_rows, rows_with_entries(ctx, confidences));
  }
  multiply<T>(ctx, solved, c.back.view(), x);
}

template <class T>
void run(Context& ctx, CsrView<T> confidences, MatrixView<const T> y, const ImplicitModel& model, MatrixView<T> x,
         std::int64_t* singular_rows) {
  ImplicitWorkspace<T> workspace;
  solve_implicit_rows(ctx, confidences, y, model, x, singular_rows, workspace);
}

}  // namespace

template <class T>
void require_implicit_model(const char* lambda, const ImplicitModel& model, index_t row_entries) {
  require(model.unobserved >= 1e-12 && model.unobserved <= 1e12, "unobserved", model.unobserved,
          "a number from 1e-12 to 1e12");
  require_penalty<T>(lambda, model.penalty, row_entries);
  require(model.cg_steps >= 0, "cg_steps", model.cg_steps, "0 (exact) or more");
  if (model.cg_steps > 0)
    require(model.penalty.lambda > 0, lambda, model.penalty.lambda, "more than 0 with conjugate gradients");
}

template <class T>
ImplicitRows<T>::ImplicitRows(Context& ctx, MatrixView<const T> gram, const ImplicitModel& model)
    : gram_(gram), model_(model) {
  if (ctx.backend() != Backend::reference) coordinates_ = coordinates(ctx, gram, model);
}

template <class T>
void ImplicitRows<T>::solve(Context& ctx, CsrView<T> confidences, MatrixView<const T> vectors, MatrixView<T> x,
                            std::int64_t* singular_rows, ImplicitWorkspace<T>& workspace) const {
  if (ctx.backend() == Backend::reference)
    reference::solve_implicit_rows(confidences, vectors, gram_, model_, x, singular_rows);
  else
    solve_in_coordinates(ctx, coordinates_, confidences, vectors, model_, x, singular_rows, workspace);
}

template <class T>
void solve_implicit_rows(Context& ctx, CsrView<T> confidences, MatrixView<const T> y, ImplicitModel model,
                         MatrixView<T> x, std::int64_t* singular_rows, ImplicitWorkspace<T>& workspace) {
  require_csr(ctx, confidences, "confidences");
  if (confidences.weights != nullptr)
    throw InvalidArgument("confidences has weights, expected none: its values are the weights");
  require_factors(ctx, confidences.rows, confidences.cols, y, x);
  require_implicit_model<T>("lambda", model, confidences.cols);
  if (singular_rows != nullptr) require_space(ctx, singular_rows, "singular_rows");
  if (ctx.backend() == Backend::reference)
    return reference::solve_implicit_rows(confidences, y, {}, model, x, singular_rows);
  Matrix<T> gram_matrix(ctx, y.cols, y.cols);
  gram(ctx, y, gram_matrix.view());
  ImplicitRows<T>(ctx, std::as_const(gram_matrix).view(), model)
      .solve(ctx, confidences, y, x, singular_rows, workspace);
}

template class ImplicitRows<float>;
template class ImplicitRows<double>;
template void require_implicit_model<float>(const char*, const ImplicitModel&, index_t);
template void require_implicit_model<double>(const char*, const ImplicitModel&, index_t);
template void solve_implicit_rows(Context&, CsrView<float>, MatrixView<const float>, ImplicitModel, MatrixView<float>,
                                  std::int64_t*, ImplicitWorkspace<float>&);
template void solve_implicit_rows(Context&, CsrView<double>, MatrixView<const double>, ImplicitModel,
                                  MatrixView<double>, std::int64_t*, ImplicitWorkspace<double>&);

void solve_implicit_rows(Context& ctx, CsrView<float> confidences, MatrixView<const float> y, ImplicitModel model,
                         MatrixView<float> x, std::int64_t* singular_rows) {
  run(ctx, confidences, y, model, x, singular_rows);
}
void solve_implicit_rows(Context& ctx, CsrView<double> confidences, MatrixView<const double> y, ImplicitModel model,
                         MatrixView<double> x, std::int64_t* singular_rows) {
  run(ctx, confidences, y, model, x, singular_rows);
}

}  // namespace seesaw
