// Every expected number is worked out by hand, in powers of 2.
#include "double_double.hpp"

#include <gtest/gtest.h>

namespace seesaw {
namespace {

void expect(const DoubleDouble& found, double high, double low) {
  EXPECT_EQ(found.high, high);
  EXPECT_EQ(found.low, low);
}

TEST(DoubleDouble, SumsOfTwoDoublesAreExact) {
  expect(two_sum(1, 0x1p-60), 1, 0x1p-60);
  expect(two_sum(0x1p-60, 1), 1, 0x1p-60);
  expect(two_sum(0x1p53, 3), 0x1p53 + 4, -1);  // 2^53 + 3 lies between 2^53 + 2 and 2^53 + 4: to the even one
  expect(two_sum(-1, 1), 0, 0);
  expect(quick_two_sum(1, -0x1p-60), 1, -0x1p-60);
  expect(quick_two_sum(0x1p53, 3), 0x1p53 + 4, -1);
}

// (1 + 2^-30)^2 = 1 + 2^-29 + 2^-60, and (2^27 + 1)(2^27 - 1) = 2^54 - 1.
TEST(DoubleDouble, ProductsOfTwoDoublesAreExact) {
  expect(two_product(1 + 0x1p-30, 1 + 0x1p-30), 1 + 0x1p-29, 0x1p-60);
  expect(two_product(0x1p27 + 1, 0x1p27 - 1), 0x1p54, -1);
  expect(two_product(3, -7), -21, 0);
}

TEST(DoubleDouble, WhatCancelsIsLeft) {
  expect(DoubleDouble{1, 0x1p-60} + DoubleDouble{-1, 0x1p-60}, 0x1p-59, 0);
  expect(DoubleDouble{1, 0x1p-60} + DoubleDouble{1, -0x1p-60}, 2, 0);
  expect(DoubleDouble{1, 0x1p-54} + DoubleDouble{0x1p-53, 0}, 1 + 0x1p-52, -0x1p-54);
  DoubleDouble sum;
  for (const double part : {0x1p60, 1.0, -0x1p60, 0x1p-40}) sum.add({part, 0});
  expect(sum, 1 + 0x1p-40, 0);
  EXPECT_EQ((DoubleDouble{1, 0x1p-60}.value()), 1);
}

// (1 + 2^-60) 3 = 3 + 3 2^-60; its square is 1 + 2^-59 + 2^-120, of which 106 bits have no 2^-120.
TEST(DoubleDouble, ProductsKeepTheLowPart) {
  const DoubleDouble one{1, 0x1p-60};
  expect(one * 3.0, 3, 3 * 0x1p-60);
  expect(one * -3.0, -3, -3 * 0x1p-60);
  expect(one * one, 1, 0x1p-59);
  expect(DoubleDouble{1 + 0x1p-30, 0x1p-90} * (1 + 0x1p-30), 1 + 0x1p-29, 0x1p-60 + 0x1p-90);  // without 2^-120
  expect(one * DoubleDouble{1, -0x1p-60}, 1, 0);
}

}  // namespace
}  // namespace seesaw
