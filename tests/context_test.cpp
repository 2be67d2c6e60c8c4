#include <cstdlib>

#include "support.hpp"

namespace seesaw::test {
namespace {

TEST(Context, SaysWhereWorkRuns) {
  EXPECT_EQ(Context::reference().backend(), Backend::reference);
  EXPECT_EQ(Context::reference().threads(), 1);
  EXPECT_EQ(Context::cpu(3).threads(), 3);
  EXPECT_GE(Context::cpu().threads(), 1);
  EXPECT_EQ(Context::cpu(2).stream(), nullptr);
  EXPECT_NE(Context::cpu(2).description().find("2 threads"), std::string::npos);
}

TEST(Context, RefusesNegativeThreads) {
  EXPECT_NE(message_of<InvalidArgument>([] { Context::cpu(-1); }).find("threads is -1"), std::string::npos);
}

class Simd : public testing::Test {
 protected:
  ~Simd() override {
    unsetenv("SEESAW_SIMD");
    Context::cpu();
  }
};

TEST_F(Simd, TheNamedInstructionSetRuns) {
  ASSERT_FALSE(simd_targets().empty());
  for (const std::string& target : simd_targets()) {
    ASSERT_EQ(setenv("SEESAW_SIMD", target.c_str(), 1), 0);
    Context ctx = Context::cpu(2);
    EXPECT_NE(ctx.description().find(", " + target), std::string::npos) << ctx.description();
  }
}

TEST_F(Simd, RefusesAnUnknownName) {
  setenv("SEESAW_SIMD", "AVX9", 1);
  EXPECT_NE(message_of<InvalidArgument>([] { Context::cpu(); }).find("SEESAW_SIMD is \"AVX9\", expected one of "),
            std::string::npos);
}

TEST(Context, WithoutADeviceCudaSaysSo) {
  if (cuda_device_count() > 0) GTEST_SKIP() << "there is a CUDA device";
  EXPECT_FALSE(message_of<BackendUnavailable>([] { Context::cuda(); }).empty());
}

TEST(Context, RefusesADeviceThatIsNotThere) {
  if (cuda_device_count() == 0) GTEST_SKIP() << "there is no CUDA device";
  EXPECT_NE(message_of<BackendUnavailable>([] { Context::cuda(99); }).find("99"), std::string::npos);
}

TEST(Memory, SizesForPeople) {
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(std::int64_t{5} << 40), "5.0 TiB");
}

class ContextMemory : public OnBackend {};

TEST_P(ContextMemory, CopiesThereAndBack) {
  Context ctx = context();
  const auto host = random_matrix<double>(13, 5, 1);
  EXPECT_TRUE(same_bits(to_host(to_context(ctx, host)), host));
}

TEST_P(ContextMemory, ACopyOutlivesItsContext) {
  const auto host = random_matrix<double>(3, 2, 1);
  Matrix<double> copy;
  {
    Context ctx = context();
    copy = to_context(ctx, host);
  }
  EXPECT_TRUE(same_bits(to_host(copy), host));
}

TEST_P(ContextMemory, AnImpossibleSizeIsOutOfMemory) {
  Context ctx = context();
  EXPECT_FALSE(message_of<OutOfMemory>([&] { Buffer<double> b(ctx, index_t{1} << 56); }).empty());
}

// Sizes whose product, or whose number of bytes, does not fit in 64 bits.
TEST_P(ContextMemory, SizesThatOverflowAreOutOfMemory) {
  Context ctx = context();
  constexpr index_t large = index_t{1} << 40;
  EXPECT_EQ(message_of<OutOfMemory>([&] { Matrix<float> m(ctx, large, large); }),
            "an array of 1099511627776 x 1099511627776 elements is larger than any memory");
  EXPECT_FALSE(message_of<OutOfMemory>([&] { Matrix<float> m(large, large); }).empty());
  EXPECT_FALSE(message_of<OutOfMemory>([&] { Buffer<double> b(ctx, index_t{1} << 61); }).empty());
  EXPECT_FALSE(message_of<OutOfMemory>([&] { Buffer<double> b(index_t{1} << 60); }).empty());
}

TEST_P(ContextMemory, NegativeSizesAreRefused) {
  Context ctx = context();
  EXPECT_EQ(message_of<ShapeError>([&] { Buffer<double> b(ctx, -5); }),
            "an array of -5 x 1 elements: sizes must not be negative");
  EXPECT_FALSE(message_of<ShapeError>([&] { Matrix<double> m(ctx, -2, -3); }).empty());
  EXPECT_EQ(Matrix<double>(ctx, 0, 7).rows(), 0);
}

TEST_P(ContextMemory, OwnsOnlyItsSpace) {
  Context ctx = context();
  Buffer<float> there(ctx, 4);
  EXPECT_TRUE(ctx.memory()->owns(there.data()));
  float here = 0;
  EXPECT_EQ(ctx.memory()->owns(&here), GetParam() != Backend::cuda);
}

TEST_P(ContextMemory, HostPointersGivenToCudaAreRefused) {
  if (GetParam() != Backend::cuda) GTEST_SKIP() << "host memory is where this backend works";
  Context ctx = context();
  auto host = random_matrix<float>(4, 2, 1);
  Matrix<float> out(ctx, 2, 2);
  const auto message = message_of<InvalidArgument>([&] { gram(ctx, read(host), out.view()); });
  EXPECT_EQ(message, "y does not lie in the memory of the cuda context");
}

INSTANTIATE_TEST_SUITE_P(Backends, ContextMemory, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
