#include <cstdlib>

#include "cpu/simd.hpp"
#include "tensor_support.hpp"

// The dense MTTKRP and its two steps.
namespace seesaw::test {
namespace {

class Mttkrp : public OnBackend {};

template <class T>
DenseTensor<T> random_dense(const Context& ctx, const std::vector<index_t>& shape, std::uint64_t seed) {
  DenseTensor<T> tensor;
  tensor.order = static_cast<int>(shape.size());
  index_t size = 1;
  for (std::size_t n = 0; n < shape.size(); ++n) size *= tensor.shape[n] = shape[n];
  const auto values = random_matrix<T>(size, 1, seed);
  tensor.values = seesaw::to_context(ctx, values.buffer().data(), size);
  return tensor;
}

template <class T>
Matrix<T> mttkrp_on(Context& ctx, const std::vector<index_t>& shape, const Point<T>& factors, int mode) {
  const auto tensor = random_dense<T>(ctx, shape, 3);
  const auto there = to_context(ctx, factors);
  Matrix<T> out(ctx, shape[static_cast<std::size_t>(mode)], factors[0].cols());
  mttkrp(ctx, tensor.view(), views(there), mode, out.view());
  return to_host(out);
}

/// Sums over all elements of the tensor of value * the rows of the factors but those of `keep`, by the indices in
/// `keep`; and the same of absolute values.
template <class T>
Exact exact_sums(const std::vector<index_t>& shape, const T* values, const Point<T>& factors, Modes keep) {
  const auto k = static_cast<std::size_t>(factors[0].cols());
  index_t size = 1, kept = 1;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    size *= shape[n];
    if (static_cast<int>(n) >= keep.first && static_cast<int>(n) < keep.last) kept *= shape[n];
  }
  Exact exact;
  exact.value.assign(static_cast<std::size_t>(kept) * k, 0);
  exact.scale = exact.value;
  std::vector<index_t> place(shape.size(), 0);
  std::vector<long double> product(k);
  for (index_t e = 0; e < size; ++e) {
    index_t rest = e, row = 0;
    for (std::size_t n = shape.size(); n-- > 0; rest /= shape[n]) place[n] = rest % shape[n];
    std::fill(product.begin(), product.end(), static_cast<long double>(values[e]));
    for (std::size_t n = 0; n < shape.size(); ++n) {
      if (static_cast<int>(n) >= keep.first && static_cast<int>(n) < keep.last) {
        row = row * shape[n] + place[n];
        continue;
      }
      for (std::size_t f = 0; f < k; ++f)
        product[f] *= static_cast<long double>(factors[n](place[n], static_cast<index_t>(f)));
    }
    for (std::size_t f = 0; f < k; ++f) {
      exact.value[static_cast<std::size_t>(row) * k + f] += product[f];
      exact.scale[static_cast<std::size_t>(row) * k + f] += std::abs(product[f]);
    }
  }
  return exact;
}

/// |found - sum| <= (terms + order + 2) eps sum |terms|: a term goes through `order` products and, in whatever order
/// and parts they are added, at most as many additions as there are terms (Higham, sections 3.1 and 4.2).
template <class T>
void expect_near(const Matrix<T>& found, const Exact& exact, double terms, std::size_t order, const std::string& what) {
  ASSERT_EQ(static_cast<std::size_t>(found.buffer().size()), exact.value.size()) << what;
  const auto roundings = static_cast<long double>((terms + static_cast<double>(order) + 2) * eps<T>());
  for (std::size_t n = 0; n < exact.value.size(); ++n)
    ASSERT_LE(std::abs(static_cast<long double>(found.buffer().data()[n]) - exact.value[n]), roundings * exact.scale[n])
        << what << ", element " << n;
}

double size_of(const std::vector<index_t>& shape) {
  double size = 1;
  for (const index_t one : shape) size *= static_cast<double>(one);
  return size;
}

std::string name_of(const std::vector<index_t>& shape, index_t k) {
  std::string name = "shape";
  for (const index_t size : shape) name.append(" ").append(std::to_string(size));
  return name + ", k = " + std::to_string(k);
}

template <class T>
void agrees(Context& ctx, const std::vector<index_t>& shape, index_t k) {
  Context host = Context::reference();
  const auto values = random_dense<T>(host, shape, 3);
  const auto factors = random_point<T>(shape, k, 5);
  for (int mode = 0; mode < static_cast<int>(shape.size()); ++mode) {
    const Exact exact = exact_sums(shape, values.values.data(), factors, {mode, mode + 1});
    const double terms = size_of(shape) / static_cast<double>(shape[static_cast<std::size_t>(mode)]);
    expect_near(mttkrp_on(ctx, shape, factors, mode), exact, terms, shape.size(),
                name_of(shape, k) + ", mode " + std::to_string(mode));
  }
}

// T(i, j, l) = 1 to 8; A = (1, 2; 3, 4), B = (1, -1; 2, 0), C = (1, 3; 10, 1).
template <class T>
void by_hand(Context& ctx) {
  const T numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};
  DenseTensor<T> tensor{3, {2, 2, 2}, seesaw::to_context(ctx, numbers, 8)};
  Point<T> host;
  host.push_back(matrix_of<T>(2, 2, {1, 2, 3, 4}));
  host.push_back(matrix_of<T>(2, 2, {1, -1, 2, 0}));
  host.push_back(matrix_of<T>(2, 2, {1, 3, 10, 1}));
  const auto factors = to_context(ctx, host);
  const auto expect = [&](int mode, const std::vector<double>& expected) {
    Matrix<T> out(ctx, 2, 2);
    mttkrp(ctx, tensor.view(), views(factors), mode, out.view());
    EXPECT_TRUE(same_bits(to_host(out), matrix_of<T>(2, 2, expected))) << "mode " << mode;
  };
  expect(0, {21 + 2 * 43, -5, 65 + 2 * 87, -21});
  expect(1, {21 + 3 * 65, 2 * 5 + 4 * 21, 43 + 3 * 87, 2 * 13 + 4 * 29});
  expect(2, {1 + 2 * 3 + 3 * 5 + 6 * 7, -2 - 4 * 5, 2 + 2 * 4 + 3 * 6 + 6 * 8, -2 * 2 - 4 * 6});
  Matrix<T> last(ctx, 4, 2), first(ctx, 4, 2);
  partial_mttkrp(ctx, tensor.view(), views(factors), {0, 2}, last.view());
  EXPECT_TRUE(same_bits(to_host(last), matrix_of<T>(4, 2, {21, 5, 43, 13, 65, 21, 87, 29})));
  partial_mttkrp(ctx, tensor.view(), views(factors), {1, 3}, first.view());
  EXPECT_TRUE(same_bits(to_host(first), matrix_of<T>(4, 2, {16, 22, 20, 28, 24, 34, 28, 40})));
}

