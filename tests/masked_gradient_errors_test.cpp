#include "tensor_support.hpp"

namespace seesaw::test {
namespace {

class MaskedGradientErrors : public OnBackend {
 protected:
  /// Everything right, for a test to make one thing wrong.
  struct Call {
    ByMode<float> by;
    Point<float> at, along;
    Matrix<float> out;
    ModeView<float> entries;
    FactorViews<float> factors, direction;
    MatrixView<float> gradient;
    Penalty penalty{1, Weighting::plain};
  };
  static constexpr index_t kRank = 4;

  Call call(Context& ctx) const {
    const Tensor tensor{{2, 3, 2}, {{{0, 2, 1}, 1}, {{1, 0, 0}, 2}}};
    Call good;
    good.by = by_mode<float>(ctx, tensor, 0, true);
    good.at = to_context(ctx, random_point<float>(tensor.shape, kRank, 1));
    good.along = to_context(ctx, random_point<float>(tensor.shape, kRank, 2));
    good.out = Matrix<float>(ctx, 2, kRank);
    good.entries = good.by.view;
    good.factors = views(good.at);
    good.direction = views(good.along);
    good.gradient = good.out.view();
    return good;
  }

  static void gradient(Context& ctx, const Call& c) {
    masked_gradient(ctx, c.entries, c.factors, c.penalty, c.gradient);
  }
  static void product(Context& ctx, const Call& c) {
    masked_product(ctx, c.entries, c.factors, c.direction, Curvature::exact, c.penalty, c.gradient);
  }
  static void line(Context& ctx, const Call& c) { masked_line(ctx, c.entries, c.factors, c.direction); }

  /// The message that all three give for entries or factors that break() made wrong.
  template <class E, class Break>
  std::string message(Break&& break_it) const {
    Context ctx = context();
    Call bad = call(ctx);
    break_it(bad);
    const std::string text = message_of<E>([&] { gradient(ctx, bad); });
    EXPECT_EQ(message_of<E>([&] { product(ctx, bad); }), text);
    EXPECT_EQ(message_of<E>([&] { line(ctx, bad); }), text);
    return text;
  }
  /// That of masked_product and masked_line for a wrong direction.
  template <class E, class Break>
  std::string direction_message(Break&& break_it) const {
    Context ctx = context();
    Call bad = call(ctx);
    break_it(bad);
    const std::string text = message_of<E>([&] { product(ctx, bad); });
    EXPECT_EQ(message_of<E>([&] { line(ctx, bad); }), text);
    return text;
  }
  /// That of masked_gradient and, with "gradient" for "product", of masked_product.
  template <class E, class Break>
  std::string output_message(Break&& break_it) const {
    Context ctx = context();
    Call bad = call(ctx);
    break_it(bad);
    const std::string text = message_of<E>([&] { gradient(ctx, bad); });
    std::string other = message_of<E>([&] { product(ctx, bad); });
    if (other.starts_with("product")) other.replace(0, 7, "gradient");
    EXPECT_EQ(other, text);
    return text;
  }
};

TEST_P(MaskedGradientErrors, TheCallItselfIsRight) {
  Context ctx = context();
  const Call good = call(ctx);
  EXPECT_NO_THROW(gradient(ctx, good));
  EXPECT_NO_THROW(product(ctx, good));
  EXPECT_NO_THROW(line(ctx, good));
}

TEST_P(MaskedGradientErrors, Entries) {
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.entries.order = 1; }), "entries has the order 1, expected 2 to 8");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.entries.order = 9; }), "entries has the order 9, expected 2 to 8");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.entries.mode = 3; }), "entries is by mode 3, expected 0 to 2");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.entries.mode = -1; }), "entries is by mode -1, expected 0 to 2");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.entries.shape[1] = -3; }),
            "entries has the size -3 in mode 1, expected 0 to 2^31 - 1");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.entries.shape[2] = index_t{1} << 31; }),
            "entries has the size 2147483648 in mode 2, expected 0 to 2^31 - 1");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.entries.entries = -1; }),
            "entries has -1 entries, expected at least 0");
  EXPECT_EQ(message<InvalidArgument>([](Call& c) { c.entries.offsets = nullptr; }),
            "entries.offsets is a null pointer");
  EXPECT_EQ(message<InvalidArgument>([](Call& c) { c.entries.indices[2] = nullptr; }),
            "entries.indices[2] is a null pointer");
  EXPECT_EQ(message<InvalidArgument>([](Call& c) { c.entries.values = nullptr; }), "entries.values is a null pointer");
}

