#include "support.hpp"

namespace seesaw::test {
namespace {

template <class T>
SparseTensor<T> to_context(const Context& ctx, const SparseTensor<T>& host) {
  SparseTensor<T> there;
  there.shape = host.shape;
  for (std::size_t d = 0; d < 2; ++d)
    there.indices[d] = seesaw::to_context(ctx, host.indices[d].data(), host.indices[d].size());
  there.values = seesaw::to_context(ctx, host.values.data(), host.values.size());
  there.weights = seesaw::to_context(ctx, host.weights.data(), host.weights.size());
  return there;
}

template <class T>
void expect_arrays(const Csr<T>& csr, std::vector<offset_t> offsets, std::vector<column_t> columns,
                   std::vector<double> values) {
  const auto host = to_host(csr);
  EXPECT_EQ(std::vector<offset_t>(host.offsets.data(), host.offsets.data() + host.offsets.size()), offsets);
  EXPECT_EQ(std::vector<column_t>(host.columns.data(), host.columns.data() + host.columns.size()), columns);
  EXPECT_EQ(std::vector<double>(host.values.data(), host.values.data() + host.values.size()), values);
}

class Sparse : public OnBackend {
 protected:
  template <class T>
  Csr<T> compressed(const std::vector<Entry>& entries, index_t rows, index_t cols, bool weights = false) {
    Context ctx = context();
    const auto there = to_context(ctx, entries_of<T>(rows, cols, entries, weights));
    return compress(ctx, there.view());
  }
  std::string refusal(const std::vector<Entry>& entries, bool weights = false) {
    return message_of<InvalidArgument>([&] { compressed<float>(entries, 3, 4, weights); });
  }
};

TEST_P(Sparse, CompressSortsByRowAndColumn) {
  const auto csr = compressed<double>({{2, 0, 5}, {0, 3, 1}, {2, 3, 4}, {0, 1, 2}, {2, 1, 3}}, 4, 4);
  expect_arrays(csr, {0, 2, 2, 5, 5}, {1, 3, 0, 1, 3}, {2, 1, 5, 3, 4});
}

TEST_P(Sparse, CompressOfNothingIsEmpty) {
  expect_arrays(compressed<float>({}, 3, 4), {0, 0, 0, 0}, {}, {});
  expect_arrays(compressed<float>({}, 0, 0), {0}, {}, {});
}

TEST_P(Sparse, CompressCarriesWeights) {
  const auto host = to_host(compressed<float>({{1, 0, 5, 7}, {0, 3, 1, 9}}, 3, 4, /*weights=*/true));
  EXPECT_EQ(host.weights.data()[0], 9);
  EXPECT_EQ(host.weights.data()[1], 7);
}

TEST_P(Sparse, CompressNamesWhatIsWrong) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal({{0, 0, 1}, {2, 4, 1}, {-1, 0, 1}}), "entry 1 has the index (2, 4), outside 3 x 4");
  EXPECT_EQ(refusal({{0, 0, 1}, {-1, 2, 1}}), "entry 1 has the index (-1, 2), outside 3 x 4");
  EXPECT_EQ(refusal({{0, 1, inf}}), "entry 0 at (0, 1) has the value inf, expected a finite number");
  EXPECT_EQ(refusal({{0, 1, 1}, {1, 1, std::nan("")}, {3, 0, 0}}),
            "entry 1 at (1, 1) has the value nan, expected a finite number");
  EXPECT_EQ(refusal({{0, 1, 1, -0.5}}, true), "entry 0 at (0, 1) has the weight -0.5, expected a finite number >= 0");
  EXPECT_EQ(refusal({{2, 1, 1}, {0, 1, 1}, {2, 0, 1}, {0, 1, 9}, {2, 1, 3}}),
            "entry 3 is the second one at (0, 1); every place may have one entry");
}

TEST_P(Sparse, CompressRefusesOtherOrders) {
  Context ctx = context();
  SparseTensorView<float> cube;
  cube.order = 3;
  EXPECT_EQ(message_of<ShapeError>([&] { compress(ctx, cube); }), "entries have the order 3, a matrix has order 2");
  SparseTensorView<float> wide;
  wide.shape = {1, index_t{1} << 31};
  EXPECT_FALSE(message_of<ShapeError>([&] { compress(ctx, wide); }).empty());
}