TEST_P(Mttkrp, IsWhatHandsCompute) {
  Context ctx = context();
  by_hand<float>(ctx);
  by_hand<double>(ctx);
}

TEST_P(Mttkrp, AgreesWithPlainSums) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{200, 33},   {1, 2},         {31, 2, 33},      {1, 33, 31},
                                                 {33, 31, 1}, {2, 31, 1, 33}, {2, 3, 31, 2, 5}, {200, 1, 2, 1, 1}};
  for (const auto& shape : shapes)
    for (const index_t k : {1, 2, 7, 16, 33, 70}) {
      agrees<float>(ctx, shape, k);
      agrees<double>(ctx, shape, k);
    }
  agrees<float>(ctx, {2, 3, 2, 1, 3, 2, 2, 3}, 9);
}

// On the cpu few rows: what is contracted comes in parts; and more rows than a block has.
TEST_P(Mttkrp, AgreesWithPlainSumsInParts) {
  Context ctx = context();
  agrees<float>(ctx, {3, 5000}, 5);
  agrees<float>(ctx, {600, 21}, 5);
  agrees<double>(ctx, {2, 61, 67, 2}, 3);
}

// Each instruction set has vectors of its own.
TEST(MttkrpCpu, EveryInstructionSetAgreesWithPlainSums) {
  for (const std::string& target : cpu::simd_targets()) {
    setenv("SEESAW_SIMD", target.c_str(), 1);
    Context ctx = Context::cpu(2);
    for (const index_t k : {1, 2, 3, 5, 8, 9, 16, 17, 33, 65}) {
      agrees<float>(ctx, {31, 2, 33}, k);
      agrees<double>(ctx, {7, 31, 5}, k);
    }
  }
  unsetenv("SEESAW_SIMD");
  Context::cpu();
}

