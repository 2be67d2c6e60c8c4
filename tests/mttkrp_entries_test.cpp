#include <cstdlib>

#include "cpu/simd.hpp"
#include "mttkrp.hpp"
#include "tensor_support.hpp"

// The sparse MTTKRP, of entries by mode and in any order.
namespace seesaw::test {
namespace {

class MttkrpEntries : public OnBackend {};

template <class T>
Matrix<T> mttkrp_on(Context& ctx, const Tensor& tensor, const Point<T>& factors, int mode, bool sorted = true) {
  const auto there = to_context(ctx, factors);
  Matrix<T> out(ctx, tensor.shape[static_cast<std::size_t>(mode)], factors[0].cols());
  if (sorted)
    mttkrp(ctx, by_mode<T>(ctx, tensor, mode, false).view, views(there), out.view());
  else
    mttkrp(ctx, entries_of<T>(ctx, shuffled(tensor)).view(), views(there), mode, out.view());
  return to_host(out);
}

// A = (1, 2; 3, 0), B = (2, 1), C = (1, 1; 0, 2); the entries 5 at (0, 0, 0), 4 at (0, 0, 1), 1 at (1, 0, 1).
template <class T>
void by_hand(Context& ctx) {
  const Tensor tensor{{2, 1, 2}, {{{0, 0, 0}, 5}, {{0, 0, 1}, 4}, {{1, 0, 1}, 1}}};
  Point<T> factors;
  factors.push_back(matrix_of<T>(2, 2, {1, 2, 3, 0}));
  factors.push_back(matrix_of<T>(1, 2, {2, 1}));
  factors.push_back(matrix_of<T>(2, 2, {1, 1, 0, 2}));
  for (const bool sorted : {true, false}) {
    EXPECT_TRUE(same_bits(mttkrp_on(ctx, tensor, factors, 0, sorted), matrix_of<T>(2, 2, {10, 5 + 8, 0, 2})));
    EXPECT_TRUE(same_bits(mttkrp_on(ctx, tensor, factors, 1, sorted), matrix_of<T>(1, 2, {5, 10 + 16})));
    EXPECT_TRUE(same_bits(mttkrp_on(ctx, tensor, factors, 2, sorted), matrix_of<T>(2, 2, {10, 10, 8 + 6, 8})));
  }
}

TEST_P(MttkrpEntries, IsWhatHandsCompute) {
  Context ctx = context();
  by_hand<float>(ctx);
  by_hand<double>(ctx);
}

/// |found - sum| <= (n + order + 1) eps sum |terms|, n the entries of the row: `order` products, and n additions in any
/// order (Higham, sections 3.1 and 4.2).
template <class T>
void agrees(Context& ctx, const Tensor& tensor, index_t k, int mode, bool sorted = true) {
  const auto own = static_cast<std::size_t>(mode);
  const auto factors = random_point<T>(tensor.shape, k, 5);
  const auto found = mttkrp_on(ctx, tensor, factors, mode, sorted);
  std::vector<long double> value(static_cast<std::size_t>(found.buffer().size()), 0), scale = value;
  std::vector<index_t> counts(static_cast<std::size_t>(tensor.shape[own]), 0);
  for (const TensorEntry& entry : tensor.entries) {
    const auto i = static_cast<std::size_t>(entry.index[own]);
    ++counts[i];
    for (index_t f = 0; f < k; ++f) {
      long double product = static_cast<long double>(static_cast<T>(entry.value));
      for (std::size_t n = 0; n < tensor.shape.size(); ++n)
        if (n != own) product *= static_cast<long double>(factors[n](entry.index[n], f));
      value[i * static_cast<std::size_t>(k) + static_cast<std::size_t>(f)] += product;
      scale[i * static_cast<std::size_t>(k) + static_cast<std::size_t>(f)] += std::abs(product);
    }
  }
  for (std::size_t n = 0; n < value.size(); ++n) {
    const auto roundings = static_cast<double>(counts[n / static_cast<std::size_t>(k)] + tensor.order() + 1);
    ASSERT_LE(std::abs(static_cast<long double>(found.buffer().data()[n]) - value[n]),
              static_cast<long double>(roundings * eps<T>()) * scale[n])
        << name_of(tensor, k, mode, false) << ", element " << n;
  }
}

TEST_P(MttkrpEntries, AgreesWithPlainSums) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{10, 200}, {10, 1, 33}, {10, 2, 31, 33}, {10, 4, 2, 3, 31}};
  for (const auto& shape : shapes) {
    const Tensor tensor = random_tensor(shape, kLengths, 7);
    for (const index_t k : {1, 2, 3, 7, 8, 9, 16, 25, 31, 33, 64, 70}) {
      agrees<float>(ctx, tensor, k, 0);
      agrees<double>(ctx, tensor, k, tensor.order() - 1);
    }
    for (int mode = 0; mode < tensor.order(); ++mode) agrees<float>(ctx, tensor, 5, mode);
  }
  const Tensor eight = random_tensor({10, 2, 3, 2, 1, 2, 3, 2}, kLengths, 13);
  agrees<float>(ctx, eight, 9, 4);
  agrees<double>(ctx, eight, 33, 0);
}