TEST_P(MaskedGradientErrors, Factors) {
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.factors[1].rows = -3; }),
            "factors[1] is -3 x 4, sizes must not be negative");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.factors[1].stride = 3; }),
            "factors[1] has the stride 3, expected at least its 4 columns");
  EXPECT_EQ(message<InvalidArgument>([](Call& c) { c.factors[2].data = nullptr; }), "factors[2] is a null pointer");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.factors[1].rows = 2; }), "factors[1] is 2 x 4, expected 3 x 4");
  EXPECT_EQ(message<ShapeError>([](Call& c) { c.factors[2].cols = 3; }), "factors[2] is 2 x 3, expected 2 x 4");
  EXPECT_EQ(message<InvalidArgument>([](Call& c) { c.factors[0].cols = 0; }), "rank is 0, expected at least 1");
  EXPECT_EQ(direction_message<ShapeError>([](Call& c) { c.direction[1].rows = 2; }),
            "direction[1] is 2 x 4, expected 3 x 4");
  EXPECT_EQ(direction_message<ShapeError>([](Call& c) { c.direction[0].cols = 3; }),
            "direction[0] is 2 x 3, expected 2 x 4");
  EXPECT_EQ(direction_message<InvalidArgument>([](Call& c) { c.direction[0].data = nullptr; }),
            "direction[0] is a null pointer");
}

TEST_P(MaskedGradientErrors, OutputAndPenalty) {
  EXPECT_EQ(output_message<ShapeError>([](Call& c) { c.gradient.rows = 1; }), "gradient is 1 x 4, expected 2 x 4");
  EXPECT_EQ(output_message<ShapeError>([](Call& c) { c.gradient.cols = 3; }), "gradient is 2 x 3, expected 2 x 4");
  EXPECT_EQ(output_message<InvalidArgument>([](Call& c) { c.gradient.data = nullptr; }), "gradient is a null pointer");
  EXPECT_EQ(output_message<InvalidArgument>([](Call& c) { c.penalty.lambda = -1; }),
            "lambda is -1, expected a finite number >= 0");
  EXPECT_EQ(output_message<InvalidArgument>([](Call& c) { c.penalty.lambda = std::nan(""); }),
            "lambda is nan, expected a finite number >= 0");
  EXPECT_TRUE(output_message<InvalidArgument>([](Call& c) {
                c.penalty.lambda = 1e39;
              }).starts_with("lambda is 1e+39, expected at most 3.4"));
}

TEST_P(MaskedGradientErrors, MemoryOfAnotherSpace) {
  if (GetParam() != Backend::cuda) GTEST_SKIP() << "one memory serves the reference and cpu backends alike";
  const offset_t offsets[] = {0, 1, 2};
  const column_t indices[] = {0, 0};
  const float numbers[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  const char* const there = " does not lie in the memory of the cuda context";
  EXPECT_EQ(message<InvalidArgument>([&](Call& c) { c.entries.offsets = offsets; }),
            std::string("entries.offsets") + there);
  EXPECT_EQ(message<InvalidArgument>([&](Call& c) { c.entries.indices[1] = indices; }),
            std::string("entries.indices[1]") + there);
  EXPECT_EQ(message<InvalidArgument>([&](Call& c) { c.entries.values = numbers; }),
            std::string("entries.values") + there);
  EXPECT_EQ(message<InvalidArgument>([&](Call& c) { c.entries.weights = numbers; }),
            std::string("entries.weights") + there);
  EXPECT_EQ(message<InvalidArgument>([&](Call& c) { c.factors[1].data = numbers; }), std::string("factors[1]") + there);
}

TEST_P(MaskedGradientErrors, PenaltySlope) {
  Context ctx = context();
  const Matrix<float> x(ctx, 2, 4), z(ctx, 3, 4), narrow(ctx, 2, 3);
  const auto slope = [&](const Matrix<float>& direction, Penalty penalty) {
    return [&ctx, &x, &direction, penalty] { penalty_slope(ctx, read(x), read(direction), nullptr, penalty); };
  };
  EXPECT_EQ(message_of<ShapeError>(slope(z, {1, Weighting::plain})), "z is 3 x 4, expected 2 x 4");
  EXPECT_EQ(message_of<ShapeError>(slope(narrow, {1, Weighting::plain})), "z is 2 x 3, expected 2 x 4");
  EXPECT_EQ(message_of<InvalidArgument>(slope(x, {-1, Weighting::plain})),
            "lambda is -1, expected a finite number >= 0");
  EXPECT_EQ(message_of<InvalidArgument>(slope(x, {1, Weighting::by_count})), "offsets is a null pointer");
  MatrixView<const float> nowhere{nullptr, 2, 4};
  EXPECT_EQ(message_of<InvalidArgument>([&] { penalty_slope(ctx, nowhere, read(x), nullptr, {}); }),
            "x is a null pointer");
  EXPECT_EQ(message_of<InvalidArgument>([&] { penalty_slope(ctx, read(x), nowhere, nullptr, {}); }),
            "z is a null pointer");
}

INSTANTIATE_TEST_SUITE_P(Backends, MaskedGradientErrors, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
