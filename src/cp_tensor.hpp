#pragma once
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "cp_nvecs.hpp"
#include "cp_residual.hpp"
#include "dense.hpp"
#include "factors.hpp"
#include "mttkrp.hpp"
#include "seesaw/khatri_rao.hpp"
#include "seesaw/mttkrp.hpp"
#include "tensor_checks.hpp"

// What cp_als() needs of a tensor, dense or sparse: its norm, its shape, and the MTTKRP of each mode. A class of each
// kind, of the same form.
namespace seesaw {

/// Contracts the modes below the split or those from it on, keeps what is left, and takes the MTTKRPs of the modes left
/// from there as long as no factor that was contracted has changed: a sweep in the modes' order reads the tensor twice.
template <class T>
class DenseCpTensor {
 public:
  DenseCpTensor(Context& ctx, const DenseTensorView<T>& tensor)
      : ctx_(ctx), tensor_(tensor), split_(mttkrp_split(tensor.order, tensor.shape)) {}

  int order() const { return tensor_.order; }
  index_t size(int mode) const { return tensor_.shape[static_cast<std::size_t>(mode)]; }
  double norm() const { return std::sqrt(dot(ctx_, elements(), tensor_.data, tensor_.data)); }

  /// The factor of a mode has been overwritten.
  void changed(int mode) {
    if (mode < kept_.first || mode >= kept_.last) kept_ = {};
  }
  void mttkrp(const FactorViews<T>& factors, int mode, MatrixView<T> out) {
    const Modes side = mode < split_ ? Modes{0, split_} : Modes{split_, tensor_.order};
    if (kept_.first != side.first || kept_.last != side.last) {
      if (partial_.cols() != out.cols) partial_ = Matrix<T>(ctx_, rows_at_most(), out.cols);
      partial_mttkrp(ctx_, tensor_, factors, side, partial_.view().slice(0, rows(side)));
      kept_ = side;
    }
    const PartialTensorView<T> left{tensor_.order, tensor_.shape, side,
                                    std::as_const(partial_).view().slice(0, rows(side))};
    partial_mttkrp(ctx_, left, factors, {mode, mode + 1}, out);
  }

  Matrix<double> leading_vectors(int mode, index_t count) const {
    return seesaw::leading_vectors(ctx_, tensor_, mode, count);
  }

  /// |T - M|^2, the elements of M formed a few indices of mode 0 at a time. `weights` in host memory.
  double squared_residual(const FactorViews<T>& factors, const std::vector<double>& weights) const {
    const auto last = static_cast<std::size_t>(order() - 1);
    const index_t k = factors[0].cols, columns = size(order() - 1), left = rows({1, order() - 1});
    const index_t indices = std::clamp<index_t>(kElements / (left * columns), 1, size(0));
    const Matrix<T> turned = weighted_transpose(factors[last], weights);
    Matrix<T> products(ctx_, indices * left, k), model(ctx_, indices * left, columns);
    double sum = 0;
    for (index_t i = 0; i < size(0); i += indices) {
      const index_t end = std::min(i + indices, size(0)), count = (end - i) * left;
      std::vector<MatrixView<const T>> others(factors.begin(), factors.begin() + order() - 1);
      others[0] = others[0].slice(i, end);
      khatri_rao(ctx_, others, products.view().slice(0, count));
      multiply<T>(ctx_, std::as_const(products).view().slice(0, count), turned.view(), model.view().slice(0, count));
      const T* const elements = tensor_.data + i * left * columns;
      combine<T>(ctx_, count * columns, 1, elements, -1, model.view().data);
      sum += dot<T>(ctx_, count * columns, model.view().data, model.view().data);
    }
    return sum;
  }

 private:
  static constexpr index_t kElements = 1 << 20;  // of the model that are formed at once, where mode 0 allows