// Rows that are cut into segments and that begin and end within a block of entries, of every width.
TEST_P(MttkrpEntries, OfLongRowsAgreesWithPlainSums) {
  Context ctx = context();
  const std::vector<index_t> lengths{0, 5, 1300, 31, 0, 1029, 0};
  for (const index_t k : {9, 64, 129, 300}) {
    agrees<float>(ctx, random_tensor({7, 41}, lengths, 17), k, 0);
    agrees<double>(ctx, random_tensor({7, 11, 5}, lengths, 19), k, 0);
  }
  const Tensor longest = random_tensor({6, 97, 31}, {0, 3, 40000, 0, 16381, 0}, 23);
  agrees<float>(ctx, longest, 8, 0);
  agrees<float>(ctx, longest, 3, 1);
  agrees<double>(ctx, longest, 5, 2);
}

// One part and up to 16, and more columns than the parts sum at once.
TEST_P(MttkrpEntries, InAnyOrderAgreesWithPlainSums) {
  Context ctx = context();
  for (const auto& shape : std::vector<std::vector<index_t>>{{10, 200}, {10, 2, 31, 33}, {10, 4, 2, 3, 31}}) {
    const Tensor tensor = random_tensor(shape, kLengths, 7);
    for (const index_t k : {1, 3, 7, 9, 16, 25, 33, 70}) {
      agrees<float>(ctx, tensor, k, 0, false);
      agrees<double>(ctx, tensor, k, tensor.order() - 1, false);
    }
  }
  const Tensor eight = random_tensor({10, 2, 3, 2, 1, 2, 3, 2}, kLengths, 13);
  agrees<float>(ctx, eight, 9, 4, false);
  const Tensor many = random_tensor({6, 97, 31}, {0, 3, 4000, 0, 1638, 0}, 23);
  ASSERT_EQ(unsorted_parts(std::ssize(many.entries), 6), 16);
  ASSERT_EQ(unsorted_parts(std::ssize(many.entries), 97), 1);
  ASSERT_EQ(unsorted_parts(std::ssize(many.entries), 31), 4);
  for (int mode = 0; mode < 3; ++mode) {
    agrees<float>(ctx, many, 5, mode, false);
    agrees<double>(ctx, many, 67, mode, false);
  }
  agrees<float>(ctx, many, 130, 2, false);
}

// Every element of a dense tensor as an entry. Each of the two sums is within (terms + order + 2) eps of the sum of
// absolute values, which is at most terms * the largest value times the largest product.
TEST_P(MttkrpEntries, AgreesWithTheDenseOne) {
  Context ctx = context();
  const std::vector<index_t> shape{7, 5, 6};
  const index_t k = 11, size = 7 * 5 * 6;
  const auto values = random_matrix<double>(size, 1, 3);
  Tensor tensor{shape, {}};
  for (index_t e = 0; e < size; ++e) {
    TensorEntry entry{};
    entry.index = {static_cast<column_t>(e / 30), static_cast<column_t>(e / 6 % 5), static_cast<column_t>(e % 6)};
    entry.value = values(e, 0);
    tensor.entries.push_back(entry);
  }
  const DenseTensor<double> dense{3, {7, 5, 6}, seesaw::to_context(ctx, values.buffer().data(), size)};
  const auto factors = random_point<double>(shape, k, 5);
  const auto there = to_context(ctx, factors);
  const auto largest = [](const Matrix<double>& m) {
    double most = 0;
    for (index_t n = 0; n < m.buffer().size(); ++n) most = std::max(most, std::abs(m.buffer().data()[n]));
    return most;
  };
  for (int mode = 0; mode < 3; ++mode) {
    const auto own = static_cast<std::size_t>(mode);
    Matrix<double> out(ctx, shape[own], k);
    mttkrp(ctx, dense.view(), views(there), mode, out.view());
    const auto expected = to_host(out), found = mttkrp_on(ctx, tensor, factors, mode);
    const double terms = static_cast<double>(size) / static_cast<double>(shape[own]);
    const double scale = terms * largest(values) * largest(factors[(own + 1) % 3]) * largest(factors[(own + 2) % 3]);
    EXPECT_LE(largest_difference(found, expected), 2 * (terms + 5) * eps<double>() * scale) << "mode " << mode;
  }
}

