#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw {

/// out = Y'Y, both triangles.   y  n x k     out  k x k, overwritten
/// The same bits for any number of threads. Throws ShapeError. On CUDA the work is enqueued on ctx.stream().
void gram(Context& ctx, MatrixView<const float> y, MatrixView<float> out);
void gram(Context& ctx, MatrixView<const double> y, MatrixView<double> out);

}  // namespace seesaw
