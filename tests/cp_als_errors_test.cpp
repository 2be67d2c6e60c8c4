#include "cp_support.hpp"

namespace seesaw::test {
namespace {

class CpAlsErrors : public OnBackendForward {};

/// Of a tensor of rank 1 whose norm is sqrt(8) times the element.
template <class T>
std::string refusal_of(Context& ctx, double element, bool sparse) {
  const auto host = tensor_of<T>({2, 2, 2}, std::vector<double>(8, element));
  return message_of<InvalidArgument>([&] {
    sparse ? cp_als(ctx, sparse_of(ctx, host).view(), options_of(1, 3))
           : cp_als(ctx, to_context(ctx, host).view(), options_of(1, 3));
  });
}

TEST_P(CpAlsErrors, RefusesATensorWhoseSquaresUnderflow) {
  Context ctx = context();
  for (const bool sparse : {false, true}) {
    EXPECT_EQ(
        refusal_of<float>(ctx, 0x1p-60, sparse),
        "tensor has the norm 2.4532694666933987e-18, whose square is below 9.860761315262648e-32, where float loses "
        "digits: scale the tensor");
    EXPECT_EQ(refusal_of<double>(ctx, 0x1p-600, sparse),
              "tensor is all zero, or the squares of its elements are: scale it, or there is no model");
  }
  const auto small = to_context(ctx, tensor_of<float>({2, 2, 2}, std::vector<double>(8, 0x1p-50)));
  EXPECT_NEAR(cp_als(ctx, small.view(), options_of(1, 3)).fit, 1, 64 * eps<float>());
}

TEST_P(CpAlsErrors, RefusesATensorWhoseSquaresOverflow) {
  Context ctx = context();
  for (const bool sparse : {false, true}) {
    EXPECT_EQ(refusal_of<float>(ctx, 0x1p63, sparse),
              "tensor has the norm 26087635650665566208, whose square exceeds a fourth of what float holds, "
              "3.4028234663852886e+38: scale the tensor");
    EXPECT_EQ(
        refusal_of<double>(ctx, 0x1p512, sparse),
        "tensor has an element that is not finite, or the sum of its squares exceeds a fourth of what double holds, "
        "1.7976931348623157e+308: scale the tensor");
  }
  const auto large = to_context(ctx, tensor_of<float>({2, 2, 2}, std::vector<double>(8, 0x1p60)));
  EXPECT_NEAR(cp_als(ctx, large.view(), options_of(1, 3)).fit, 1, 64 * eps<float>());
}

// Each Gram is still finite, the product of two of them is not.
template <class T>
void ends_a_start_that_overflows(Context& ctx, double element) {
  const auto tensor = to_context(ctx, tensor_of<T>({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 9}));
  std::vector<Matrix<T>> start;
  for (int n = 0; n < 3; ++n) start.push_back(to_context(ctx, matrix_of<T>(2, 1, {element, element})));
  EXPECT_EQ(message_of<Error>([&] { cp_als(ctx, tensor.view(), options_of(1, 3), views_of(start)); }),
            std::string("cp_als(): from no start is the fit finite, as numbers exceed what ") +
                (sizeof(T) == sizeof(float) ? "float holds" : "double holds"));
}

TEST_P(CpAlsErrors, EndsAStartThatOverflows) {
  Context ctx = context();
  ends_a_start_that_overflows<float>(ctx, 1e15);
  ends_a_start_that_overflows<double>(ctx, 1e100);
}

TEST_P(CpAlsErrors, RefusesWhatItCannotDo) {
  Context ctx = context();
  const auto good = to_context(ctx, random_cp({3, 4, 5}, 2, 0.1, 111));
  const auto refused = [&](auto change, auto changed_tensor) {
    CpOptions options = options_of(2, 3);
    change(options);
    return message_of<InvalidArgument>([&] { cp_als(ctx, changed_tensor, options); });
  };
  const auto option = [&](auto change) { return refused(change, good.view()); };
  const auto none = [](CpOptions&) {};
  EXPECT_EQ(option([](CpOptions& o) { o.rank = 0; }), "rank is 0, expected at least 1");
  EXPECT_EQ(option([](CpOptions& o) { o.starts = 0; }), "starts is 0, expected at least 1");
  EXPECT_EQ(option([](CpOptions& o) { o.stopping.sweeps = 0; }), "sweeps is 0, expected at least 1");
  EXPECT_EQ(option([](CpOptions& o) { o.modes[1].ridge = -1; }),
            "ridge of modes[1] is -1, expected a finite number >= 0");
  EXPECT_EQ(option([](CpOptions& o) { o.order = {0, 1}; }), "order has the mode 2 0 times, expected once");
  EXPECT_EQ(option([](CpOptions& o) { o.order = {0, 1, 3}; }), "order has the mode 3, expected 0 to 2");
  EXPECT_EQ(option([](CpOptions& o) { o.modes[2].fixed = true; }), "mode 2 is fixed, but start[2] is not given");
  EXPECT_EQ(option([](CpOptions& o) {
              o.modes[0].nonnegative = true;
              o.start = CpStart::range_finder;
            }),
            "start is range_finder, whose factors have negative elements, but mode 0 is to be nonnegative; expected "
            "normal");
  EXPECT_EQ(option([](CpOptions& o) {
              o.modes[2].nonnegative = true;
              o.start = CpStart::nvecs;
            }),
            "start is nvecs, whose factors have negative elements, but mode 2 is to be nonnegative; expected normal");
  EXPECT_EQ(option([](CpOptions& o) {
              o.starts = 2;
              o.start = CpStart::nvecs;
            }),
            "start is nvecs, which is the same for every seed, but starts is 2, expected 1");
  const auto zero = to_context(ctx, tensor_of<double>({2, 2}, {0, 0, 0, 0}));
  EXPECT_EQ(refused(none, zero.view()),
            "tensor is all zero, or the squares of its elements are: scale it, or there is no model");
  const auto nan = to_context(ctx, tensor_of<double>({2, 2}, {0, std::nan(""), 0, 0}));
  EXPECT_EQ(refused(none, nan.view()), "tensor has an element that is not finite");

  std::vector<Matrix<double>> start(3);
  start[0] = to_context(ctx, matrix_of<double>(3, 2, std::vector<double>(6, 0)));
  EXPECT_EQ(message_of<InvalidArgument>([&] { cp_als(ctx, good.view(), options_of(2, 3), views_of(start)); }),
            "start[0] is all zero: nothing could be found from there");
  start[0] = Matrix<double>(ctx, 3, 1);
  EXPECT_EQ(message_of<ShapeError>([&] { cp_als(ctx, good.view(), options_of(2, 3), views_of(start)); }),
            "start[0] is 3 x 1, expected 3 x 2");

  DenseTensorView<double> odd = good.view();
  odd.order = 1;
  EXPECT_EQ(message_of<ShapeError>([&] { cp_als(ctx, odd, options_of(2, 3)); }),
            "tensor has the order 1, expected 2 to 8");
  odd.order = 9;
  EXPECT_EQ(message_of<ShapeError>([&] { cp_als(ctx, odd, options_of(2, 3)); }),
            "tensor has the order 9, expected 2 to 8");
  odd = good.view();
  odd.shape[1] = 0;
  EXPECT_EQ(message_of<ShapeError>([&] { cp_als(ctx, odd, options_of(2, 3)); }),
            "tensor has the size 0 in mode 1, expected 1 to 2^31 - 1");
  EXPECT_NE(message_of<OutOfMemory>([&] {
              cp_als(ctx, good.view(), options_of(index_t{1} << 40, 3));
            }).find("cp_als() would take about"),
            std::string::npos);

  SparseTensor<double> entries = sparse_of(ctx, to_host(good));
  SparseTensorView<double> view = entries.view();
  view.weights = view.values;
  EXPECT_EQ(message_of<InvalidArgument>([&] { cp_als(ctx, view, options_of(2, 3)); }),
            "tensor.weights is given, expected null: what has no entry is 0, not unknown");
  view = entries.view();
  view.shape[0] = 2;
  EXPECT_NE(message_of<InvalidArgument>([&] { cp_als(ctx, view, options_of(2, 3)); }).find("has the index (2, "),
            std::string::npos);
  view = entries.view();
  view.entries = 0;
  EXPECT_EQ(message_of<InvalidArgument>([&] { cp_als(ctx, view, options_of(2, 3)); }),
            "tensor has no entries: it is all zero");
}

INSTANTIATE_TEST_SUITE_P(Backends, CpAlsErrors, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