// Mode 0 of a matrix X is X A_1, mode 1 its transposed times A_0.
TEST_P(Mttkrp, OfAMatrixIsAProduct) {
  Context ctx = context(), host = Context::reference();
  const index_t m = 33, n = 31, k = 7;
  const auto x = random_dense<double>(host, {m, n}, 3);
  const auto factors = random_point<double>({m, n}, k, 5);
  const auto rows = mttkrp_on(ctx, {m, n}, factors, 0), columns = mttkrp_on(ctx, {m, n}, factors, 1);
  // Integers below 2^53 in the place of random numbers would make it exact; so both are off by (terms + 1) eps |X| |A|.
  const auto expect = [&](const Matrix<double>& found, const Matrix<double>& factor, auto element) {
    for (index_t i = 0; i < found.rows(); ++i)
      for (index_t f = 0; f < k; ++f) {
        double sum = 0, size = 0;
        for (index_t j = 0; j < factor.rows(); ++j) {
          sum += element(i, j) * factor(j, f);
          size += std::abs(element(i, j) * factor(j, f));
        }
        ASSERT_NEAR(found(i, f), sum, 2 * static_cast<double>(factor.rows() + 1) * eps<double>() * size);
      }
  };
  expect(rows, factors[1], [&](index_t i, index_t j) { return x.values.data()[i * n + j]; });
  expect(columns, factors[0], [&](index_t j, index_t i) { return x.values.data()[i * n + j]; });
}

// Every way to keep some modes of a tensor of order 4, from the tensor and from what was left of it before.
template <class T>
void partials_agree(Context& ctx, const std::vector<index_t>& shape, index_t k) {
  const auto tensor = random_dense<T>(ctx, shape, 3);
  const auto values = to_host(tensor.values);
  const auto factors = random_point<T>(shape, k, 5);
  const auto there = to_context(ctx, factors);
  const int order = static_cast<int>(shape.size());
  const auto rows_of = [&](Modes modes) {
    index_t rows = 1;
    for (int n = modes.first; n < modes.last; ++n) rows *= shape[static_cast<std::size_t>(n)];
    return rows;
  };
  for (int split = 1; split < order; ++split)
    for (const Modes modes : {Modes{0, split}, Modes{split, order}}) {
      Matrix<T> left(ctx, rows_of(modes), k);
      partial_mttkrp(ctx, tensor.view(), views(there), modes, left.view());
      const std::string what =
          name_of(shape, k) + ", kept " + std::to_string(modes.first) + " to below " + std::to_string(modes.last);
      const auto terms = [&](Modes keep) { return size_of(shape) / static_cast<double>(rows_of(keep)); };
      expect_near(to_host(left), exact_sums(shape, values.data(), factors, modes), terms(modes), shape.size(), what);
      const PartialTensorView<T> partial{order, tensor.shape, modes, read(left)};
      for (int first = modes.first; first < modes.last; ++first)
        for (int last = first + 1; last <= modes.last; ++last) {
          Matrix<T> out(ctx, rows_of({first, last}), k);
          partial_mttkrp(ctx, partial, views(there), {first, last}, out.view());
          expect_near(to_host(out), exact_sums(shape, values.data(), factors, {first, last}), terms({first, last}),
                      shape.size(), what + ", then " + std::to_string(first) + " to below " + std::to_string(last));
        }
    }
}