TEST_P(MttkrpEntries, WithoutEntriesIsZero) {
  Context ctx = context();
  const Tensor empty{{3, 2, 4}, {}};
  EXPECT_TRUE(same_bits(mttkrp_on(ctx, empty, random_point<float>({3, 2, 4}, 2, 1), 0),
                        matrix_of<float>(3, 2, {0, 0, 0, 0, 0, 0})));
  EXPECT_EQ(mttkrp_on(ctx, {{0, 2}, {}}, random_point<float>({0, 2}, 5, 1), 0).rows(), 0);
  EXPECT_TRUE(same_bits(mttkrp_on(ctx, empty, random_point<float>({3, 2, 4}, 2, 1), 0, false),
                        matrix_of<float>(3, 2, {0, 0, 0, 0, 0, 0})));
  EXPECT_EQ(mttkrp_on(ctx, {{0, 2}, {}}, random_point<float>({0, 2}, 5, 1), 0, false).rows(), 0);
}

// A stride that is no multiple of anything, columns between the rows that nothing may touch.
TEST_P(MttkrpEntries, TakesMatricesWithAStride) {
  Context ctx = context();
  const index_t k = 21, stride = 27;
  const Tensor tensor = random_tensor({10, 6, 4}, kLengths, 29);
  const auto tight = random_point<float>(tensor.shape, k, 1);
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  Point<float> memory;
  FactorViews<float> factors;
  for (std::size_t m = 0; m < tight.size(); ++m) {
    Matrix<float> wide(tight[m].rows(), stride);
    std::fill_n(wide.buffer().data(), wide.buffer().size(), nan);
    for (index_t i = 0; i < tight[m].rows(); ++i)
      for (index_t f = 0; f < k; ++f) wide(i, f + 1) = tight[m](i, f);
    memory.push_back(seesaw::to_context(ctx, wide));
    factors[m] = {memory[m].buffer().data() + 1, tight[m].rows(), k, stride};
  }
  const auto by = by_mode<float>(ctx, tensor, 0, false);
  const auto any_order = entries_of<float>(ctx, shuffled(tensor));
  for (const bool sorted : {true, false}) {
    Matrix<float> host(10, stride);
    std::fill_n(host.buffer().data(), host.buffer().size(), nan);
    Matrix<float> out = seesaw::to_context(ctx, host);
    const MatrixView<float> view{out.buffer().data() + 1, 10, k, stride};
    if (sorted)
      mttkrp(ctx, by.view, factors, view);
    else
      mttkrp(ctx, any_order.view(), factors, 0, view);
    const auto found = to_host(out), expected = mttkrp_on(ctx, tensor, tight, 0, sorted);
    for (index_t i = 0; i < 10; ++i)
      for (index_t f = 0; f < stride; ++f) {
        if (f < 1 || f > k)
          EXPECT_TRUE(std::isnan(found(i, f)));
        else
          EXPECT_EQ(found(i, f), expected(i, f - 1)) << "row " << i << ", column " << f - 1;
      }
  }
}

TEST_P(MttkrpEntries, IsTheSameForAnyNumberOfThreads) {
  const Tensor tensor = random_tensor({6, 97, 31}, {30, 20000, 0, 7, 9000, 1}, 47);
  const auto factors = random_point<float>(tensor.shape, 17, 5);
  for (int mode = 0; mode < 3; ++mode)
    for (const bool sorted : {true, false}) {
      Context one = context(1), two = context(2), five = context(5);
      const auto expected = mttkrp_on(one, tensor, factors, mode, sorted);
      EXPECT_TRUE(same_bits(mttkrp_on(two, tensor, factors, mode, sorted), expected)) << "mode " << mode;
      EXPECT_TRUE(same_bits(mttkrp_on(five, tensor, factors, mode, sorted), expected)) << "mode " << mode;
    }
}

