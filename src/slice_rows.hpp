#pragma once
#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "dispatch.hpp"
#include "hadamard_rows.hpp"
#include "host_entries.hpp"
#include "seesaw/masked_residual.hpp"
#include "seesaw/solve_rows.hpp"
#include "seesaw/tensor.hpp"

namespace seesaw {

/// What SliceRows works with; of the largest of several, it serves them all.
template <class T>
struct SliceWorkspace {
  Matrix<T> vectors;              ///< the h_e of a chunk
  Buffer<column_t> places;        ///< 0, 1, 2, ...
  Buffer<std::int64_t> singular;  ///< rows of each chunk
};

/// Of the vectors of a chunk: they stay in a processor's cache, and keep a device busy.
inline index_t chunk_bytes(const Context& ctx) {
  return ctx.memory()->on_host() ? index_t{4} << 20 : index_t{256} << 20;
}

/// The entries of a tensor by one mode as the rows of matrices that solve_rows() and masked_residual() take: index i is
/// a row, its entries meet the rows h_e, the elementwise products of the other modes' rows, of a second matrix. From
/// order 3 on the h_e are formed for a chunk of whole rows, whose bounds depend on the entries, k and `bytes` alone.
/// Order 2 is one chunk, with the other factor as it stands.
template <class T>
class SliceRows {
 public:
  SliceRows() = default;
  /// Reads the offsets. The h_e of a chunk take `bytes`, or what those of the longest row do.
  SliceRows(const Context& ctx, const ModeView<T>& entries, index_t k, index_t bytes) : entries_(entries) {
    if (entries.order > 2) cut(ctx, k, bytes);
  }
  SliceRows(const Context& ctx, const ModeView<T>& entries, index_t k) : SliceRows(ctx, entries, k, chunk_bytes(ctx)) {}

  index_t rows() const { return entries_.shape[static_cast<std::size_t>(entries_.mode)]; }
  const ModeView<T>& entries() const { return entries_; }
  /// The most entries of a chunk that h_e are formed for.
  index_t vectors() const { return vectors_; }
  /// The same where the longest row has so many entries, at most.
  static index_t most_vectors(index_t k, index_t bytes, offset_t longest, offset_t entries) {
    const index_t fit = std::max<index_t>(1, bytes / static_cast<index_t>(sizeof(T)) / k);
    return std::min<index_t>(entries, std::max(fit, longest));
  }
  std::size_t chunks() const { return std::max<std::size_t>(1, chunks_.size()); }

  /// visit(rows, vectors, first, last): the indices first to last - 1, for chunk after chunk.
  template <class Visit>
  void for_each(Context& ctx, const FactorViews<T>& factors, SliceWorkspace<T>& workspace, Visit&& visit) const {
    if (entries_.order == 2) {
      const auto other = static_cast<std::size_t>(1 - entries_.mode);
      visit(CsrView<T>{rows(), entries_.shape[other], entries_.entries, entries_.offsets, entries_.indices[other],
                       entries_.values, entries_.weights},
            factors[other], index_t{0}, rows());
      return;
    }
    for (const Chunk& chunk : chunks_) {
      const MatrixView<T> vectors = workspace.vectors.view().slice(0, chunk.entries);
      const auto problem = hadamard_rows_of(entries_, factors, chunk.entry, vectors);
      on_backend(
          ctx, [&] { reference::hadamard_rows(problem); }, [&](int threads) { cpu::hadamard_rows(threads, problem); },
          [&](auto& gpu) { cuda::hadamard_rows(gpu, problem); });
      const CsrView<T> rows{chunk.last - chunk.first,
                            chunk.entries,
                            chunk.entries,
                            offsets_.data() + chunk.offset,
                            workspace.places.data(),
                            entries_.values + chunk.entry,
                            entries_.weights != nullptr ? entries_.weights + chunk.entry : nullptr};
      visit(rows, MatrixView<const T>(vectors), chunk.first, chunk.last);
    }
  }

 private:
  /// The rows first to last - 1 with `entries` entries from number `entry` on; their offsets, less that of the first of
  /// them, stand from offsets_[offset] on.
  struct Chunk {
    index_t first, last;
    offset_t entry, entries;
    offset_t offset;
  };

