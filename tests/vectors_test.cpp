#include "vectors.hpp"

#include "dispatch.hpp"
#include "support.hpp"

namespace seesaw::test {
namespace {

class Vectors : public OnBackend {};

template <class T>
double dot_on(Context& ctx, const Buffer<T>& a, const Buffer<T>& b, index_t first = 0) {
  const index_t size = a.size() - first;
  const T *x = a.data() + first, *y = b.data() + first;
  return on_backend(
      ctx, [&] { return reference::dot(size, x, y); }, [&](int threads) { return cpu::dot(threads, size, x, y); },
      [&](auto& gpu) { return cuda::dot(gpu, size, x, y); });
}

template <class T>
void combine_on(Context& ctx, double alpha, const Buffer<T>& a, double beta, Buffer<T>& b, index_t first = 0) {
  const index_t size = a.size() - first;
  const T* x = a.data() + first;
  T* y = b.data() + first;
  on_backend(
      ctx, [&] { reference::combine(size, alpha, x, beta, y); },
      [&](int threads) { cpu::combine(threads, size, alpha, x, beta, y); },
      [&](auto& gpu) { cuda::combine(gpu, size, alpha, x, beta, y); });
}

template <class T>
Buffer<T> normals(index_t size, std::uint64_t seed) {
  return std::move(random_matrix<T>(size, 1, seed).buffer());
}

constexpr index_t kSizes[] = {1, 3, 8, 15, 16, 17, 64, 65, 255, 1000, 70001};  // on both sides of a vector and a block

// A double holds the product of two floats; the sum of n products is off by at most n eps of that of their absolute
// values (Higham, section 3.1), for doubles by one more.
template <class T>
void sums_products(Context& ctx) {
  for (const index_t size : kSizes)
    for (const index_t first : {0, 1}) {
      const auto a = normals<T>(size + first, 1), b = normals<T>(size + first, 2);
      long double sum = 0, scale = 0;
      for (index_t n = first; n < size + first; ++n) {
        const long double term = static_cast<long double>(a.data()[n]) * static_cast<long double>(b.data()[n]);
        sum += term;
        scale += std::abs(term);
      }
      const auto x = to_context(ctx, a.data(), a.size()), y = to_context(ctx, b.data(), b.size());
      EXPECT_NEAR(dot_on(ctx, x, y, first), static_cast<double>(sum),
                  static_cast<double>(size + 1) * eps<double>() * static_cast<double>(scale))
          << "size " << size << " from " << first;
    }
  EXPECT_EQ(dot_on(ctx, Buffer<T>(ctx, 0), Buffer<T>(ctx, 0)), 0);
}

TEST_P(Vectors, DotSumsProducts) {
  Context ctx = context();
  sums_products<float>(ctx);
  sums_products<double>(ctx);
}

// Two products and a sum, each rounded or not: 3 eps of their absolute values, alpha and beta rounded to T in them.
template <class T>
void combines(Context& ctx) {
  const double alpha = 0.7, beta = -1.3;
  for (const index_t size : kSizes)
    for (const index_t first : {0, 1}) {
      const auto a = normals<T>(size + first, 1), b = normals<T>(size + first, 2);
      const auto x = to_context(ctx, a.data(), a.size());
      auto y = to_context(ctx, b.data(), b.size());
      combine_on(ctx, alpha, x, beta, y, first);
      const auto found = to_host(y);
      for (index_t n = 0; n < size + first; ++n) {
        const auto p = static_cast<double>(a.data()[n]), q = static_cast<double>(b.data()[n]);
        if (n < first)
          ASSERT_EQ(found.data()[n], b.data()[n]);
        else
          ASSERT_NEAR(static_cast<double>(found.data()[n]), alpha * p + beta * q,
                      3 * eps<T>() * (std::abs(alpha * p) + std::abs(beta * q)))
              << "size " << size << " from " << first << ", element " << n;
      }
    }
}

TEST_P(Vectors, CombineAddsMultiples) {
  Context ctx = context();
  combines<float>(ctx);
  combines<double>(ctx);
}

TEST_P(Vectors, CombineDoesNotReadWhereBetaIsZero) {
  Context ctx = context();
  const auto a = normals<float>(100, 1);
  Buffer<float> nan(100);
  std::fill_n(nan.data(), 100, std::numeric_limits<float>::quiet_NaN());
  const auto x = to_context(ctx, a.data(), 100);
  auto y = to_context(ctx, nan.data(), 100);
  combine_on(ctx, 2, x, 0, y);
  const auto found = to_host(y);
  for (index_t n = 0; n < 100; ++n) EXPECT_EQ(found.data()[n], 2 * a.data()[n]);
}

TEST_P(Vectors, DotIsTheSameForAnyNumberOfThreads) {
  const auto a = normals<float>(300001, 1), b = normals<float>(300001, 2);
  const auto on = [&](int threads) {
    Context ctx = context(threads);
    return dot_on(ctx, to_context(ctx, a.data(), a.size()), to_context(ctx, b.data(), b.size()));
  };
  EXPECT_EQ(on(1), on(2));
  EXPECT_EQ(on(1), on(5));
}

INSTANTIATE_TEST_SUITE_P(Backends, Vectors, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
