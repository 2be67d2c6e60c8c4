#include "khatri_rao.hpp"

#include <string>

#include "checks.hpp"
#include "dispatch.hpp"

namespace seesaw {
namespace {

template <class T>
void run(Context& ctx, std::span<const MatrixView<const T>> factors, MatrixView<T> out) {
  if (factors.empty() || factors.size() > kMaxOrder)
    throw InvalidArgument("factors has " + std::to_string(factors.size()) + " matrices, expected 1 to " +
                          std::to_string(kMaxOrder));
  const index_t k = factors[0].cols;
  FactorList<T> list;
  index_t rows = 1;
  for (const MatrixView<const T>& factor : factors) {
    const std::string name = "factors[" + std::to_string(list.count) + "]";
    require_view(ctx, factor, name.c_str());
    require_rank(k);
    require_shape(name.c_str(), factor.rows, factor.cols, factor.rows, k);
    rows = detail::element_count(rows, factor.rows, sizeof(T));
    list.add(factor);
  }
  require_view(ctx, out, "out");
  require_shape("out", out.rows, out.cols, rows, k);
  on_backend(
      ctx, [&] { reference::khatri_rao(list, out); }, [&](int threads) { cpu::khatri_rao(threads, list, out); },
      [&](auto& gpu) { cuda::khatri_rao(gpu, list, out); });
}

}  // namespace

void khatri_rao(Context& ctx, std::span<const MatrixView<const float>> factors, MatrixView<float> out) {
  run(ctx, factors, out);
}
void khatri_rao(Context& ctx, std::span<const MatrixView<const double>> factors, MatrixView<double> out) {
  run(ctx, factors, out);
}

}  // namespace seesaw