TEST_P(Sparse, TransposeIsWhatHandsCompute) {
  Context ctx = context();
  const auto csr = seesaw::to_context(ctx, csr_of<double>(2, 3, {{0, 2, 1}, {0, 0, 2}, {1, 2, 3}}));
  expect_arrays(transpose(ctx, csr.view()), {0, 1, 1, 3}, {0, 0, 1}, {2, 1, 3});
}

TEST_P(Sparse, TransposeTwiceIsTheMatrix) {
  const auto host = random_csr<float>({0, 1, 500, 33, 0, 700, 2, 64, 0}, 1000, 3, /*weights=*/true);
  for (int threads : {1, 2, 5}) {
    Context ctx = context(threads);
    const auto back = to_host(transpose(ctx, transpose(ctx, seesaw::to_context(ctx, host).view()).view()));
    EXPECT_TRUE(same_bits(back.offsets, host.offsets));
    EXPECT_TRUE(same_bits(back.columns, host.columns));
    EXPECT_TRUE(same_bits(back.values, host.values));
    EXPECT_TRUE(same_bits(back.weights, host.weights));
  }
}

TEST_P(Sparse, TransposeOfASliceOfRows) {
  Context ctx = context();
  const auto csr = seesaw::to_context(ctx, csr_of<double>(3, 2, {{0, 0, 9}, {1, 1, 5}, {2, 0, 7}}));
  const CsrView<double> whole = csr.view();
  const CsrView<double> slice{2, 2, 2, whole.offsets + 1, whole.columns, whole.values, nullptr};
  expect_arrays(transpose(ctx, slice), {0, 1, 2}, {1, 0}, {7, 5});
}

TEST_P(Sparse, CompressAgreesWithTheReferenceOnManyEntries) {
  std::vector<Entry> entries;
  for (column_t n = 0; n < 20000; ++n)  // 7919 is prime to 300 * 400, so no place comes twice
    entries.push_back({static_cast<column_t>(n * 7919LL % 120000 / 400), static_cast<column_t>(n * 7919LL % 400),
                       static_cast<double>(n)});
  const auto expected = csr_of<float>(300, 400, entries);
  const auto found = to_host(compressed<float>(entries, 300, 400));
  EXPECT_TRUE(same_bits(found.offsets, expected.offsets));
  EXPECT_TRUE(same_bits(found.columns, expected.columns));
  EXPECT_TRUE(same_bits(found.values, expected.values));
}

TEST_P(Sparse, ValidateReadsEverything) {
  Context ctx = context();
  auto refusal_of = [&](auto spoil) {
    auto host = csr_of<double>(2, 4, {{0, 1, 1}, {0, 3, 2}, {1, 0, 3}}, /*weights=*/true);
    spoil(host);
    const auto there = seesaw::to_context(ctx, host);
    return message_of<InvalidArgument>([&] { validate(ctx, there.view(), "ratings"); });
  };
  EXPECT_EQ(refusal_of([](auto& m) { m.offsets.data()[1] = 4; }),
            "ratings.offsets[1]: offsets must ascend, and differ by `entries` in all");
  EXPECT_EQ(refusal_of([](auto& m) { m.offsets.data()[2] = 2; }),
            "ratings.offsets[2]: offsets must ascend, and differ by `entries` in all");
  EXPECT_EQ(refusal_of([](auto& m) { m.columns.data()[2] = 4; }), "ratings: entry 2 has the column 4, expected 0 to 3");
  EXPECT_EQ(refusal_of([](auto& m) { m.columns.data()[1] = 1; }),
            "ratings: entry 1 has the column 1, not above the one before it in its row");
  EXPECT_EQ(refusal_of([](auto& m) { m.values.data()[1] = std::nan(""); }),
            "ratings: entry 1 has the value nan, expected a finite number");
  EXPECT_EQ(refusal_of([](auto& m) { m.weights.data()[0] = -1; }),
            "ratings: entry 0 has the weight -1, expected a finite number >= 0");
  const auto good = seesaw::to_context(ctx, csr_of<double>(2, 4, {{0, 1, 1}, {1, 0, 3}}));
  EXPECT_NO_THROW(validate(ctx, good.view(), "ratings"));
}

INSTANTIATE_TEST_SUITE_P(Backends, Sparse, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