TEST_P(Mttkrp, PartialOnesAgreeWithPlainSums) {
  Context ctx = context();
  for (const index_t k : {1, 5, 33}) {
    partials_agree<float>(ctx, {3, 5, 2, 7}, k);
    partials_agree<double>(ctx, {4, 1, 3, 2, 3}, k);
  }
}

// Few rows and many terms: the terms come in parts and segments.
TEST_P(Mttkrp, PartialOnesOfManyTermsAgreeWithPlainSums) {
  Context ctx = context();
  partials_agree<float>(ctx, {41, 3, 53, 2}, 5);
  partials_agree<double>(ctx, {1300, 2, 2}, 2);
}

template <class T>
void order_of_rows_is_the_shape(Context& ctx, index_t k) {
  // A tensor that is 1 at one place: out is the product of the other factors' rows there, in one row.
  const std::vector<index_t> shape{3, 4, 5};
  Buffer<T> host(60);
  std::fill_n(host.data(), 60, T{0});
  host.data()[(2 * 4 + 1) * 5 + 3] = 1;
  const DenseTensor<T> tensor{3, {3, 4, 5}, seesaw::to_context(ctx, host.data(), 60)};
  const auto factors = random_point<T>(shape, k, 5);
  const auto there = to_context(ctx, factors);
  const index_t at[] = {2, 1, 3};
  for (int mode = 0; mode < 3; ++mode) {
    const auto own = static_cast<std::size_t>(mode), a = (own + 1) % 3, b = (own + 2) % 3;
    Matrix<T> out(ctx, shape[own], k);
    mttkrp(ctx, tensor.view(), views(there), mode, out.view());
    const auto found = to_host(out);
    for (index_t i = 0; i < shape[own]; ++i)
      for (index_t f = 0; f < k; ++f)
        ASSERT_EQ(found(i, f), i == at[own] ? factors[a](at[a], f) * factors[b](at[b], f) : T{0}) << "mode " << mode;
  }
}

TEST_P(Mttkrp, OfOneElementIsAProductOfRows) {
  Context ctx = context();
  order_of_rows_is_the_shape<float>(ctx, 3);
  order_of_rows_is_the_shape<double>(ctx, 33);
}

TEST_P(Mttkrp, TakesMatricesWithAStride) {
  Context ctx = context();
  const index_t k = 6, stride = 11;
  const std::vector<index_t> shape{4, 3, 5};
  const auto tight = random_point<float>(shape, k, 5);
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  Point<float> memory;
  FactorViews<float> factors;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    Matrix<float> wide(shape[n], stride);
    std::fill_n(wide.buffer().data(), wide.buffer().size(), nan);
    for (index_t i = 0; i < shape[n]; ++i)
      for (index_t f = 0; f < k; ++f) wide(i, f + 1) = tight[n](i, f);
    memory.push_back(seesaw::to_context(ctx, wide));
    factors[n] = {memory[n].buffer().data() + 1, shape[n], k, stride};
  }
  const auto tensor = random_dense<float>(ctx, shape, 3);
  for (int mode = 0; mode < 3; ++mode) {
    const index_t rows = shape[static_cast<std::size_t>(mode)];
    Matrix<float> host(rows, stride);
    std::fill_n(host.buffer().data(), host.buffer().size(), nan);
    Matrix<float> out = seesaw::to_context(ctx, host);
    mttkrp(ctx, tensor.view(), factors, mode, {out.buffer().data() + 1, rows, k, stride});
    const auto found = to_host(out), expected = mttkrp_on(ctx, shape, tight, mode);
    for (index_t i = 0; i < rows; ++i)
      for (index_t f = 0; f < stride; ++f) {
        if (f < 1 || f > k)
          EXPECT_TRUE(std::isnan(found(i, f)));
        else
          EXPECT_EQ(found(i, f), expected(i, f - 1)) << "mode " << mode << ", row " << i << ", column " << f - 1;
      }
  }
}

