#pragma once
#include "seesaw/masked_residual.hpp"
#include "seesaw/solve_implicit_rows.hpp"
#include "seesaw/tensor.hpp"

// solve_rows(), solve_implicit_rows() and masked_residual() of a tensor of any order: an entry's vector is the
// elementwise product of its rows in the factors of the other modes. Of order 2 that is a row of the other factor, and
// these are those of the matrix.
namespace seesaw {

/// One step of alternating least squares on the observed entries of a tensor. For each index i of the mode that they
/// are by, with h_e the elementwise product of the other modes' rows of entry e, the x_i that minimizes
///   1/2 sum_e c_e (t_e - x_i.h_e)^2 + 1/2 lambda w_i |x_i|^2,   e over the entries of index i, c their weights.
///
/// entries  by `mode`, order 2 to 8; at most 2^31 - 1 of one index
/// factors  shape[n] x k of each mode but `mode`, whose is not read
/// penalty, singular_rows  as in solve_rows() of a matrix
/// out      shape[mode] x k, k >= 1, overwritten; 0 where an index has no entries. Must not overlap a factor
///
/// From order 3 on the h_e of a chunk of indices are formed at once: those of some 4 MiB (256 on CUDA), and at least of
/// the index with the most entries. The same bits for any number of threads. On CUDA it waits until `out` is there.
/// Throws ShapeError, InvalidArgument, OutOfMemory. The contents of `entries` are trusted.
/// Sources: Tomasi, Bro (2005), "PARAFAC and missing values"; Karlsson, Kressner, Uschmajew (2016), "Parallel
/// algorithms for tensor completion in the CP format".
void solve_rows(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors, Penalty penalty,
                MatrixView<float> out, std::int64_t* singular_rows = nullptr);
void solve_rows(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors, Penalty penalty,
                MatrixView<double> out, std::int64_t* singular_rows = nullptr);

/// The same for implicit feedback: with h_j the products of every combination of the other modes' rows, observed or
/// not, and those of the entries among them, the x_i that minimizes
///   1/2 sum_e c_e (1 - x_i.h_e)^2 + 1/2 sum_(j not) unobserved (x_i.h_j)^2 + 1/2 lambda w_i |x_i|^2
/// The h_j are not formed: the sum over all of them of h_j h_j' is the elementwise product of the Grams of the factors.
///
/// confidences  by `mode`, order 2 to 8; values c_e >= model.unobserved, each in its own place; no weights
/// factors, out, chunks, bits, errors  as above; out is also read with model.cg_steps > 0
/// model, singular_rows  as in solve_implicit_rows() of a matrix; model.penalty.offset, where it is by count, is
///              unobserved times the number of combinations
/// Source: Hidasi, Tikk (2012), "Fast ALS-based tensor factorization for context-aware recommendation from implicit
/// feedback".
void solve_implicit_rows(Context& ctx, const ModeView<float>& confidences, const FactorViews<float>& factors,
                         ImplicitModel model, MatrixView<float> out, std::int64_t* singular_rows = nullptr);
void solve_implicit_rows(Context& ctx, const ModeView<double>& confidences, const FactorViews<double>& factors,
                         ImplicitModel model, MatrixView<double> out, std::int64_t* singular_rows = nullptr);

/// The sums of t_e - sum_r prod_n A_n(i_n, r) over the entries, and of their squares, accumulated in double.
///
/// entries  as above     factors  shape[n] x k of each mode
/// The same memory, bits and errors as above. On CUDA it waits for the sums.
ResidualSums masked_residual(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors);
ResidualSums masked_residual(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors);

}  // namespace seesaw
