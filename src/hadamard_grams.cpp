#include "hadamard_grams.hpp"

#include <string>

#include "checks.hpp"
#include "dispatch.hpp"

namespace seesaw {
namespace {

template <class T>
void run(Context& ctx, std::span<const MatrixView<const T>> grams, int without, MatrixView<T> out) {
  if (grams.size() < 2 || grams.size() > kMaxOrder)
    throw InvalidArgument("grams has " + std::to_string(grams.size()) + " matrices, expected 2 to " +
                          std::to_string(kMaxOrder));
  const int order = static_cast<int>(grams.size());
  if (without < -1 || without >= order)
    throw InvalidArgument("without is " + std::to_string(without) + ", expected -1 (none) to " +
                          std::to_string(order - 1));
  require_view(ctx, out, "out");
  require_rank(out.rows);
  require_shape("out", out.rows, out.cols, out.rows, out.rows);
  FactorList<T> list;
  for (int n = 0; n < order; ++n) {
    const MatrixView<const T> gram = grams[static_cast<std::size_t>(n)];
    const std::string name = "grams[" + std::to_string(n) + "]";
    require_view(ctx, gram, name.c_str());
    require_shape(name.c_str(), gram.rows, gram.cols, out.rows, out.rows);
    if (n != without) list.add(gram);
  }
  on_backend(
      ctx, [&] { reference::hadamard(list, out); }, [&](int threads) { cpu::hadamard(threads, list, out); },
      [&](auto& gpu) { cuda::hadamard(gpu, list, out); });
}

}  // namespace

void hadamard_grams(Context& ctx, std::span<const MatrixView<const float>> grams, int without, MatrixView<float> out) {
  run(ctx, grams, without, out);
}
void hadamard_grams(Context& ctx, std::span<const MatrixView<const double>> grams, int without,
                    MatrixView<double> out) {
  run(ctx, grams, without, out);
}

}  // namespace seesaw
