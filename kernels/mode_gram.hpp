#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw {

/// out = X X' of the unfolding X of a dense tensor in one mode, over the tensor as it stands: with L the product of the
/// sizes of the modes before and R of those behind, the element of index i, l and r is data[(l * rows + i) * R + r] and
///   out(i, j) = sum over l and r of the elements of i times those of j,   rows x rows without padding.
template <class T>
struct ModeGram {
  const T* data;
  index_t left;
  index_t rows;
  index_t right;
  T* out;

  /// Everything that points into memory.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(MatrixView<const T>(data, left * rows, right));
    visitor(MatrixView<T>(out, rows, rows));
  }
};

namespace reference {
template <class T>
void mode_gram(const ModeGram<T>& problem);
}
namespace cpu {
template <class T>
void mode_gram(int threads, const ModeGram<T>& problem);
}
namespace cuda {
template <class T>
void mode_gram(Resources& gpu, const ModeGram<T>& problem);
}

}  // namespace seesaw
