#pragma once
#include "seesaw/khatri_rao.hpp"
#include "seesaw/tensor.hpp"

namespace seesaw {

/// Up to kMaxOrder factors, one after the other.
template <class T>
struct FactorList {
  int count = 0;
  FactorViews<T> factors;

  void add(MatrixView<const T> factor) { factors[static_cast<std::size_t>(count++)] = factor; }
  /// Of their Khatri-Rao product.
  constexpr index_t rows() const {
    index_t product = 1;
    for (int n = 0; n < count; ++n) product *= factors[static_cast<std::size_t>(n)].rows;
    return product;
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    for (int n = 0; n < count; ++n) visitor(factors[static_cast<std::size_t>(n)]);
  }
};

namespace reference {
template <class T>
void khatri_rao(const FactorList<T>& factors, MatrixView<T> out);
}
namespace cpu {
template <class T>
void khatri_rao(int threads, const FactorList<T>& factors, MatrixView<T> out);
}
namespace cuda {
template <class T>
void khatri_rao(Resources& gpu, const FactorList<T>& factors, MatrixView<T> out);
}

}  // namespace seesaw
