#include "mttkrp.hpp"

#include <limits>
#include <string>

#include "checks.hpp"
#include "dispatch.hpp"
#include "tensor_checks.hpp"

namespace seesaw {
namespace {

/// The elements of a tensor can be counted.
void require_size(int order, const std::array<index_t, kMaxOrder>& shape, std::size_t element_bytes) {
  index_t size = 1;
  for (int n = 0; n < order; ++n) size = detail::element_count(size, shape[static_cast<std::size_t>(n)], element_bytes);
}

template <class T>
void require_tensor(const Context& ctx, const DenseTensorView<T>& tensor) {
  require_order("tensor", tensor.order);
  require_sizes("tensor", tensor.order, tensor.shape, 1);
  require_size(tensor.order, tensor.shape, sizeof(T));
  require_space(ctx, tensor.data, "tensor.data");
}

/// The factors of `from` but for those of `keep`, and out.
template <class T>
void require_matrices(const Context& ctx, const std::array<index_t, kMaxOrder>& shape, const FactorViews<T>& factors,
                      Modes from, Modes keep, MatrixView<T> out) {
  require_view(ctx, out, "out");
  require_rank(out.cols);
  require_shape("out", out.rows, out.cols, size_of(shape, keep), out.cols);
  for (int n = from.first; n < from.last; ++n)
    if (n < keep.first || n >= keep.last) require_factor(ctx, shape, factors, n, out.cols);
}

std::string modes_text(Modes modes) {
  return "the modes from " + std::to_string(modes.first) + " to below " + std::to_string(modes.last);
}

template <class T>
void run(Context& ctx, const DenseTensorView<T>& tensor, const FactorViews<T>& factors, int mode, MatrixView<T> out) {
  require_tensor(ctx, tensor);
  require_mode(mode, tensor.order);
  require_matrices(ctx, tensor.shape, factors, {0, tensor.order}, {mode, mode + 1}, out);
  const DenseMttkrp<T> problem{tensor, factors, mode, out};
  on_backend(
      ctx, [&] { reference::mttkrp(problem); }, [&](int threads) { cpu::mttkrp(threads, problem); },
      [&](auto& gpu) { cuda::mttkrp(gpu, problem); });
}

template <class T>
void require_no_weights(const T* weights) {
  if (weights != nullptr)
    throw InvalidArgument("entries.weights is not null: a product with the tensor itself has no weights");
}

template <class T>
void run(Context& ctx, const ModeView<T>& entries, const FactorViews<T>& factors, MatrixView<T> out) {
  require_entries(ctx, entries);
  require_no_weights(entries.weights);
  const Modes own{entries.mode, entries.mode + 1};
  require_matrices(ctx, entries.shape, factors, {0, entries.order}, own, out);
  if (out.rows == 0) return;
  const SparseMttkrp<T> problem{entries, factors, out};
  on_backend(
      ctx, [&] { reference::mttkrp(problem); }, [&](int threads) { cpu::mttkrp(threads, problem); },
      [&](auto& gpu) { cuda::mttkrp(gpu, problem); });
}

template <class T>
void run(Context& ctx, const SparseTensorView<T>& entries, const FactorViews<T>& factors, int mode, MatrixView<T> out) {
  require_order("entries", entries.order);
  require_mode(mode, entries.order);
  require_sizes("entries", entries.order, entries.shape, 0);
  require_arrays(ctx, entries, "entries");
  require_no_weights(entries.weights);
  require_matrices(ctx, entries.shape, factors, {0, entries.order}, {mode, mode + 1}, out);
  if (out.rows == 0) return;
  const UnsortedMttkrp<T> problem{entries, factors, mode, out};
  on_backend(
      ctx, [&] { reference::mttkrp(problem); }, [&](int threads) { cpu::mttkrp(threads, problem); },
      [&](auto&) { run(ctx, by_mode(ctx, entries, mode).view(), factors, out); });
}

/// A contraction that was checked.
template <class Contraction>
void contract_on(Context& ctx, const Contraction& problem) {
  on_backend(
      ctx, [&] { reference::contract(problem); }, [&](int threads) { cpu::contract(threads, problem); },
      [&](auto& gpu) { cuda::contract(gpu, problem); });
}

template <class T>
void run(Context& ctx, const DenseTensorView<T>& tensor, const FactorViews<T>& factors, Modes keep, MatrixView<T> out) {
  require_tensor(ctx, tensor);
  const bool leading = keep.first == 0 && keep.last >= 1 && keep.last < tensor.order;
  const bool trailing = keep.last == tensor.order && keep.first >= 1 && keep.first < tensor.order;
  if (!leading && !trailing)
    throw ShapeError("keep has " + modes_text(keep) + ", expected some of the first or of the last of " +
                     std::to_string(tensor.order) + ", not all");
  require_matrices(ctx, tensor.shape, factors, {0, tensor.order}, keep, out);
  contract_on(ctx, contraction_of(tensor, factors, keep, out));
}

template <class T>
void run(Context& ctx, const PartialTensorView<T>& partial, const FactorViews<T>& factors, Modes keep,
         MatrixView<T> out) {
  const Modes modes = partial.modes;
  require_order("partial", partial.order);
  if (modes.first < 0 || modes.first >= modes.last || modes.last > partial.order)
    throw ShapeError("partial has " + modes_text(modes) + ", expected some of " + std::to_string(partial.order));
  require_sizes("partial", partial.order, partial.shape, 1);
  require_size(partial.order, partial.shape, sizeof(T));
  if (keep.first < modes.first || keep.first >= keep.last || keep.last > modes.last)
    throw ShapeError("keep has " + modes_text(keep) + ", expected some of " + modes_text(modes));
  require_view(ctx, partial.elements, "partial.elements");
  require_shape("partial.elements", partial.elements.rows, partial.elements.cols, size_of(partial.shape, modes),
                out.cols);
  require_matrices(ctx, partial.shape, factors, modes, keep, out);
  contract_on(ctx, contraction_of(partial, factors, keep, out));
}

}  // namespace

int mttkrp_split(int order, const std::array<index_t, kMaxOrder>& shape) {
  require_order("tensor", order);
  require_sizes("tensor", order, shape, 1);
  require_size(order, shape, 1);
  int best = order - 1;
  double least = std::numeric_limits<double>::infinity();
  for (int split = order - 1; split >= 1; --split) {
    const index_t left = size_of(shape, {0, split}), right = size_of(shape, {split, order});
    if (right > kMostRows) break;  // a leading dimension that cuBLAS cannot count
    const double rows = static_cast<double>(left) + static_cast<double>(right);
    if (rows < least) {
      least = rows;
      best = split;
    }
  }
  return best;
}

double mttkrp_workspace(int order, const std::array<index_t, kMaxOrder>& shape, index_t k) {
  const int split = mttkrp_split(order, shape);
  const auto left = static_cast<double>(size_of(shape, {0, split}));
  const auto right = static_cast<double>(size_of(shape, {split, order}));
  // The Khatri-Rao product of one side and what is left of the other; for the second step at most as much again.
  return (2 * (left + right) + static_cast<double>(kMostPartRows)) * static_cast<double>(k);
}

void mttkrp(Context& ctx, const DenseTensorView<float>& tensor, const FactorViews<float>& factors, int mode,
            MatrixView<float> out) {
  run(ctx, tensor, factors, mode, out);
}
void mttkrp(Context& ctx, const DenseTensorView<double>& tensor, const FactorViews<double>& factors, int mode,
            MatrixView<double> out) {
  run(ctx, tensor, factors, mode, out);
}

void mttkrp(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors, MatrixView<float> out) {
  run(ctx, entries, factors, out);
}
void mttkrp(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors, MatrixView<double> out) {
  run(ctx, entries, factors, out);
}

void mttkrp(Context& ctx, const SparseTensorView<float>& entries, const FactorViews<float>& factors, int mode,
            MatrixView<float> out) {
  run(ctx, entries, factors, mode, out);
}
void mttkrp(Context& ctx, const SparseTensorView<double>& entries, const FactorViews<double>& factors, int mode,
            MatrixView<double> out) {
  run(ctx, entries, factors, mode, out);
}

void partial_mttkrp(Context& ctx, const DenseTensorView<float>& tensor, const FactorViews<float>& factors, Modes keep,
                    MatrixView<float> out) {
  run(ctx, tensor, factors, keep, out);
}
void partial_mttkrp(Context& ctx, const DenseTensorView<double>& tensor, const FactorViews<double>& factors, Modes keep,
                    MatrixView<double> out) {
  run(ctx, tensor, factors, keep, out);
}

void partial_mttkrp(Context& ctx, const PartialTensorView<float>& partial, const FactorViews<float>& factors,
                    Modes keep, MatrixView<float> out) {
  run(ctx, partial, factors, keep, out);
}
void partial_mttkrp(Context& ctx, const PartialTensorView<double>& partial, const FactorViews<double>& factors,
                    Modes keep, MatrixView<double> out) {
  run(ctx, partial, factors, keep, out);
}

}  // namespace seesaw
