#pragma once
#include "seesaw/spmv.hpp"

namespace seesaw {

namespace reference {
template <class T>
void spmv(CsrView<T> s, const double* v, double* out);
}
namespace cpu {
template <class T>
void spmv(int threads, CsrView<T> s, const double* v, double* out);
}
namespace cuda {
template <class T>
void spmv(Resources& gpu, CsrView<T> s, const double* v, double* out);
}

}  // namespace seesaw