TEST_P(MttkrpEntries, RefusesWhatDoesNotFit) {
  Context ctx = context();
  const Tensor tensor{{2, 3, 2}, {{{0, 2, 1}, 1}, {{1, 0, 0}, 2}}};
  const auto by = by_mode<float>(ctx, tensor, 0, true);
  const auto there = to_context(ctx, random_point<float>(tensor.shape, 4, 1));
  Matrix<float> out(ctx, 2, 4);
  struct Call {
    ModeView<float> entries;
    FactorViews<float> factors;
    MatrixView<float> out;
  };
  const auto message = [&]<class E>(E*, auto spoil) {
    Call call{by.view, views(there), out.view()};
    call.entries.weights = nullptr;
    EXPECT_NO_THROW(mttkrp(ctx, call.entries, call.factors, call.out));
    spoil(call);
    return message_of<E>([&] { mttkrp(ctx, call.entries, call.factors, call.out); });
  };
  ShapeError* const shape = nullptr;
  InvalidArgument* const argument = nullptr;
  EXPECT_EQ(message(shape, [](Call& c) { c.entries.order = 1; }), "entries has the order 1, expected 2 to 8");
  EXPECT_EQ(message(shape, [](Call& c) { c.entries.order = 9; }), "entries has the order 9, expected 2 to 8");
  EXPECT_EQ(message(shape, [](Call& c) { c.entries.mode = 3; }), "entries is by mode 3, expected 0 to 2");
  EXPECT_EQ(message(argument, [](Call& c) { c.entries.values = nullptr; }), "entries.values is a null pointer");
  EXPECT_EQ(message(argument, [&](Call& c) { c.entries.weights = by.view.weights; }),
            "entries.weights is not null: a product with the tensor itself has no weights");
  EXPECT_EQ(message(argument, [](Call& c) { c.out.cols = 0; }), "rank is 0, expected at least 1");
  EXPECT_EQ(message(shape, [](Call& c) { c.out.rows = 3; }), "out is 3 x 4, expected 2 x 4");
  EXPECT_EQ(message(shape, [](Call& c) { c.factors[1].rows = 2; }), "factors[1] is 2 x 4, expected 3 x 4");
  EXPECT_EQ(message(argument, [](Call& c) { c.factors[2].data = nullptr; }), "factors[2] is a null pointer");
}

// Each instruction set has vectors of its own, and more columns than a piece of them holds.
TEST(MttkrpEntriesCpu, EveryInstructionSetAgreesWithPlainSums) {
  const Tensor tensor = random_tensor({10, 4, 31}, kLengths, 7);
  for (const std::string& target : cpu::simd_targets()) {
    setenv("SEESAW_SIMD", target.c_str(), 1);
    Context ctx = Context::cpu(2);
    for (const index_t k : {1, 3, 7, 16, 17, 33, 35, 49, 70, 99})
      for (const bool sorted : {true, false}) {
        agrees<float>(ctx, tensor, k, 0, sorted);
        agrees<double>(ctx, tensor, k, 2, sorted);
      }
  }
  unsetenv("SEESAW_SIMD");
  Context::cpu();
}

TEST_P(MttkrpEntries, InAnyOrderRefusesWhatDoesNotFit) {
  Context ctx = context();
  const Tensor tensor{{2, 3, 2}, {{{0, 2, 1}, 1}, {{1, 0, 0}, 2}}};
  const auto entries = entries_of<float>(ctx, shuffled(tensor));
  const auto there = to_context(ctx, random_point<float>(tensor.shape, 4, 1));
  Matrix<float> out(ctx, 2, 4);
  struct Call {
    SparseTensorView<float> entries;
    FactorViews<float> factors;
    int mode;
    MatrixView<float> out;
  };
  const auto message = [&]<class E>(E*, auto spoil) {
    Call call{entries.view(), views(there), 0, out.view()};
    EXPECT_NO_THROW(mttkrp(ctx, call.entries, call.factors, call.mode, call.out));
    spoil(call);
    return message_of<E>([&] { mttkrp(ctx, call.entries, call.factors, call.mode, call.out); });
  };
  ShapeError* const shape = nullptr;
  InvalidArgument* const argument = nullptr;
  EXPECT_EQ(message(shape, [](Call& c) { c.entries.order = 9; }), "entries has the order 9, expected 2 to 8");
  EXPECT_EQ(message(shape, [](Call& c) { c.entries.entries = -1; }), "entries has -1 entries, expected at least 0");
  EXPECT_EQ(message(shape, [](Call& c) { c.mode = 3; }), "mode is 3, expected 0 to 2");
  EXPECT_EQ(message(argument, [](Call& c) { c.entries.indices[2] = nullptr; }), "entries.indices[2] is a null pointer");
  EXPECT_EQ(message(argument, [](Call& c) { c.entries.weights = c.entries.values; }),
            "entries.weights is not null: a product with the tensor itself has no weights");
  EXPECT_EQ(message(shape, [](Call& c) { c.out.rows = 3; }), "out is 3 x 4, expected 2 x 4");
  EXPECT_EQ(message(shape, [](Call& c) { c.factors[1].rows = 2; }), "factors[1] is 2 x 4, expected 3 x 4");
}

INSTANTIATE_TEST_SUITE_P(Backends, MttkrpEntries, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
