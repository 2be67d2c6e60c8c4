#pragma once
#include <cmath>

// Numbers of some 106 bits, each the unevaluated sum of two doubles, by error-free transformations: for the few sums
// where doubles would cancel. Sources: Knuth, "The Art of Computer Programming", volume 2, section 4.2.2; Joldes,
// Muller, Popescu (2017), "Tight and rigorous error bounds for basic building blocks of double-word arithmetic".
namespace seesaw {

struct DoubleDouble {
  double high = 0;
  double low = 0;  ///< at most half a unit in the last place of high

  constexpr void add(const DoubleDouble& other);
  constexpr double value() const { return high + low; }
};

/// a + b, exactly.
constexpr DoubleDouble two_sum(double a, double b) {
  const double sum = a + b, from_b = sum - a;
  return {sum, (a - (sum - from_b)) + (b - from_b)};
}

/// a + b, exactly, where |a| >= |b| or a is 0.
constexpr DoubleDouble quick_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

/// a b, exactly unless it underflows. The rounded product is an fma, too: no compiler may merge that with a sum that it
/// goes into, which would round the sum elsewhere than its error is taken.
constexpr DoubleDouble two_product(double a, double b) {
  const double product = std::fma(a, b, 0.0);
  return {product, std::fma(a, b, -product)};
}

/// To 3 2^-106 of the result (Joldes, Muller, Popescu, algorithm 6).
constexpr DoubleDouble operator+(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble high = two_sum(a.high, b.high), low = two_sum(a.low, b.low);
  const DoubleDouble sum = quick_two_sum(high.high, high.low + low.high);
  return quick_two_sum(sum.high, sum.low + low.low);
}

/// To 2 2^-106 of the result (algorithm 9).
constexpr DoubleDouble operator*(const DoubleDouble& a, double b) {
  const DoubleDouble product = two_product(a.high, b);
  return quick_two_sum(product.high, std::fma(a.low, b, product.low));
}

/// To 5 2^-106 of the result (algorithm 12).
constexpr DoubleDouble operator*(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble product = two_product(a.high, b.high);
  const double crossed = std::fma(a.low, b.high, std::fma(a.high, b.low, a.low * b.low));
  return quick_two_sum(product.high, product.low + crossed);
}

constexpr void DoubleDouble::add(const DoubleDouble& other) { *this = *this + other; }

}  // namespace seesaw
