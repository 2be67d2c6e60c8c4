#include "tensor_support.hpp"

namespace seesaw::test {
namespace {

class ByModeOn : public OnBackend {};

template <class T>
SparseTensor<T> entries_there(const Context& ctx, const Tensor& tensor, bool weighted) {
  const auto there = [&]<class U>(const std::vector<U>& host) {
    return seesaw::to_context(ctx, host.data(), static_cast<index_t>(host.size()));
  };
  SparseTensor<T> out;
  out.order = tensor.order();
  std::vector<T> values, weights;
  for (const TensorEntry& entry : tensor.entries) {
    values.push_back(static_cast<T>(entry.value));
    weights.push_back(static_cast<T>(entry.weight));
  }
  out.values = there(values);
  if (weighted) out.weights = there(weights);
  for (std::size_t m = 0; m < tensor.shape.size(); ++m) {
    out.shape[m] = tensor.shape[m];
    std::vector<column_t> indices;
    for (const TensorEntry& entry : tensor.entries) indices.push_back(entry.index[m]);
    out.indices[m] = there(indices);
  }
  return out;
}

template <class U>
std::vector<U> elements(const Buffer<U>& buffer) {
  const auto host = to_host(buffer);
  return {host.data(), host.data() + host.size()};
}

const Tensor kSmall{{3, 2, 4}, {{{2, 0, 3}, 1, 10}, {{0, 1, 1}, 2, 20}, {{2, 1, 0}, 3, 30}, {{0, 0, 1}, 4, 40}}};

TEST_P(ByModeOn, SortsByOneModeAndKeepsTheOrder) {
  Context ctx = context();
  const auto there = entries_there<double>(ctx, kSmall, true);
  const auto by = by_mode(ctx, there.view(), 0);
  EXPECT_EQ(elements(by.offsets), (std::vector<offset_t>{0, 2, 2, 4}));
  EXPECT_TRUE(by.indices[0].empty());
  EXPECT_EQ(elements(by.indices[1]), (std::vector<column_t>{1, 0, 0, 1}));
  EXPECT_EQ(elements(by.indices[2]), (std::vector<column_t>{1, 1, 3, 0}));
  EXPECT_EQ(elements(by.values), (std::vector<double>{2, 4, 1, 3}));
  EXPECT_EQ(elements(by.weights), (std::vector<double>{20, 40, 10, 30}));
  const auto last = by_mode(ctx, entries_there<float>(ctx, kSmall, false).view(), 2);
  EXPECT_EQ(elements(last.offsets), (std::vector<offset_t>{0, 1, 3, 3, 4}));
  EXPECT_EQ(elements(last.values), (std::vector<float>{3, 2, 4, 1}));
  EXPECT_TRUE(last.weights.empty());
  const ModeView<float> view = last.view();
  EXPECT_EQ(view.order, 3);
  EXPECT_EQ(view.mode, 2);
  EXPECT_EQ(view.shape[1], 2);
  EXPECT_EQ(view.entries, 4);
  EXPECT_EQ(view.indices[2], nullptr);
  EXPECT_EQ(view.weights, nullptr);
}

template <class T>
void expect_same(const ModeEntries<T>& found, const ModeEntries<T>& expected, const std::string& what) {
  EXPECT_TRUE(same_bits(to_host(found.offsets), to_host(expected.offsets))) << what;
  EXPECT_TRUE(same_bits(to_host(found.values), to_host(expected.values))) << what;
  EXPECT_TRUE(same_bits(to_host(found.weights), to_host(expected.weights))) << what;
  for (std::size_t n = 0; n < kMaxOrder; ++n)
    EXPECT_TRUE(same_bits(to_host(found.indices[n]), to_host(expected.indices[n]))) << what << ", mode " << n;
}

// Many entries of an index and none, sizes on both sides of a bucket's of the cpu backend, several entries in a place.
TEST_P(ByModeOn, AgreesWithTheReferenceForAnyNumberOfThreads) {
  Context reference = Context::reference();
  const std::vector<std::vector<index_t>> shapes{{10, 7}, {10, 1500, 2}, {10, 3, 513, 4}, {10, 2, 3, 2, 1, 2, 3, 2}};
  for (const auto& shape : shapes) {
    const Tensor tensor = random_tensor(shape, {0, 5, 1, 900, 33, 0, 3000, 7, 5, 0}, 7);
    for (int mode = 0; mode < tensor.order(); ++mode) {
      const auto expected = by_mode(reference, entries_there<float>(reference, tensor, true).view(), mode);
      for (const int threads : {1, 2, 5}) {
        Context ctx = context(threads);
        const auto there = entries_there<float>(ctx, tensor, true);
        expect_same(by_mode(ctx, there.view(), mode), expected,
                    "order " + std::to_string(tensor.order()) + " by mode " + std::to_string(mode));
      }
    }
  }
}

TEST_P(ByModeOn, OfNothingIsEmpty) {
  Context ctx = context();
  const auto by = by_mode(ctx, entries_there<float>(ctx, {{3, 2, 0}, {}}, false).view(), 0);
  EXPECT_EQ(elements(by.offsets), (std::vector<offset_t>{0, 0, 0, 0}));
  EXPECT_EQ(elements(by_mode(ctx, entries_there<float>(ctx, {{3, 2, 0}, {}}, false).view(), 2).offsets),
            std::vector<offset_t>{0});
}

TEST_P(ByModeOn, NamesWhatIsWrong) {
  Context ctx = context();
  const auto refusal = [&](std::size_t entry, auto spoil, bool weighted = false) {
    Tensor tensor = kSmall;
    spoil(tensor.entries[entry]);
    const auto there = entries_there<double>(ctx, tensor, weighted);
    return message_of<InvalidArgument>([&] { by_mode(ctx, there.view(), 1); });
  };
  EXPECT_EQ(refusal(2, [](TensorEntry& e) { e.index[2] = 4; }), "entry 2 has the index (2, 1, 4), outside 3 x 2 x 4");
  EXPECT_EQ(refusal(1, [](TensorEntry& e) { e.index[0] = -1; }), "entry 1 has the index (-1, 1, 1), outside 3 x 2 x 4");
  EXPECT_EQ(refusal(3, [](TensorEntry& e) { e.value = std::nan(""); }),
            "entry 3 at (0, 0, 1) has the value nan, expected a finite number");
  EXPECT_EQ(refusal(
                0, [](TensorEntry& e) { e.weight = -2; }, true),
            "entry 0 at (2, 0, 3) has the weight -2, expected a finite number >= 0");
}

TEST_P(ByModeOn, RefusesWhatIsNoTensor) {
  Context ctx = context();
  const auto there = entries_there<float>(ctx, kSmall, false);
  const auto refusal = [&]<class E>(E*, auto spoil, int mode = 0) {
    SparseTensorView<float> view = there.view();
    spoil(view);
    return message_of<E>([&] { by_mode(ctx, view, mode); });
  };
  ShapeError* const shape = nullptr;
  InvalidArgument* const argument = nullptr;
  EXPECT_EQ(refusal(shape, [](auto& v) { v.order = 1; }), "entries has the order 1, expected 2 to 8");
  EXPECT_EQ(refusal(shape, [](auto& v) { v.order = 9; }), "entries has the order 9, expected 2 to 8");
  EXPECT_EQ(refusal(
                shape, [](auto&) {}, 3),
            "mode is 3, expected 0 to 2");
  EXPECT_EQ(refusal(
                shape, [](auto&) {}, -1),
            "mode is -1, expected 0 to 2");
  EXPECT_EQ(refusal(shape, [](auto& v) { v.shape[1] = index_t{1} << 31; }),
            "entries has the size 2147483648 in mode 1, expected 0 to 2^31 - 1");
  EXPECT_EQ(refusal(shape, [](auto& v) { v.entries = -1; }), "entries has -1 entries, expected at least 0");
  EXPECT_EQ(refusal(argument, [](auto& v) { v.indices[2] = nullptr; }), "entries.indices[2] is a null pointer");
  EXPECT_EQ(refusal(argument, [](auto& v) { v.values = nullptr; }), "entries.values is a null pointer");
}

INSTANTIATE_TEST_SUITE_P(Backends, ByModeOn, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
