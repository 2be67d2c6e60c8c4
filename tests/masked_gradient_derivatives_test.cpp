#include "tensor_support.hpp"

namespace seesaw::test {
namespace {

class MaskedGradientDerivatives : public OnBackend {};

/// The dense objective, in long double.
long double objective(const Tensor& tensor, const Point<double>& at, const std::vector<Penalty>& penalties) {
  long double sum = 0;
  for (const TensorEntry& entry : tensor.entries) {
    const long double r = exact_entry<double>(tensor, entry, at, nullptr, 0).residual;
    sum += 0.5L * static_cast<long double>(entry.weight) * r * r;
  }
  for (std::size_t m = 0; m < at.size(); ++m)
    for (index_t i = 0; i < at[m].rows(); ++i) {
      index_t count = 0;
      for (const TensorEntry& entry : tensor.entries) count += entry.index[m] == i ? 1 : 0;
      for (index_t f = 0; f < at[m].cols(); ++f)
        sum += 0.5L * static_cast<long double>(ridge_of(penalties[m], count)) * static_cast<long double>(at[m](i, f)) *
               static_cast<long double>(at[m](i, f));
    }
  return sum;
}

// In one element of one factor f is a quadratic: the central difference over any step is its derivative, and 1 loses
// the least. f is of long doubles, so the gradient's own rounding is all there is, and some eps of f.
TEST_P(MaskedGradientDerivatives, IsTheDifferenceQuotientOfTheObjective) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{4, 5}, {4, 3, 2}, {4, 2, 3, 2}};
  for (const auto& shape : shapes) {
    const Tensor tensor = random_tensor(shape, {3, 0, 6, 2}, 31);
    std::vector<Penalty> penalties(shape.size(), Penalty{0.5, Weighting::by_count});
    penalties[1] = {0.25, Weighting::plain};
    auto at = random_point<double>(shape, 3, 5);
    const long double f = objective(tensor, at, penalties);
    for (int mode = 0; mode < tensor.order(); ++mode) {
      const auto m = static_cast<std::size_t>(mode);
      const auto gradient = gradient_on(ctx, tensor, true, at, penalties[m], mode).rows;
      const Exact exact = exact_rows<double>(tensor, true, at, nullptr, Curvature::exact, penalties[m], mode);
      for (index_t n = 0; n < gradient.buffer().size(); ++n) {
        double& element = at[m].buffer().data()[n];
        const double before = element;
        element = before + 1;
        const double up = element - before;
        const long double above = objective(tensor, at, penalties);
        element = before - up;
        const long double below = objective(tensor, at, penalties);
        element = before;
        const auto error =
            roundings(tensor, 3, mode) * eps<double>() * static_cast<double>(exact.scale[static_cast<std::size_t>(n)]) +
            4 * eps<double>() * static_cast<double>(above + below + f);
        EXPECT_NEAR(gradient.buffer().data()[n],
                    static_cast<double>((above - below) / (2 * static_cast<long double>(up))), error)
            << name_of(tensor, 3, mode, true) << ", element " << n;
      }
    }
  }
}

// Along a line the gradient is a polynomial of degree 2 order - 1; the central difference of seven points is exact for
// degree 6, and the errors of the gradients it takes are bounded as above.
TEST_P(MaskedGradientDerivatives, ProductIsTheDifferenceQuotientOfTheGradient) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{4, 5}, {4, 3, 2}};
  const double coefficients[] = {45.0 / 60, -9.0 / 60, 1.0 / 60};
  for (const auto& shape : shapes) {
    const Tensor tensor = random_tensor(shape, {3, 0, 6, 2}, 37);
    const auto at = random_point<double>(shape, 3, 5), along = random_point<double>(shape, 3, 105);
    const Penalty penalty{0.5, Weighting::by_count};
    for (int mode = 0; mode < tensor.order(); ++mode) {
      const auto product = product_on(ctx, tensor, true, at, along, Curvature::exact, penalty, mode);
      const Exact exact = exact_rows<double>(tensor, true, at, &along, Curvature::exact, penalty, mode);
      const double count = roundings(tensor, 3, mode) * eps<double>();
      const auto size = static_cast<std::size_t>(product.buffer().size());
      std::vector<double> quotient(size, 0.0), error(size, 0.0);
      for (int step = 1; step <= 3; ++step)
        for (const double sign : {1.0, -1.0}) {
          const auto there = moved(at, sign * step, along);
          const auto gradient = gradient_on(ctx, tensor, true, there, penalty, mode).rows;
          const Exact scale = exact_rows<double>(tensor, true, there, nullptr, Curvature::exact, penalty, mode);
          for (std::size_t n = 0; n < size; ++n) {
            quotient[n] += sign * coefficients[step - 1] * gradient.buffer().data()[n];
            // 2 order roundings more: those of `there`.
            error[n] += std::abs(coefficients[step - 1]) * (count + 2 * tensor.order() * eps<double>()) *
                        static_cast<double>(scale.scale[n]);
          }
        }
      for (std::size_t n = 0; n < size; ++n)
        EXPECT_NEAR(product.buffer().data()[n], quotient[n], error[n] + count * static_cast<double>(exact.scale[n]))
            << name_of(tensor, 3, mode, true) << ", element " << n;
    }
  }
}