TEST_P(Mttkrp, IsTheSameForAnyNumberOfThreads) {
  const std::vector<std::vector<index_t>> shapes{{3, 9000}, {700, 40}, {60, 3, 55}, {5, 40, 3, 30}};
  for (const auto& shape : shapes) {
    const auto factors = random_point<float>(shape, 17, 5);
    for (int mode = 0; mode < static_cast<int>(shape.size()); ++mode) {
      Context one = context(1), two = context(2), five = context(5);
      const auto expected = mttkrp_on(one, shape, factors, mode);
      EXPECT_TRUE(same_bits(mttkrp_on(two, shape, factors, mode), expected)) << name_of(shape, 17) << ", " << mode;
      EXPECT_TRUE(same_bits(mttkrp_on(five, shape, factors, mode), expected)) << name_of(shape, 17) << ", " << mode;
    }
  }
}

TEST(MttkrpSplit, LeavesTheLeast) {
  EXPECT_EQ(mttkrp_split(2, {7, 100}), 1);
  EXPECT_EQ(mttkrp_split(3, {500, 500, 500}), 2);
  EXPECT_EQ(mttkrp_split(3, {500, 500, 20}), 1);
  EXPECT_EQ(mttkrp_split(4, {100, 100, 100, 100}), 2);
  EXPECT_EQ(mttkrp_split(5, {2, 3, 4, 5, 200}), 4);
  // The last sizes' product is more than BLAS can count.
  EXPECT_EQ(mttkrp_split(3, {index_t{1} << 16, index_t{1} << 17, index_t{1} << 17}), 2);
  EXPECT_GE(mttkrp_workspace(3, {500, 500, 500}, 16), (500.0 + 500 * 500) * 16);
}

class MttkrpErrors : public OnBackend {
 protected:
  struct Call {
    DenseTensorView<float> tensor;
    FactorViews<float> factors;
    int mode = 1;
    MatrixView<float> out;
    Modes keep{1, 3};
    MatrixView<float> kept;
    PartialTensorView<float> partial;
    Modes then{2, 3};
    MatrixView<float> last;
  };
  /// The message of run(ctx, call) for a call that is right but for what spoil() changes; empty where it throws
  /// nothing.
  template <class E, class Run, class Spoil>
  std::string message(Run&& run, Spoil&& spoil) const {
    Context ctx = context();
    const std::vector<index_t> shape{2, 3, 2};
    const auto tensor = random_dense<float>(ctx, shape, 3);
    const auto factors = to_context(ctx, random_point<float>(shape, 4, 1));
    Matrix<float> out(ctx, 3, 4), kept(ctx, 6, 4), last(ctx, 2, 4);
    Call call;
    call.tensor = tensor.view();
    call.factors = views(factors);
    call.out = out.view();
    call.kept = kept.view();
    call.partial = {3, tensor.shape, {1, 3}, kept.view()};
    call.last = last.view();
    EXPECT_NO_THROW(run(ctx, call));
    spoil(call);
    return message_of<E>([&] { run(ctx, call); });
  }
  template <class E, class Spoil>
  std::string whole(Spoil&& spoil) const {
    return message<E>([](Context& ctx, const Call& c) { mttkrp(ctx, c.tensor, c.factors, c.mode, c.out); }, spoil);
  }
  template <class E, class Spoil>
  std::string first(Spoil&& spoil) const {
    return message<E>([](Context& ctx, const Call& c) { partial_mttkrp(ctx, c.tensor, c.factors, c.keep, c.kept); },
                      spoil);
  }
  template <class E, class Spoil>
  std::string second(Spoil&& spoil) const {
    return message<E>([](Context& ctx, const Call& c) { partial_mttkrp(ctx, c.partial, c.factors, c.then, c.last); },
                      spoil);
  }
};

