#include "spmv.hpp"

#include "checks.hpp"
#include "dispatch.hpp"

namespace seesaw {
namespace {

template <class T>
void run(Context& ctx, CsrView<T> s, const double* v, double* out) {
  require_csr(ctx, s, "s");
  if (s.cols > 0) require_space(ctx, v, "v");
  if (s.rows == 0) return;
  require_space(ctx, out, "out");
  on_backend(
      ctx, [&] { reference::spmv(s, v, out); }, [&](int threads) { cpu::spmv(threads, s, v, out); },
      [&](auto& gpu) { cuda::spmv(gpu, s, v, out); });
}

}  // namespace

void spmv(Context& ctx, CsrView<float> s, const double* v, double* out) { run(ctx, s, v, out); }
void spmv(Context& ctx, CsrView<double> s, const double* v, double* out) { run(ctx, s, v, out); }

}  // namespace seesaw
