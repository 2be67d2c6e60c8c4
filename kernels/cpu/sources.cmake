list(APPEND SEESAW_SOURCES
  kernels/cpu/conjugate_gradients.cpp
  kernels/cpu/gram.cpp
  kernels/cpu/masked_gradient.cpp
  kernels/cpu/masked_residual.cpp
  kernels/cpu/minimum_norm.cpp
  kernels/cpu/product.cpp
  kernels/cpu/simd.cpp
  kernels/cpu/solve_rows.cpp
  kernels/cpu/solve_spd.cpp
  kernels/cpu/sparse.cpp
  kernels/cpu/symmetric_eigen.cpp
  kernels/cpu/top_k.cpp
  kernels/cpu/tridiagonal.cpp
  kernels/cpu/vectors.cpp
  kernels/cpu/workspace.cpp)