TEST_P(MttkrpErrors, Tensor) {
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.tensor.order = 1; }), "tensor has the order 1, expected 2 to 8");
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.tensor.order = 9; }), "tensor has the order 9, expected 2 to 8");
  EXPECT_EQ(first<ShapeError>([](Call& c) { c.tensor.order = 9; }), "tensor has the order 9, expected 2 to 8");
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.tensor.shape[2] = 0; }),
            "tensor has the size 0 in mode 2, expected 1 to 2^31 - 1");
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.tensor.shape[0] = index_t{1} << 31; }),
            "tensor has the size 2147483648 in mode 0, expected 1 to 2^31 - 1");
  EXPECT_FALSE(whole<OutOfMemory>([](Call& c) { c.tensor.shape = {1 << 30, 1 << 30, 1 << 30}; }).empty());
  EXPECT_EQ(whole<InvalidArgument>([](Call& c) { c.tensor.data = nullptr; }), "tensor.data is a null pointer");
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.mode = 3; }), "mode is 3, expected 0 to 2");
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.mode = -1; }), "mode is -1, expected 0 to 2");
}

TEST_P(MttkrpErrors, Matrices) {
  EXPECT_EQ(whole<InvalidArgument>([](Call& c) { c.out.cols = 0; }), "rank is 0, expected at least 1");
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.out.rows = 2; }), "out is 2 x 4, expected 3 x 4");
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.factors[2].cols = 3; }), "factors[2] is 2 x 3, expected 2 x 4");
  EXPECT_EQ(whole<ShapeError>([](Call& c) { c.factors[0].rows = 5; }), "factors[0] is 5 x 4, expected 2 x 4");
  EXPECT_EQ(whole<InvalidArgument>([](Call& c) { c.factors[0].data = nullptr; }), "factors[0] is a null pointer");
  EXPECT_EQ(first<ShapeError>([](Call& c) { c.kept.rows = 5; }), "out is 5 x 4, expected 6 x 4");
  EXPECT_EQ(second<ShapeError>([](Call& c) { c.last.rows = 3; }), "out is 3 x 4, expected 2 x 4");
  EXPECT_EQ(second<ShapeError>([](Call& c) { c.factors[1].rows = 2; }), "factors[1] is 2 x 4, expected 3 x 4");
}

TEST_P(MttkrpErrors, Modes) {
  const char* const of_three = ", expected some of the first or of the last of 3, not all";
  EXPECT_EQ(first<ShapeError>([](Call& c) {
              c.keep = {1, 2};
            }),
            std::string("keep has the modes from 1 to below 2") + of_three);
  EXPECT_EQ(first<ShapeError>([](Call& c) {
              c.keep = {0, 3};
            }),
            std::string("keep has the modes from 0 to below 3") + of_three);
  EXPECT_EQ(first<ShapeError>([](Call& c) {
              c.keep = {0, 0};
            }),
            std::string("keep has the modes from 0 to below 0") + of_three);
  EXPECT_EQ(first<ShapeError>([](Call& c) {
              c.keep = {3, 3};
            }),
            std::string("keep has the modes from 3 to below 3") + of_three);
  EXPECT_EQ(first<ShapeError>([](Call& c) {
              c.keep = {0, 4};
            }),
            std::string("keep has the modes from 0 to below 4") + of_three);
  EXPECT_EQ(second<ShapeError>([](Call& c) { c.partial.order = 1; }), "partial has the order 1, expected 2 to 8");
  EXPECT_EQ(second<ShapeError>([](Call& c) {
              c.partial.modes = {1, 4};
            }),
            "partial has the modes from 1 to below 4, expected some of 3");
  EXPECT_EQ(second<ShapeError>([](Call& c) {
              c.then = {0, 2};
            }),
            "keep has the modes from 0 to below 2, expected some of the modes from 1 to below 3");
  EXPECT_EQ(second<ShapeError>([](Call& c) {
              c.then = {2, 2};
            }),
            "keep has the modes from 2 to below 2, expected some of the modes from 1 to below 3");
  EXPECT_EQ(second<ShapeError>([](Call& c) { c.partial.elements.rows = 5; }),
            "partial.elements is 5 x 4, expected 6 x 4");
}

INSTANTIATE_TEST_SUITE_P(Backends, Mttkrp, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, MttkrpErrors, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
