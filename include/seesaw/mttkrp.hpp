#pragma once
#include "seesaw/tensor.hpp"

// The matricized tensor times Khatri-Rao product: what a sweep of alternating least squares for a CP decomposition
// spends its time on.
namespace seesaw {

/// out = the unfolding of `tensor` in `mode` times the Khatri-Rao product of the other modes' factors:
///   out(i, r) = sum over the elements t of index i in `mode` of t * prod_n!=mode A_n(i_n, r).
///
/// tensor   order 2 to 8, every size at least 1 and at most 2^31 - 1
/// factors  shape[n] x k, k >= 1; that of `mode` is not read
/// out      shape[mode] x k, overwritten; must not overlap tensor or factors
/// The tensor is read once, where it stands: neither unfolded nor permuted nor copied. The same bits for any number of
/// threads. Throws ShapeError, InvalidArgument, OutOfMemory: besides its arguments it takes mttkrp_workspace()
/// elements. On CUDA the work is enqueued on ctx.stream(). Source: Phan, Tichavsky, Cichocki (2013), "Fast alternating
/// LS algorithms for high order CANDECOMP/PARAFAC tensor factorizations", section III.
void mttkrp(Context& ctx, const DenseTensorView<float>& tensor, const FactorViews<float>& factors, int mode,
            MatrixView<float> out);
void mttkrp(Context& ctx, const DenseTensorView<double>& tensor, const FactorViews<double>& factors, int mode,
            MatrixView<double> out);

/// Elements that mttkrp() of a dense tensor works with, at most, besides its arguments, for any mode; on the cpu some
/// 100,000 more for each thread.
double mttkrp_workspace(int order, const std::array<index_t, kMaxOrder>& shape, index_t k);

/// The same of a sparse tensor: row i is the sum over the entries of index i of value * prod_n!=mode A_n(i_n, :).
///
/// entries  by the mode wanted, order 2 to 8, without weights; its contents are trusted: by_mode() checks them
/// factors  shape[n] x k, k >= 1; that of the mode is not read     out  shape[mode] x k, overwritten
/// The same bits for any number of threads. Throws ShapeError, InvalidArgument. On CUDA the work is enqueued.
/// Source: Bader, Kolda (2007), "Efficient MATLAB computations with sparse and factored tensors", section 5.2.
void mttkrp(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors, MatrixView<float> out);
void mttkrp(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors, MatrixView<double> out);

/// The same of entries in any order, as they are given. On the cpu it takes no copy of them: parts of the entries are
/// summed by themselves, 1 to 64 as the sizes say, each but the first with at most shape[mode] x 256 bytes of memory,
/// and then added in their order. It is the slower way where a copy by mode serves many products. On CUDA that copy is
/// what it makes: deterministic sums need it there.
///
/// entries  order 2 to 8, without weights; its contents are trusted: an index outside the shape is written to
/// The rest as above; OutOfMemory besides.
void mttkrp(Context& ctx, const SparseTensorView<float>& entries, const FactorViews<float>& factors, int mode,
            MatrixView<float> out);
void mttkrp(Context& ctx, const SparseTensorView<double>& entries, const FactorViews<double>& factors, int mode,
            MatrixView<double> out);

/// The modes first to last - 1.
struct Modes {
  int first = 0;
  int last = 0;
};

/// A dense tensor's modes `modes`, the others contracted with their factors: element (i_first, ..., i_last-1, r) stands
/// in column r of row (... i_first * shape[first + 1] + ...) + i_last-1 of `elements`, prod shape[n] x k over `modes`.
template <class T>
struct PartialTensorView {
  int order = 2;                           ///< of the tensor that it was
  std::array<index_t, kMaxOrder> shape{};  ///< the same
  Modes modes;
  MatrixView<const T> elements;
};

/// out = the tensor with all modes but `keep` contracted with their factors:
///   out(i_keep, r) = sum over the other indices of t * prod_n A_n(i_n, r) over the other modes n.
/// keep.first is 0 or keep.last the order: what is contracted is one matrix product, which reads the tensor once. Two
/// of these serve every mode of a sweep: with [0, s) kept the modes below s, with [s, N) those from s on.
///
/// factors  those of the modes in `keep` are not read     out  prod shape[n] x k over `keep`, overwritten
/// The rest as mttkrp(); on CUDA it works with the Khatri-Rao product of the factors that it contracts.
/// Source: Phan, Tichavsky, Cichocki (2013), section III.
void partial_mttkrp(Context& ctx, const DenseTensorView<float>& tensor, const FactorViews<float>& factors, Modes keep,
                    MatrixView<float> out);
void partial_mttkrp(Context& ctx, const DenseTensorView<double>& tensor, const FactorViews<double>& factors, Modes keep,
                    MatrixView<double> out);

/// The same from what is left after some modes were contracted: keep lies within partial.modes, anywhere.
/// With keep = {n, n + 1} out is the MTTKRP in mode n.
void partial_mttkrp(Context& ctx, const PartialTensorView<float>& partial, const FactorViews<float>& factors,
                    Modes keep, MatrixView<float> out);
void partial_mttkrp(Context& ctx, const PartialTensorView<double>& partial, const FactorViews<double>& factors,
                    Modes keep, MatrixView<double> out);

/// The mode s, 1 to N - 1, at which mttkrp() splits a dense tensor of that shape: contracting the modes from s on, or
/// those below s, leaves the least to be worked with.
int mttkrp_split(int order, const std::array<index_t, kMaxOrder>& shape);

}  // namespace seesaw
