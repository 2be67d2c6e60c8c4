#include "gram.hpp"

#include "cpu/dense.hpp"
#include "cpu/parallel.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/gram.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/dense-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// sum += y'y, upper triangle, for a slice of y. The panel is depth x width.
template <class T>
void add_gram(MatrixView<const T> y, const Layout<T>& layout, index_t depth, T* panel, T* sum) {
  for (index_t first = 0; first < y.rows; first += depth) {
    const index_t count = std::min(depth, y.rows - first);
    for (index_t p = 0; p < count; ++p) copy_vector(y.row(first + p), T{1}, y.cols, panel + p * layout.stride);
    update_rows<Update::add>(panel, layout.stride, count, 0, layout.rows, layout, sum);
  }
}

void add_gram_float(MatrixView<const float> y, const Layout<float>& layout, index_t depth, float* panel, float* sum) {
  add_gram(y, layout, depth, panel, sum);
}
void add_gram_double(MatrixView<const double> y, const Layout<double>& layout, index_t depth, double* panel,
                     double* sum) {
  add_gram(y, layout, depth, panel, sum);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(add_gram_float);
HWY_EXPORT(add_gram_double);

namespace {

template <class T>
void add_gram(MatrixView<const T> y, const Layout<T>& layout, index_t depth, T* panel, T* sum) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(add_gram_float)(y, layout, depth, panel, sum);
  else
    HWY_DYNAMIC_DISPATCH(add_gram_double)(y, layout, depth, panel, sum);
}

}  // namespace

// Blocks of rows, each with a Gram matrix of its own; they are added in their order. How many there are depends on the
// shape alone: enough for many threads, within a bound on their memory.
template <class T>
void gram(int threads, MatrixView<const T> y, MatrixView<T> out) {
  constexpr index_t kMostBlocks = 64, kMostElements = index_t{1} << 24, kFewestRows = 512;
  const Layout<T> layout(y.cols);
  const index_t size = layout.rows * layout.stride;
  const index_t most = std::clamp<index_t>(kMostElements / size, 1, kMostBlocks);
  const index_t rows = std::max(kFewestRows, block_count(y.rows, most));
  const index_t blocks = std::max<index_t>(1, block_count(y.rows, rows));
  Buffer<T> partial = zeros<T>(blocks * size);
  for_blocks(
      threads, blocks, [&] { return zeros<T>(panel_depth(layout) * layout.stride); },
      [&](Buffer<T>& panel, index_t block) {
        add_gram(y.slice(block * rows, std::min(y.rows, (block + 1) * rows)), layout, panel_depth(layout), panel.data(),
                 partial.data() + block * size);
      });
  constexpr index_t kFew = index_t{1} << 18;  // additions that are done before another thread has woken
  for_blocks(blocks * size < kFew ? 1 : threads, y.cols, [&](index_t a) {
    for (index_t b = a; b < y.cols; ++b) {
      T sum = 0;
      for (index_t block = 0; block < blocks; ++block) sum += partial.data()[block * size + a * layout.stride + b];
      out(a, b) = out(b, a) = sum;
    }
  });
}

template void gram(int, MatrixView<const float>, MatrixView<float>);
template void gram(int, MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::cpu
#endif
