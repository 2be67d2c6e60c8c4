#include "seesaw/random.hpp"

#include <omp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "checks.hpp"
#include "cpu/parallel.hpp"

namespace seesaw {
namespace {

using Block = std::array<std::uint32_t, 4>;

/// Ten rounds of Philox4x32 over the counter (n, 0) with the key `seed`.
Block philox(std::uint64_t seed, std::uint64_t n) {
  auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  Block c{low(n), high(n), 0, 0};
  std::uint32_t k0 = low(seed), k1 = high(seed);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {high(p1) ^ c[1] ^ k0, low(p1), high(p0) ^ c[3] ^ k1, low(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

/// Coefficients from the constant term up.
template <std::size_t N>
double polynomial(const std::array<double, N>& coefficients, double r) {
  double value = 0;
  for (std::size_t n = N; n-- > 0;) value = value * r + coefficients[n];
  return value;
}

/// Wichura (1988), AS 241, routine PPND16.
double normal_quantile(double p) {
  static constexpr std::array a{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr std::array b{1.0,
                                4.2313330701600911252e1,
                                6.8718700749205790830e2,
                                5.3941960214247511077e3,
                                2.1213794301586595867e4,
                                3.9307895800092710610e4,
                                2.8729085735721942674e4,
                                5.2264952788528545610e3};
  static constexpr std::array c{1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr std::array d{1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
  static constexpr std::array e{6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr std::array f{1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double tail =
      r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6) : polynomial(e, r - 5) / polynomial(f, r - 5);
  return std::copysign(tail, q);
}

/// rows(i, j) = scale * random_normal(seed, (first + i) * cols + j) in host memory.
template <class T>
void draw(int threads, std::uint64_t seed, double scale, index_t first, MatrixView<T> rows) {
  constexpr index_t kAtATime = 4096;  // numbers that a thread draws before it asks for more
  const index_t together = std::max<index_t>(1, kAtATime / rows.cols);
  cpu::for_blocks(threads, cpu::block_count(rows.rows, together), [&](index_t block) {
    for (index_t i = block * together; i < std::min(rows.rows, (block + 1) * together); ++i)
      for (index_t j = 0; j < rows.cols; ++j) {
        const auto n = static_cast<std::uint64_t>((first + i) * rows.cols + j);
        rows(i, j) = static_cast<T>(scale * random_normal(seed, n));
      }
  });
}

template <class T>
void fill(Context& ctx, std::uint64_t seed, double scale, MatrixView<T> matrix) {
  require_view(ctx, matrix, "matrix");
  if (matrix.empty()) return;
  if (ctx.memory()->on_host()) return draw(ctx.threads(), seed, scale, 0, matrix);
  // One copy for each block of rows; for each row where they are padded, for what lies between is not ours.
  constexpr index_t kTogether = index_t{1} << 22;
  const index_t rows = matrix.stride > matrix.cols ? 1 : std::max<index_t>(1, kTogether / matrix.cols);
  Buffer<T> block(std::min(rows, matrix.rows) * matrix.cols);
  for (index_t i = 0; i < matrix.rows; i += rows) {
    const index_t count = std::min(rows, matrix.rows - i);
    draw(omp_get_max_threads(), seed, scale, i, MatrixView<T>(block.data(), count, matrix.cols));
    ctx.memory()->copy_from_host(matrix.row(i), block.data(),
                                 static_cast<std::size_t>(count * matrix.cols) * sizeof(T));
  }
}

}  // namespace

std::uint64_t random_bits(std::uint64_t seed, std::uint64_t n) {
  const Block block = philox(seed, n);
  return std::uint64_t{block[1]} << 32 | block[0];
}

double random_uniform(std::uint64_t seed, std::uint64_t n) {
  constexpr int kDropped = 11;  // 53 bits and a half: exact in double, and never 0 or 1
  return (static_cast<double>(random_bits(seed, n) >> kDropped) + 0.5) * 0x1p-53;
}

double random_normal(std::uint64_t seed, std::uint64_t n) { return normal_quantile(random_uniform(seed, n)); }

void fill_normal(Context& ctx, std::uint64_t seed, double scale, MatrixView<float> matrix) {
  fill(ctx, seed, scale, matrix);
}
void fill_normal(Context& ctx, std::uint64_t seed, double scale, MatrixView<double> matrix) {
  fill(ctx, seed, scale, matrix);
}

}  // namespace seesaw
