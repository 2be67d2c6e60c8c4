#include <thrust/binary_search.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>

#include <algorithm>

#include "resources.cuh"
#include "row_of_entry.cuh"
#include "sparse.hpp"
#include "thrust.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;

index_t blocks_for(offset_t count) { return std::min<index_t>((count + kThreads - 1) / kThreads, 1 << 20); }

/// Elements in device memory for one operation, in the stream's order.
template <class U>
class Temporary {
 public:
  Temporary(Resources& gpu, offset_t size) : gpu_(gpu) {
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(U);
    if (size > 0) check(cudaMallocAsync(&data_, bytes, gpu.stream()), "temporary memory of a sort");
  }
  ~Temporary() {
    if (data_ != nullptr) (void)cudaFreeAsync(data_, gpu_.stream());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  U* data() { return data_; }

 private:
  Resources& gpu_;
  U* data_ = nullptr;
};

// ---- Flaws. A flaw is packed into one number, so that the least is the one of the lowest entry.

constexpr offset_t kNoFlaw = 0x7f7f7f7f7f7f7f7f;

__device__ inline offset_t packed(Flaw::Kind kind, offset_t entry) { return entry * 8 + static_cast<offset_t>(kind); }

Flaw unpacked(offset_t flaw) {
  if (flaw == kNoFlaw) return {};
  return {static_cast<Flaw::Kind>(flaw % 8), flaw / 8};
}

/// Calls body(n) for n = 0 to count - 1, shared out over the threads of the grid.
template <class Body>
__device__ __forceinline__ void for_each_in_grid(offset_t count, Body body) {
  const offset_t step = static_cast<offset_t>(gridDim.x) * kThreads;
#pragma unroll 1
  for (offset_t n = static_cast<offset_t>(blockIdx.x) * kThreads + threadIdx.x; n < count; n += step) body(n);
}

/// *least = the least of it and flaw(n) for n = 0 to count - 1.
template <class FlawOf>
__device__ __forceinline__ void find_least(offset_t count, long long* least, FlawOf flaw) {
  offset_t mine = kNoFlaw;
  for_each_in_grid(count, [&](offset_t n) { mine = min(mine, flaw(n)); });
  if (mine != kNoFlaw) atomicMin(least, static_cast<long long>(mine));
}

template <class T>
__device__ bool is_finite(T v) {
  return v - v == T(0);
}

/// The flaw of an entry's value or weight.
template <class T>
__device__ offset_t number_flaw(const T* values, const T* weights, offset_t e) {
  if (!is_finite(values[e])) return packed(Flaw::Kind::value, e);
  if (weights != nullptr && !(is_finite(weights[e]) && weights[e] >= T(0))) return packed(Flaw::Kind::weight, e);
  return kNoFlaw;
}

// Thread n of each of these looks at entry (row, place) n, and at n + threads, ...

template <class T>
__global__ void __launch_bounds__(kThreads) entry_flaw_kernel(SparseTensorView<T> entries, long long* least) {
  find_least(entries.entries, least, [&](offset_t e) {
    for (int d = 0; d < entries.order; ++d)
      if (entries.indices[d][e] < 0 || entries.indices[d][e] >= entries.shape[d]) return packed(Flaw::Kind::index, e);
    return number_flaw(entries.values, entries.weights, e);
  });
}

__global__ void __launch_bounds__(kThreads)
    offset_flaw_kernel(const offset_t* offsets, index_t rows, long long* least) {
  find_least(rows, least,
             [&](index_t i) { return offsets[i + 1] < offsets[i] ? packed(Flaw::Kind::offsets, i) : kNoFlaw; });
}

template <class T>
__global__ void __launch_bounds__(kThreads) matrix_flaw_kernel(CsrView<T> matrix, long long* least) {
  const offset_t first = matrix.offsets[0];
  find_least(matrix.entries, least, [&](offset_t n) {
    const offset_t e = first + n;
    const column_t j = matrix.columns[e];
    if (j < 0 || j >= matrix.cols) return packed(Flaw::Kind::index, e);
    if (n > 0 && j <= matrix.columns[e - 1] && matrix.offsets[row_of_entry(matrix.offsets, e, 0, matrix.rows - 1)] != e)
      return packed(Flaw::Kind::order, e);
    return number_flaw(matrix.values, matrix.weights, e);
  });
}

// Names the place, among sorted keys, that holds the key of the place before it.
__global__ void __launch_bounds__(kThreads) duplicate_kernel(const offset_t* keys, offset_t count, long long* least) {
  find_least(count, least,
             [&](offset_t n) { return n > 0 && keys[n] == keys[n - 1] ? packed(Flaw::Kind::duplicate, n) : kNoFlaw; });
}

template <class U>
U element(Resources& gpu, const U* array, offset_t n) {
  U value{};
  check(cudaMemcpyAsync(&value, array + n, sizeof value, cudaMemcpyDeviceToHost, gpu.stream()), "cudaMemcpyAsync");
  gpu.synchronize();
  return value;
}

/// The flaw that a kernel finds, among `count` things, with the arguments given and a place for its verdict.
template <class... P, class... A>
Flaw find(Resources& gpu, offset_t count, void (*kernel)(P...), A... arguments) {
  auto* least = gpu.scratch<long long>(Scratch::info, 1);
  check(cudaMemsetAsync(least, static_cast<int>(kNoFlaw & 0xff), sizeof *least, gpu.stream()), "cudaMemsetAsync");
  launch(kernel, blocks_for(count), kThreads, 0, gpu.stream(), arguments..., least);
  return unpacked(element(gpu, least, 0));
}

// ---- Sorting.

// Thread e: the key of entry e by row and then column.
__global__ void __launch_bounds__(kThreads)
    make_keys_kernel(const column_t* rows, const column_t* columns, offset_t count, offset_t* keys) {
  for_each_in_grid(count, [&](offset_t e) { keys[e] = (static_cast<offset_t>(rows[e]) << 32) | columns[e]; });
}

// Thread n: the column of sorted key n.
__global__ void __launch_bounds__(kThreads)
    columns_of_keys_kernel(const offset_t* keys, offset_t count, column_t* out) {
  for_each_in_grid(count, [&](offset_t n) { out[n] = static_cast<column_t>(keys[n] & 0xffffffff); });
}

// Thread n: the row of the entry that came to place n.
__global__ void __launch_bounds__(kThreads)
    rows_of_entries_kernel(const offset_t* offsets, index_t rows, const offset_t* order, offset_t count,
                           column_t* out) {
  for_each_in_grid(count, [&](offset_t n) {
    out[n] = static_cast<column_t>(row_of_entry(offsets, offsets[0] + order[n], 0, rows - 1));
  });
}

// Thread n: the number of the entry that came to place n.
template <class T>
__global__ void __launch_bounds__(kThreads)
    permute_kernel(const T* from, const offset_t* order, offset_t count, T* to) {
  for_each_in_grid(count, [&](offset_t n) { to[n] = from[order[n]]; });
}

template <class T>
void permute(Resources& gpu, const T* from, const offset_t* order, offset_t count, T* to) {
  launch(permute_kernel<T>, blocks_for(count), kThreads, 0, gpu.stream(), from, order, count, to);
}

template <class U>
void copy_on_device(Resources& gpu, const U* from, offset_t count, U* to) {
  if (count == 0) return;
  check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(count) * sizeof(U), cudaMemcpyDeviceToDevice, gpu.stream()),
        "cudaMemcpyAsync");
}

