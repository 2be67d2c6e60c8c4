#include "cp_nvecs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "completion_checks.hpp"
#include "dispatch.hpp"
#include "mode_gram.hpp"
#include "mttkrp.hpp"
#include "solve_implicit_rows.hpp"

namespace seesaw {
namespace {

constexpr const char* kAdvice = "the start range_finder takes less";

/// X X' and what LAPACK works with, in host memory.
void require_square(index_t n, int mode) {
  constexpr index_t kMost = 23000;  // 2 n^2 of LAPACK's work fit an int
  if (n > kMost)
    throw InvalidArgument("start is nvecs, but mode " + std::to_string(mode) + " has the size " + std::to_string(n) +
                          ", expected at most " + std::to_string(kMost) + ": " + kAdvice);
  require_memory(*host_memory(), "host", "cp_als", saturated(5.0 * static_cast<double>(n * n) * sizeof(double)),
                 kAdvice);
}

/// Of the symmetric matrix, whose elements become its eigenvectors.
template <class T>
Matrix<double> leading(Matrix<double>& square, index_t count) {
  const index_t n = square.rows();
  std::vector<double> values(static_cast<std::size_t>(n));
  cpu::symmetric_eigen(n, square.buffer().data(), values.data());
  const double least = static_cast<double>(n) * static_cast<double>(std::numeric_limits<T>::epsilon()) * values.back();
  index_t found = 0;
  while (found < std::min(count, n) && values[static_cast<std::size_t>(n - 1 - found)] > least) ++found;
  Matrix<double> vectors(n, found);
  for (index_t f = 0; f < found; ++f) {
    const index_t v = n - 1 - f;
    double largest = 0;
    for (index_t i = 0; i < n; ++i)
      if (std::abs(square(v, i)) > std::abs(largest)) largest = square(v, i);
    for (index_t i = 0; i < n; ++i) vectors(i, f) = largest < 0 ? -square(v, i) : square(v, i);
  }
  return vectors;
}

/// The entries of an unfolding in host memory, sorted by its columns.
struct UnfoldedEntries {
  std::vector<column_t> rows;
  std::vector<double> values;
  std::vector<offset_t> columns;  ///< where each begins, and the end
};

template <class T>
Buffer<T> host_copy(const Context& ctx, const T* data, index_t size) {
  Buffer<T> copy(size);
  if (size > 0) ctx.memory()->copy_to_host(copy.data(), data, static_cast<std::size_t>(size) * sizeof(T));
  return copy;
}

/// Sorts stably by each of the other modes, the last first: equal indices come together, each column's rows ascending.
template <class T>
UnfoldedEntries unfolded(const Context& ctx, const ModeView<T>& entries) {
  const auto own = static_cast<std::size_t>(entries.mode);
  const auto count = static_cast<std::size_t>(entries.entries);
  std::vector<offset_t> order(count), sorted(count);
  std::iota(order.begin(), order.end(), offset_t{0});
  std::vector<Buffer<column_t>> indices(static_cast<std::size_t>(entries.order));
  for (auto n = indices.size(); n-- > 0;) {
    if (n == own) continue;
    indices[n] = host_copy(ctx, entries.indices[n], entries.entries);
    std::vector<offset_t> places(static_cast<std::size_t>(entries.shape[n]) + 1, 0);
    for (std::size_t e = 0; e < count; ++e) ++places[static_cast<std::size_t>(indices[n].data()[e]) + 1];
    std::partial_sum(places.begin(), places.end(), places.begin());
    for (const offset_t e : order)
      sorted[static_cast<std::size_t>(places[static_cast<std::size_t>(indices[n].data()[e])]++)] = e;
    order.swap(sorted);
  }
  const Buffer<offset_t> offsets = host_copy(ctx, entries.offsets, entries.shape[own] + 1);
  const Buffer<T> values = host_copy(ctx, entries.values, entries.entries);
  std::vector<column_t> row_of(count);
  for (index_t i = 0; i < entries.shape[own]; ++i)
    std::fill(row_of.begin() + offsets.data()[i], row_of.begin() + offsets.data()[i + 1], static_cast<column_t>(i));
  UnfoldedEntries unfolding;
  for (std::size_t e = 0; e < count; ++e) {
    bool begins = e == 0;
    for (std::size_t n = 0; n < indices.size() && !begins; ++n)
      begins = n != own && indices[n].data()[order[e]] != indices[n].data()[order[e - 1]];
    if (begins) unfolding.columns.push_back(static_cast<offset_t>(e));
    unfolding.rows.push_back(row_of[static_cast<std::size_t>(order[e])]);
    unfolding.values.push_back(static_cast<double>(values.data()[order[e]]));
  }
  unfolding.columns.push_back(static_cast<offset_t>(count));
  return unfolding;
}

}  // namespace

template <class T>
Matrix<double> leading_vectors(Context& ctx, const DenseTensorView<T>& tensor, int mode, index_t count) {
  constexpr double kPartials = 1 << 25;  // elements that the implementations sum apart, at most
  const index_t n = tensor.shape[static_cast<std::size_t>(mode)];
  require_square(n, mode);
  const double elements = 2 * static_cast<double>(n * n) + kPartials;
  require_memory(ctx, "cp_als", saturated(elements * sizeof(T)), kAdvice);
  Matrix<T> square(ctx, n, n);
  const ModeGram<T> problem{tensor.data, size_of(tensor.shape, {0, mode}), n,
                            size_of(tensor.shape, {mode + 1, tensor.order}), square.view().data};
  on_backend(
      ctx, [&] { reference::mode_gram(problem); }, [&](int threads) { cpu::mode_gram(threads, problem); },
      [&](auto& gpu) { cuda::mode_gram(gpu, problem); });
  const Matrix<T> host = to_host(square);
  Matrix<double> vectors(n, n);
  std::copy_n(host.buffer().data(), n * n, vectors.buffer().data());
  return leading<T>(vectors, count);
}

template <class T>
Matrix<double> leading_vectors(Context& ctx, const ModeView<T>& entries, index_t count) {
  const index_t n = entries.shape[static_cast<std::size_t>(entries.mode)];
  require_square(n, entries.mode);
  constexpr double kEntryBytes = (kMaxOrder + 1) * sizeof(column_t) + 3 * sizeof(offset_t) + 2 * sizeof(double);
  require_memory(*host_memory(), "host", "cp_als", saturated(kEntryBytes * static_cast<double>(entries.entries)),
                 kAdvice);
  Matrix<double> square(n, n);
  std::fill_n(square.buffer().data(), n * n, 0.0);
  const UnfoldedEntries unfolding = unfolded(ctx, entries);
  for (std::size_t c = 0; c + 1 < unfolding.columns.size(); ++c)
    for (auto a = static_cast<std::size_t>(unfolding.columns[c]);
         a < static_cast<std::size_t>(unfolding.columns[c + 1]); ++a)
      for (auto b = static_cast<std::size_t>(unfolding.columns[c]); b <= a; ++b)
        square(unfolding.rows[a], unfolding.rows[b]) += unfolding.values[a] * unfolding.values[b];
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < i; ++j) square(j, i) = square(i, j);
  return leading<T>(square, count);
}

template Matrix<double> leading_vectors(Context&, const DenseTensorView<float>&, int, index_t);
template Matrix<double> leading_vectors(Context&, const DenseTensorView<double>&, int, index_t);
template Matrix<double> leading_vectors(Context&, const ModeView<float>&, index_t);
template Matrix<double> leading_vectors(Context&, const ModeView<double>&, index_t);

}  // namespace seesaw