  void cut(const Context& ctx, index_t k, index_t bytes) {
    const Buffer<offset_t> host = host_copy(ctx, entries_.offsets, rows() + 1);
    const offset_t* offsets = host.data();
    offset_t longest = 0;
    for (index_t i = 0; i < rows(); ++i) {
      const offset_t count = offsets[i + 1] - offsets[i];
      longest = std::max(longest, count);
      if (count > kMostRows)
        throw InvalidArgument("index " + std::to_string(i) + " of mode " + std::to_string(entries_.mode) + " has " +
                              std::to_string(count) + " entries, expected at most 2^31 - 1");
    }
    const index_t most = std::min(kMostRows, most_vectors(k, bytes, longest, entries_.entries));
    std::vector<offset_t> own;
    for (index_t first = 0, last; first < rows(); first = last) {
      for (last = first + 1; last < rows() && offsets[last + 1] - offsets[first] <= most;) ++last;
      const offset_t count = offsets[last] - offsets[first];
      vectors_ = std::max(vectors_, count);
      chunks_.push_back({first, last, offsets[first], count, static_cast<offset_t>(own.size())});
      for (index_t i = first; i <= last; ++i) own.push_back(offsets[i] - offsets[first]);
    }
    offsets_ = to_context(ctx, own.data(), static_cast<index_t>(own.size()));
  }

  ModeView<T> entries_;
  index_t vectors_ = 0;
  std::vector<Chunk> chunks_;
  Buffer<offset_t> offsets_;
};

/// A workspace for rows of up to `vectors` entries in a chunk and up to `chunks` chunks.
template <class T>
SliceWorkspace<T> slice_workspace(const Context& ctx, index_t vectors, index_t k, std::size_t chunks) {
  SliceWorkspace<T> workspace;
  workspace.vectors = Matrix<T>(ctx, vectors, k);
  Buffer<column_t> places(vectors);
  std::iota(places.data(), places.data() + vectors, column_t{0});
  workspace.places = placed(ctx, std::move(places));
  workspace.singular = Buffer<std::int64_t>(ctx, static_cast<index_t>(chunks));
  return workspace;
}
/// Its bytes, but for the chunks.
template <class T>
double slice_workspace_bytes(index_t vectors, index_t k) {
  return static_cast<double>(vectors) * (static_cast<double>(k) * sizeof(T) + sizeof(column_t));
}

inline void add(ResidualSums& sums, const ResidualSums& more) {
  sums.squared += more.squared;
  sums.weighted_squared += more.weighted_squared;
  sums.sum += more.sum;
}

/// solve(rows, vectors, x, singular) of chunk after chunk; the number of singular rows of all goes to `singular`,
/// unless null.
template <class T, class Solve>
void solve_chunks(Context& ctx, const SliceRows<T>& slices, const FactorViews<T>& factors, MatrixView<T> out,
                  std::int64_t* singular, SliceWorkspace<T>& workspace, Solve&& solve) {
  const bool several = slices.chunks() > 1;
  index_t chunk = 0;
  slices.for_each(
      ctx, factors, workspace, [&](CsrView<T> rows, MatrixView<const T> vectors, index_t first, index_t last) {
        solve(rows, vectors, out.slice(first, last), several ? workspace.singular.data() + chunk++ : singular);
      });
  if (!several || singular == nullptr) return;
  const Buffer<std::int64_t> counts = host_copy(ctx, workspace.singular.data(), chunk);
  const std::int64_t all = std::accumulate(counts.data(), counts.data() + chunk, std::int64_t{0});
  ctx.memory()->copy_from_host(singular, &all, sizeof all);
}

/// Adds the residuals of `out`, unless null.
template <class T>
void solve_slices(Context& ctx, const SliceRows<T>& slices, const FactorViews<T>& factors, Penalty penalty,
                  MatrixView<T> out, std::int64_t* singular, ResidualSums* sums, SliceWorkspace<T>& workspace) {
  solve_chunks(ctx, slices, factors, out, singular, workspace,
               [&](CsrView<T> rows, MatrixView<const T> vectors, MatrixView<T> x, std::int64_t* count) {
                 solve_rows(ctx, rows, vectors, penalty, x, count);
                 if (sums != nullptr) add(*sums, masked_residual(ctx, rows, MatrixView<const T>(x), vectors));
               });
}

template <class T>
ResidualSums residual_of_slices(Context& ctx, const SliceRows<T>& slices, const FactorViews<T>& factors,
                                SliceWorkspace<T>& workspace) {
  const MatrixView<const T> own = factors[static_cast<std::size_t>(slices.entries().mode)];
  ResidualSums sums;
  slices.for_each(ctx, factors, workspace,
                  [&](CsrView<T> rows, MatrixView<const T> vectors, index_t first, index_t last) {
                    add(sums, masked_residual(ctx, rows, own.slice(first, last), vectors));
                  });
  return sums;
}

}  // namespace seesaw