/// Sorts the keys and tells where each came from. Stable.
template <class Key>
void sort_keys(Resources& gpu, Key* keys, offset_t count, offset_t* order) {
  with_thrust(gpu.stream(), [&](auto policy) {
    thrust::sequence(policy, order, order + count);
    thrust::stable_sort_by_key(policy, keys, keys + count, order);
  });
}

/// The smallest key of a row.
struct FirstKey {
  int shift;
  __host__ __device__ offset_t operator()(index_t row) const { return row << shift; }
};

/// offsets[i] = how many of the sorted keys are below the first of row i, for i = 0 to rows.
template <class Key>
void count_rows(Resources& gpu, const Key* keys, offset_t count, int shift, index_t rows, offset_t* offsets) {
  with_thrust(gpu.stream(), [&](auto policy) {
    const auto first = thrust::make_transform_iterator(thrust::counting_iterator<index_t>(0), FirstKey{shift});
    thrust::lower_bound(policy, keys, keys + count, first, first + rows + 1, offsets);
  });
}

}  // namespace

template <class T>
Flaw check_entries(Resources& gpu, const SparseTensorView<T>& entries) {
  const DeviceScope scope(gpu.device());
  return find(gpu, entries.entries, entry_flaw_kernel<T>, entries);
}

template <class T>
Flaw compress(Resources& gpu, const SparseTensorView<T>& entries, Csr<T>& out) {
  const DeviceScope scope(gpu.device());
  const offset_t count = entries.entries;
  Temporary<offset_t> keys(gpu, count), order(gpu, count);
  launch(make_keys_kernel, blocks_for(count), kThreads, 0, gpu.stream(), entries.indices[0], entries.indices[1], count,
         keys.data());
  sort_keys(gpu, keys.data(), count, order.data());
  const Flaw duplicate = find(gpu, count, duplicate_kernel, keys.data(), count);
  if (duplicate.kind != Flaw::Kind::none) return {duplicate.kind, element(gpu, order.data(), duplicate.entry)};
  count_rows(gpu, keys.data(), count, 32, out.rows, out.offsets.data());
  launch(columns_of_keys_kernel, blocks_for(count), kThreads, 0, gpu.stream(), keys.data(), count, out.columns.data());
  permute(gpu, entries.values, order.data(), count, out.values.data());
  if (entries.weights != nullptr) permute(gpu, entries.weights, order.data(), count, out.weights.data());
  return {};
}

