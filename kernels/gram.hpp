#pragma once
#include "seesaw/gram.hpp"

namespace seesaw {

namespace reference {
template <class T>
void gram(MatrixView<const T> y, MatrixView<T> out);
}
namespace cpu {
template <class T>
void gram(int threads, MatrixView<const T> y, MatrixView<T> out);
}
namespace cuda {
template <class T>
void gram(Resources& gpu, MatrixView<const T> y, MatrixView<T> out);
}

}  // namespace seesaw
