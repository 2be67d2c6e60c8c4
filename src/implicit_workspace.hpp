#pragma once
#include "seesaw/completion.hpp"

namespace seesaw {

/// What solve_implicit_rows() works in besides its arguments, kept from one call to the next so that a sweep allocates
/// nothing but k x k matrices. Both grow to the larger side.
template <class T>
struct ImplicitWorkspace {
  Buffer<T> fixed;   ///< y in its coordinates
  Buffer<T> solved;  ///< x in them
};

/// The coordinates in which the part that all rows share is nearly the identity. With Y'Y = Q E Q' and, for a row with
/// one entry, D = unobserved E + lambda w I, the rows of Y Q D^-1/2 and of X Q D^1/2 take the place of y_j and x_i:
/// then
///   A_i = diag(1 + (lambda w_i - lambda w) / D) + sum (c - unobserved) y y'
/// which short rows solve in their dual form, and whose condition number is that of the entries' weights, whatever that
/// of Y'Y is. Directions in which D vanishes to rounding are left out: the solution is the minimum-norm one.
template <class T>
struct Coordinates {
  Matrix<T> of_fixed;   ///< k x r, Q D^-1/2
  Matrix<T> of_solved;  ///< k x r, Q D^1/2
  Matrix<T> back;       ///< r x k, D^-1/2 Q'
  Buffer<T> spread;     ///< r, 1 / D
  bool finite = true;   ///< whether Y'Y was
  index_t rank() const { return spread.size(); }
};

/// A half-sweep for implicit feedback, set up from the part of the systems that all rows share: the k x k Gram Y'Y of
/// every vector there is. Then it takes rows of that half-sweep, as many at a time as the caller likes, with no more
/// than the vectors that their entries meet.
template <class T>
class ImplicitRows {
 public:
  /// `gram` in the context's memory space; kept as it is.
  ImplicitRows(Context& ctx, MatrixView<const T> gram, const ImplicitModel& model);

  /// Arguments as those of solve_implicit_rows(), which were checked.
  void solve(Context& ctx, CsrView<T> confidences, MatrixView<const T> vectors, MatrixView<T> x,
             std::int64_t* singular_rows, ImplicitWorkspace<T>& workspace) const;

 private:
  MatrixView<const T> gram_;
  ImplicitModel model_;
  Coordinates<T> coordinates_;  ///< on the reference: none
};

template <class T>
void solve_implicit_rows(Context& ctx, CsrView<T> confidences, MatrixView<const T> y, ImplicitModel model,
                         MatrixView<T> x, std::int64_t* singular_rows, ImplicitWorkspace<T>& workspace);

/// Throws InvalidArgument, in which the penalty is called `lambda`. A row has at most `row_entries`.
template <class T>
void require_implicit_model(const char* lambda, const ImplicitModel& model, index_t row_entries);

/// The model for a side whose rows meet `others` vectors, observed or not, with `penalty` but for its offset.
inline ImplicitModel implicit_model(const ImplicitFeedback& feedback, Penalty penalty, double others) {
  penalty.offset = feedback.unobserved * others;
  return {feedback.unobserved, penalty, feedback.cg_steps};
}

}  // namespace seesaw