template <class T>
void by_mode(Resources& gpu, const SparseTensorView<T>& entries, ModeEntries<T>& out) {
  const DeviceScope scope(gpu.device());
  const auto own = static_cast<std::size_t>(out.mode);
  const offset_t count = entries.entries;
  Temporary<column_t> keys(gpu, count);
  Temporary<offset_t> order(gpu, count);
  copy_on_device(gpu, entries.indices[own], count, keys.data());
  sort_keys(gpu, keys.data(), count, order.data());
  count_rows(gpu, keys.data(), count, 0, entries.shape[own], out.offsets.data());
  for (std::size_t d = 0; d < static_cast<std::size_t>(entries.order); ++d)
    if (d != own) permute(gpu, entries.indices[d], order.data(), count, out.indices[d].data());
  permute(gpu, entries.values, order.data(), count, out.values.data());
  if (entries.weights != nullptr) permute(gpu, entries.weights, order.data(), count, out.weights.data());
}

template <class T>
void transpose(Resources& gpu, CsrView<T> matrix, Csr<T>& out) {
  const DeviceScope scope(gpu.device());
  const offset_t count = matrix.entries, first = count > 0 ? element(gpu, matrix.offsets, 0) : 0;
  Temporary<column_t> keys(gpu, count);
  Temporary<offset_t> order(gpu, count);
  copy_on_device(gpu, matrix.columns + first, count, keys.data());
  sort_keys(gpu, keys.data(), count, order.data());
  count_rows(gpu, keys.data(), count, 0, out.rows, out.offsets.data());
  launch(rows_of_entries_kernel, blocks_for(count), kThreads, 0, gpu.stream(), matrix.offsets, matrix.rows,
         order.data(), count, out.columns.data());
  permute(gpu, matrix.values + first, order.data(), count, out.values.data());
  if (matrix.weights != nullptr) permute(gpu, matrix.weights + first, order.data(), count, out.weights.data());
}

// Keys and positions, twice while Thrust sorts them: 24 bytes an entry; the rest is room for Thrust's counters.
double transpose_workspace(offset_t entries) {
  constexpr double kEntryBytes = 32, kLeast = 1 << 20;
  return kEntryBytes * static_cast<double>(entries) + kLeast;
}

template <class T>
Flaw check(Resources& gpu, CsrView<T> matrix) {
  const DeviceScope scope(gpu.device());
  const Flaw flaw = find(gpu, matrix.rows, offset_flaw_kernel, matrix.offsets, matrix.rows);
  if (flaw.kind != Flaw::Kind::none) return flaw;
  if (element(gpu, matrix.offsets, matrix.rows) - element(gpu, matrix.offsets, 0) != matrix.entries)
    return {Flaw::Kind::offsets, matrix.rows};
  return find(gpu, matrix.entries, matrix_flaw_kernel<T>, matrix);
}

template Flaw check_entries(Resources&, const SparseTensorView<float>&);
template Flaw check_entries(Resources&, const SparseTensorView<double>&);
template Flaw compress(Resources&, const SparseTensorView<float>&, Csr<float>&);
template Flaw compress(Resources&, const SparseTensorView<double>&, Csr<double>&);
template void by_mode(Resources&, const SparseTensorView<float>&, ModeEntries<float>&);
template void by_mode(Resources&, const SparseTensorView<double>&, ModeEntries<double>&);
template void transpose(Resources&, CsrView<float>, Csr<float>&);
template void transpose(Resources&, CsrView<double>, Csr<double>&);
template Flaw check(Resources&, CsrView<float>);
template Flaw check(Resources&, CsrView<double>);

}  // namespace seesaw::cuda
