#pragma once
#include <algorithm>
#include <cstring>

#include "seesaw/matrix.hpp"

namespace seesaw::cpu {

/// Rows that the Cholesky factorization takes at a time; the rows of a matrix are padded to a multiple of it.
inline constexpr index_t kBlock = 8;

/// How a k x k matrix, or a panel of vectors of length k, is laid out: rows padded to whole vectors of 64 bytes.
template <class T>
struct Layout {
  static constexpr index_t kLine = 64 / static_cast<index_t>(sizeof(T));

  index_t rank;    ///< k
  index_t rows;    ///< k padded to whole blocks
  index_t width;   ///< k padded to whole lines
  index_t stride;  ///< between rows

  explicit Layout(index_t k)
      : rank(k), rows((k + kBlock - 1) / kBlock * kBlock), width((k + kLine - 1) / kLine * kLine), stride(width) {
    // Rows a power of two apart would compete for the same few sets of the L1 cache.
    constexpr index_t kWide = 8;
    if (width / kLine >= kWide && width / kLine % 2 == 0) stride += kLine;
  }
};

/// One k x k system on its way through factor() and back_substitute() of dense-inl.hpp, its arrays laid out by Layout.
template <class T>
struct System {
  T* a;                  ///< rows x width; becomes U with U'U = a
  T* b;                  ///< width; destroyed
  T* z;                  ///< width; U'^-1 b
  T* scale;              ///< width; 1 / U(p, p)
  T* x;                  ///< width
  T threshold = 0;       ///< that pivots must be above
  bool positive = true;  ///< whether they all were; the rest is meaningless otherwise

  static index_t size(const Layout<T>& layout) { return layout.rows * layout.stride + 4 * layout.width; }
  System(const Layout<T>& layout, T* memory)
      : a(memory),
        b(a + layout.rows * layout.stride),
        z(b + layout.width),
        scale(z + layout.width),
        x(scale + layout.width) {
    std::fill(x, x + layout.width, T{0});  // padding that back_substitute() reads
  }
};

/// How many vectors a panel holds: as many as stay in the L1 cache beside those that are asked for next.
template <class T>
index_t panel_depth(const Layout<T>& layout) {
  constexpr index_t kPanelBytes = 16384;
  return std::clamp<index_t>(kPanelBytes / (layout.stride * static_cast<index_t>(sizeof(T))), 32, 128);
}

/// Beyond the rank the diagonal gets its largest element, which the threshold is below.
template <class T>
void pad_diagonal(const Layout<T>& layout, T largest, System<T>& system) {
  for (index_t f = layout.rank; f < layout.rows; ++f) system.a[f * layout.stride + f] = largest;
}

/// As many zeros, in memory aligned to whole vectors.
template <class T>
Buffer<T> zeros(index_t size) {
  Buffer<T> buffer(size);
  std::memset(buffer.data(), 0, static_cast<std::size_t>(size) * sizeof(T));
  return buffer;
}

}  // namespace seesaw::cpu
