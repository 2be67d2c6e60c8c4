#pragma once
#include <utility>

#include "seesaw/sparse.hpp"

// Copies of entries on the host, for what als() works out there: the same on every backend.
namespace seesaw {

template <class U>
Buffer<U> host_copy(const Context& ctx, const U* array, offset_t size) {
  Buffer<U> copy(size);
  ctx.memory()->copy_to_host(copy.data(), array, static_cast<std::size_t>(size) * sizeof(U));
  return copy;
}

/// A host copy whose offsets begin at 0.
template <class T>
Csr<T> host_copy(const Context& ctx, CsrView<T> matrix, bool columns) {
  Csr<T> copy{matrix.rows, matrix.cols, host_copy(ctx, matrix.offsets, matrix.rows + 1), {}, {}, {}};
  const offset_t first = copy.offsets.data()[0];
  for (index_t i = 0; i <= matrix.rows; ++i) copy.offsets.data()[i] -= first;
  if (matrix.entries == 0) return copy;
  if (columns) copy.columns = host_copy(ctx, matrix.columns + first, matrix.entries);
  copy.values = host_copy(ctx, matrix.values + first, matrix.entries);
  if (matrix.weights != nullptr) copy.weights = host_copy(ctx, matrix.weights + first, matrix.entries);
  return copy;
}

/// On the host as it is, on a device a copy.
template <class U>
Buffer<U> placed(const Context& ctx, Buffer<U> host) {
  return ctx.memory()->on_host() ? std::move(host) : to_context(ctx, host.data(), host.size());
}

/// The caller's entries with values of their own, in the context's memory space.
template <class T>
struct Revalued {
  CsrView<T> view;
  Csr<T> storage;
};

/// `host` is a host copy of `matrix` without its columns, its values replaced.
template <class T>
Revalued<T> with_values(Context& ctx, CsrView<T> matrix, Csr<T> host) {
  const offset_t first = host_copy(ctx, matrix.offsets, 1).data()[0];
  Revalued<T> revalued{matrix, {}};
  revalued.storage.offsets = placed(ctx, std::move(host.offsets));
  revalued.storage.values = placed(ctx, std::move(host.values));
  revalued.view.offsets = revalued.storage.offsets.data();
  revalued.view.columns += first;
  revalued.view.values = revalued.storage.values.data();
  if (matrix.weights != nullptr) revalued.view.weights += first;
  return revalued;
}

/// The validation entries whose row and column have ratings, less the mean; `by_row` and `by_column` are the offsets of
/// the ratings.
template <class T>
Csr<T> known_entries(Context& ctx, CsrView<T> validation, const offset_t* by_row, const offset_t* by_column,
                     double mean) {
  Csr<T> host = host_copy(ctx, validation, /*columns=*/true);
  const Buffer<offset_t> rows = host_copy(ctx, by_row, validation.rows + 1);
  const Buffer<offset_t> columns = host_copy(ctx, by_column, validation.cols + 1);
  auto seen = [](const Buffer<offset_t>& offsets, index_t i) { return offsets.data()[i + 1] > offsets.data()[i]; };
  offset_t kept = 0;
  offset_t begin = 0;
  for (index_t i = 0; i < validation.rows; ++i) {
    const offset_t end = host.offsets.data()[i + 1];
    for (offset_t e = begin; e < end; ++e) {
      const column_t j = host.columns.data()[e];
      if (!seen(rows, i) || !seen(columns, j)) continue;
      host.columns.data()[kept] = j;
      host.values.data()[kept++] = static_cast<T>(static_cast<double>(host.values.data()[e]) - mean);
    }
    begin = end;
    host.offsets.data()[i + 1] = kept;
  }
  return {validation.rows,
          validation.cols,
          placed(ctx, std::move(host.offsets)),
          to_context(ctx, host.columns.data(), kept),
          to_context(ctx, host.values.data(), kept),
          {}};
}

}  // namespace seesaw