// u'Hv = v'Hu over all modes: each element of a product is off by what roundings() says, times the other vector.
TEST_P(MaskedGradientDerivatives, HessianIsSymmetric) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{10, 29}, {10, 7, 5}, {10, 4, 2, 3, 5}};
  for (const auto& shape : shapes)
    for (const Curvature curvature : {Curvature::exact, Curvature::gauss_newton}) {
      const Tensor tensor = random_tensor(shape, kLengths, 41);
      const auto at = random_point<double>(shape, 9, 5), u = random_point<double>(shape, 9, 105),
                 v = random_point<double>(shape, 9, 205);
      double uhv = 0, vhu = 0, error = 0;
      for (int mode = 0; mode < tensor.order(); ++mode) {
        const auto m = static_cast<std::size_t>(mode);
        const Penalty penalty{0.1, Weighting::plain};
        const auto add = [&](const Point<double>& left, const Point<double>& right, double& sum) {
          const auto product = product_on(ctx, tensor, true, at, right, curvature, penalty, mode);
          const Exact exact = exact_rows<double>(tensor, true, at, &right, curvature, penalty, mode);
          for (index_t n = 0; n < product.buffer().size(); ++n) {
            sum += left[m].buffer().data()[n] * product.buffer().data()[n];
            error += (roundings(tensor, 9, mode) + 1000) * eps<double>() *  // 1000: `sum` has fewer terms
                     static_cast<double>(exact.scale[static_cast<std::size_t>(n)]) *
                     std::abs(left[m].buffer().data()[n]);
          }
        };
        add(u, v, uhv);
        add(v, u, vhu);
      }
      EXPECT_NEAR(uhv, vhu, error) << "order " << tensor.order();
      EXPECT_GT(std::abs(uhv), 100 * error);
    }
}

// Small whole numbers, of which no sum is rounded.
TEST_P(MaskedGradientDerivatives, GaussNewtonIsExactWhereResidualsAreZero) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{10, 29}, {10, 7, 5}};
  for (const auto& shape : shapes) {
    Tensor tensor = random_tensor(shape, kLengths, 43);
    auto at = random_point<float>(shape, 9, 5), along = random_point<float>(shape, 9, 105);
    for (auto* point : {&at, &along})
      for (Matrix<float>& matrix : *point)
        for (index_t n = 0; n < matrix.buffer().size(); ++n)
          matrix.buffer().data()[n] = std::clamp(std::round(matrix.buffer().data()[n]), -2.0f, 2.0f);
    for (TensorEntry& entry : tensor.entries) {
      entry.value = 0;
      entry.value = static_cast<double>(-exact_entry<float>(tensor, entry, at, nullptr, 0).residual);
    }
    const Penalty penalty{1, Weighting::plain};
    const auto both = [&] {
      return std::pair{product_on(ctx, tensor, false, at, along, Curvature::exact, penalty, 0),
                       product_on(ctx, tensor, false, at, along, Curvature::gauss_newton, penalty, 0)};
    };
    const auto [exact, gauss_newton] = both();
    EXPECT_EQ(largest_difference(exact, gauss_newton), 0);
    tensor.entries[0].value += 1;
    const auto [other, same] = both();
    EXPECT_EQ(largest_difference(same, gauss_newton), 0) << "the values do not matter to Gauss-Newton";
    EXPECT_GT(largest_difference(other, same), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, MaskedGradientDerivatives, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