  /// k x columns: the factor's transposed, row r times weights[r].
  Matrix<T> weighted_transpose(MatrixView<const T> factor, const std::vector<double>& weights) const {
    Matrix<T> tight(ctx_, factor.rows, factor.cols);
    copy_matrix(ctx_, factor, tight.view());
    const Matrix<T> host = to_host(tight);
    Matrix<T> turned(factor.cols, factor.rows);
    for (index_t i = 0; i < factor.rows; ++i)
      for (index_t f = 0; f < factor.cols; ++f)
        turned(f, i) = static_cast<T>(weights[static_cast<std::size_t>(f)]) * host(i, f);
    return to_context(ctx_, turned);
  }

  index_t rows(Modes modes) const {
    index_t product = 1;
    for (int n = modes.first; n < modes.last; ++n) product *= size(n);
    return product;
  }
  index_t rows_at_most() const { return std::max(rows({0, split_}), rows({split_, tensor_.order})); }
  index_t elements() const { return rows({0, tensor_.order}); }

  Context& ctx_;
  DenseTensorView<T> tensor_;
  int split_;
  Modes kept_;
  Matrix<T> partial_;
};

/// A mode's MTTKRP goes over a copy of the entries sorted by it, not over the entries as given: where that is asked
/// for, and where the mode is so long that few parts of the entries can have a sum of their own.
constexpr bool cp_sorts(offset_t entries, index_t size, bool sorted_copies) {
  constexpr index_t kFewestParts = 4;
  return sorted_copies || unsorted_parts(entries, size) < kFewestParts;
}

/// The entries as they are given, which must stay, and a sorted copy for each mode that asks for one.
template <class T>
class SparseCpTensor {
 public:
  SparseCpTensor(Context& ctx, const SparseTensorView<T>& tensor, bool sorted_copies)
      : ctx_(ctx), tensor_(tensor), by_mode_(static_cast<std::size_t>(tensor.order)) {
    require_arrays(ctx, tensor, "entries");
    require_contents(ctx, tensor);
    for (int n = 0; n < tensor.order; ++n)
      if (cp_sorts(tensor.entries, size(n), sorted_copies))
        by_mode_[static_cast<std::size_t>(n)] = by_mode(ctx, tensor, n);
  }

  int order() const { return tensor_.order; }
  index_t size(int mode) const { return tensor_.shape[static_cast<std::size_t>(mode)]; }
  double norm() const { return std::sqrt(dot(ctx_, tensor_.entries, tensor_.values, tensor_.values)); }

  void changed(int) {}
  void mttkrp(const FactorViews<T>& factors, int mode, MatrixView<T> out) {
    const ModeEntries<T>& sorted = by_mode_[static_cast<std::size_t>(mode)];
    if (sorted.values.size() > 0)
      seesaw::mttkrp(ctx_, sorted.view(), factors, out);
    else
      seesaw::mttkrp(ctx_, tensor_, factors, mode, out);
  }
  Matrix<double> leading_vectors(int mode, index_t count) const {
    const ModeEntries<T>& sorted = by_mode_[static_cast<std::size_t>(mode)];
    if (sorted.values.size() > 0) return seesaw::leading_vectors(ctx_, sorted.view(), count);
    return seesaw::leading_vectors(ctx_, by_mode(ctx_, tensor_, mode).view(), count);
  }

  /// |T - M|^2, of the Grams and the model at the entries alone. `weights` in host memory.
  double squared_residual(const FactorViews<T>& factors, const std::vector<double>& weights) const {
    const CpResidual<T> problem{tensor_, factors, weights.data()};
    return on_backend(
        ctx_, [&] { return reference::cp_residual(problem); },
        [&](int threads) { return cpu::cp_residual(threads, problem); },
        [&](auto& gpu) { return cuda::cp_residual(gpu, problem); });
  }

 private:
  Context& ctx_;
  SparseTensorView<T> tensor_;
  std::vector<ModeEntries<T>> by_mode_;  ///< empty where the entries are taken as given
};

}  // namespace seesaw
