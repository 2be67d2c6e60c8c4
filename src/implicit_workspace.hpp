#pragma once
#include "seesaw/solve_implicit_rows.hpp"

namespace seesaw {

/// What solve_implicit_rows() works in besides its arguments, kept from one call to the next so that a sweep allocates
/// nothing but k x k matrices. Both grow to the larger side.
template <class T>
struct ImplicitWorkspace {
  Buffer<T> fixed;   ///< y in its coordinates
  Buffer<T> solved;  ///< x in them
};

template <class T>
void solve_implicit_rows(Context& ctx, CsrView<T> confidences, MatrixView<const T> y, ImplicitModel model,
                         MatrixView<T> x, std::int64_t* singular_rows, ImplicitWorkspace<T>& workspace);

/// Throws InvalidArgument, in which the penalty is called `lambda`. A row has at most `row_entries`.
template <class T>
void require_implicit_model(const char* lambda, const ImplicitModel& model, index_t row_entries);

}  // namespace seesaw
