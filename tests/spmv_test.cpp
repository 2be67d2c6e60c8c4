#include "support.hpp"

namespace seesaw::test {
namespace {

std::vector<double> multiply_on(Context& ctx, CsrView<double> s, const Buffer<double>& v) {
  Buffer<double> out(ctx, s.rows);
  spmv(ctx, s, v.data(), out.data());
  const auto host = to_host(out);
  return {host.data(), host.data() + host.size()};
}

Buffer<double> random_vector(index_t size, std::uint64_t seed) {
  Buffer<double> v(size);
  for (index_t n = 0; n < size; ++n) v.data()[n] = random_normal(seed, static_cast<std::uint64_t>(n));
  return v;
}

class Spmv : public OnBackend {};

// [1 0 2; 0 0 0; 0 3 0] (1, 10, 100)' = (201, 0, 30)'; with the weights 2, 0.5, 3: (2 + 100, 0, 90)'.
TEST_P(Spmv, IsWhatHandsCompute) {
  Context ctx = context();
  const std::vector<Entry> entries{{0, 0, 1, 2}, {0, 2, 2, 0.5}, {2, 1, 3, 3}};
  const double vector[] = {1, 10, 100};
  const auto v = to_context(ctx, vector, 3);
  const auto plain = to_context(ctx, csr_of<double>(3, 3, entries));
  const auto weighted = to_context(ctx, csr_of<double>(3, 3, entries, /*weights=*/true));
  EXPECT_EQ(multiply_on(ctx, plain.view(), v), (std::vector<double>{201, 0, 30}));
  EXPECT_EQ(multiply_on(ctx, weighted.view(), v), (std::vector<double>{102, 0, 90}));

  CsrView<double> last_rows = plain.view();
  last_rows.offsets += 1;
  last_rows.rows = 2;
  last_rows.entries = 1;
  EXPECT_EQ(multiply_on(ctx, last_rows, v), (std::vector<double>{0, 30}));
}

/// |out_i - sum| <= (n_i + 3) eps sum |w s v|: n_i additions in any order and three products (Higham, section 3.1).
template <class T>
void expect_products(Context& ctx, const Csr<T>& s, const char* what) {
  const auto vector = random_vector(s.cols, 3);
  const auto there = to_context(ctx, s);
  const auto v = to_context(ctx, vector.data(), vector.size());
  Buffer<double> out(ctx, s.rows);
  spmv(ctx, there.view(), v.data(), out.data());
  const auto host = to_host(out);
  for (index_t i = 0; i < s.rows; ++i) {
    long double sum = 0, size = 0;
    const offset_t first = s.offsets.data()[i], last = s.offsets.data()[i + 1];
    for (offset_t e = first; e < last; ++e) {
      const double weight = s.weights.empty() ? 1.0 : static_cast<double>(s.weights.data()[e]);
      const long double term = static_cast<long double>(weight) * static_cast<long double>(s.values.data()[e]) *
                               vector.data()[s.columns.data()[e]];
      sum += term;
      size += std::abs(term);
    }
    ASSERT_LE(std::abs(static_cast<double>(host.data()[i] - sum)),
              static_cast<double>(last - first + 3) * eps<double>() * static_cast<double>(size))
        << what << ", row " << i << " of " << last - first << " entries";
  }
}

TEST_P(Spmv, SumsRowsOfEveryLength) {
  Context ctx = context();
  const std::vector<index_t> lengths{0, 0, 1, 31, 32, 33, 0, 64, 257, 3, 0};
  expect_products(ctx, random_csr<float>(lengths, 300, 7), "float");
  expect_products(ctx, random_csr<double>(lengths, 300, 8, /*weights=*/true), "weights");
  expect_products(ctx, random_csr<double>({0, 0, 0}, 5, 9), "no entries");
}

// Rows that begin and end within a block of entries, span several, and are cut into segments, each beside empty ones.
TEST_P(Spmv, SharesLongRows) {
  Context ctx = context();
  expect_products(ctx, random_csr<float>({0, 4095, 0, 4096, 4097, 0, 16384, 0, 0, 40000, 5, 20000, 0}, 40000, 11),
                  "long rows");
  expect_products(ctx, random_csr<double>({16384, 0, 16384, 0}, 20000, 12), "blocks that end with a row");
}

TEST_P(Spmv, RefusesWhatIsNotAVector) {
  Context ctx = context();
  const auto s = to_context(ctx, csr_of<double>(2, 2, {{0, 0, 1}}));
  Buffer<double> v(ctx, 2);
  EXPECT_EQ(message_of<InvalidArgument>([&] { spmv(ctx, s.view(), nullptr, v.data()); }), "v is a null pointer");
  EXPECT_EQ(message_of<InvalidArgument>([&] { spmv(ctx, s.view(), v.data(), nullptr); }), "out is a null pointer");
  CsrView<double> negative = s.view();
  negative.entries = -1;
  EXPECT_NE(message_of<ShapeError>([&] { spmv(ctx, negative, v.data(), v.data()); }).find("-1 entries"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Backends, Spmv, all_backends(), backend_name);

TEST(SpmvOnCpu, HasTheSameBitsForAnyNumberOfThreads) {
  const auto s = random_csr<double>({20000, 7, 0, 30000, 12, 5000}, 30000, 15);
  const auto v = random_vector(s.cols, 4);
  Context one = Context::cpu(1);
  const auto first = multiply_on(one, s.view(), v);
  for (const int threads : {2, 5}) {
    Context ctx = Context::cpu(threads);
    EXPECT_EQ(multiply_on(ctx, s.view(), v), first) << threads;
  }
}

}  // namespace
}  // namespace seesaw::test
