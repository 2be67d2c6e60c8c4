#pragma once
#include "cpu/tensor_terms.hpp"
#include "mttkrp.hpp"

namespace seesaw::cpu {

/// Rows of a block of out: whole register tiles.
inline constexpr index_t kContractionRows = 240;

/// Elements of memory that contract_block() works with.
template <class T>
index_t contraction_scratch(const TensorContraction<T>& problem);

/// The rows `rows` of sums, at most kContractionRows, = the terms `part` of their sums. `scratch` is aligned as a
/// Buffer.
template <class T>
void contract_block(const TensorContraction<T>& problem, Range rows, Range part, MatrixView<T> sums, T* scratch);

}  // namespace seesaw::cpu
