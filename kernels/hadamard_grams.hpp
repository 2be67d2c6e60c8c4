#pragma once
#include "khatri_rao.hpp"
#include "seesaw/hadamard_grams.hpp"

namespace seesaw {

// out = the elementwise product of the matrices listed, each of out's shape; at least one.
namespace reference {
template <class T>
void hadamard(const FactorList<T>& matrices, MatrixView<T> out);
}
namespace cpu {
template <class T>
void hadamard(int threads, const FactorList<T>& matrices, MatrixView<T> out);
}
namespace cuda {
template <class T>
void hadamard(Resources& gpu, const FactorList<T>& matrices, MatrixView<T> out);
}

}  // namespace seesaw
