#pragma once
#include "seesaw/sparse.hpp"
#include "seesaw/tensor.hpp"

namespace seesaw {

/// The first thing that is wrong with a matrix given by its entries or compressed rows, and where.
struct Flaw {
  enum class Kind { none, index, value, weight, duplicate, order, offsets } kind = Kind::none;
  offset_t entry = -1;  ///< the lowest entry (for `offsets`, row) with this flaw
};

// check_entries: index outside the shape, value not finite, weight negative or not finite; the lowest such entry.
// compress: entries that check_entries passed; stops at the first (by row, column) place that holds two entries and
// names the later of them.
// by_mode: entries that check_entries passed; out.order, mode and shape are set and its arrays have their sizes.
// check: as validate() in seesaw/sparse.hpp promises.
// transpose_workspace: bytes that transpose() takes besides its arguments, at most; rows x cols is the result.
namespace reference {
template <class T>
Flaw check_entries(const SparseTensorView<T>& entries);
template <class T>
Flaw compress(const SparseTensorView<T>& entries, Csr<T>& out);
template <class T>
void by_mode(const SparseTensorView<T>& entries, ModeEntries<T>& out);
template <class T>
void transpose(CsrView<T> matrix, Csr<T>& out);
double transpose_workspace(index_t rows);
template <class T>
Flaw check(CsrView<T> matrix);
}  // namespace reference
namespace cpu {
template <class T>
Flaw check_entries(int threads, const SparseTensorView<T>& entries);
template <class T>
Flaw compress(int threads, const SparseTensorView<T>& entries, Csr<T>& out);
template <class T>
void by_mode(int threads, const SparseTensorView<T>& entries, ModeEntries<T>& out);
template <class T>
void transpose(int threads, CsrView<T> matrix, Csr<T>& out);
double transpose_workspace(int threads, index_t rows, index_t cols, offset_t entries);
template <class T>
Flaw check(int threads, CsrView<T> matrix);
}  // namespace cpu
namespace cuda {
template <class T>
Flaw check_entries(Resources& gpu, const SparseTensorView<T>& entries);
template <class T>
Flaw compress(Resources& gpu, const SparseTensorView<T>& entries, Csr<T>& out);
template <class T>
void by_mode(Resources& gpu, const SparseTensorView<T>& entries, ModeEntries<T>& out);
template <class T>
void transpose(Resources& gpu, CsrView<T> matrix, Csr<T>& out);
double transpose_workspace(offset_t entries);
template <class T>
Flaw check(Resources& gpu, CsrView<T> matrix);
}  // namespace cuda

}  // namespace seesaw
