#include <algorithm>

#include "row_memory.hpp"
#include "saturated.hpp"
#include "seesaw/complete_tensor.hpp"
#include "slice_rows.hpp"

namespace seesaw {
namespace {

/// The most of what the steps take: sort the entries by each mode, and then solve with a second copy of the factors,
/// the best so far, which on the host are components in double where the run has ended.
template <class T>
double peak(const Context& ctx, const TensorCompletionSize& size) {
  const double of_host = ctx.memory()->on_host() ? 1 : 0;
  const auto nnz = static_cast<double>(size.entries), held = static_cast<double>(size.validation_entries);
  const auto order = static_cast<double>(size.order), k = static_cast<double>(size.rank);
  const double values = sizeof(T) * (size.weights ? 2.0 : 1.0);
  const bool matrix = size.order == 2;
  const index_t vectors = SliceRows<T>::most_vectors(size.rank, chunk_bytes(ctx), size.longest, size.entries);
  const index_t held_vectors = SliceRows<T>::most_vectors(size.rank, chunk_bytes(ctx), 0, size.validation_entries);
  const double gathered = matrix ? 0 : slice_workspace_bytes<T>(vectors, size.rank);
  const double held_gathered = matrix ? 0 : slice_workspace_bytes<T>(held_vectors, size.rank);
  double rows = 0, largest = 0, sorting = 0, solving = 0;
  for (std::size_t n = 0; n < static_cast<std::size_t>(size.order); ++n) {
    rows += static_cast<double>(size.shape[n]);
    largest = std::max(largest, static_cast<double>(size.shape[n]));
    sorting = std::max(sorting, transposing_bytes(ctx, size.shape[n], size.entries, size.entries));
    const SolveRowsSize whole{size.shape[n], size.shape[1 - std::min<std::size_t>(n, 1)], size.entries, size.rank};
    const SolveRowsSize chunk{size.shape[n], vectors, vectors, size.rank};
    solving = std::max(solving, solving_bytes<T>(ctx, matrix ? whole : chunk));
  }
  if (size.implicit)  // and the Grams
    solving += implicit_bytes<T>(ctx, matrix ? largest : static_cast<double>(vectors), largest, k) +
               (order + 1) * k * k * sizeof(T);
  const double by_mode = order * nnz * ((order - 1) * sizeof(column_t) + values) + 3 * rows * sizeof(offset_t);
  const double centring = nnz * values * (1 + of_host);
  const double validation = held * (order * sizeof(column_t) + sizeof(T));
  const double factors = rows * k * sizeof(T), components = of_host * 2 * rows * k * sizeof(double);
  return by_mode +
         std::max({centring + sorting, gathered + 3 * validation + sorting * held / std::max(nnz, 1.0),
                   gathered + validation + held_gathered + factors + std::max(factors + solving, components)});
}

}  // namespace

std::int64_t complete_tensor_memory(const Context& ctx, const TensorCompletionSize& size) {
  return saturated(size.element_bytes == sizeof(float) ? peak<float>(ctx, size) : peak<double>(ctx, size));
}

}  // namespace seesaw
