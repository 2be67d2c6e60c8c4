#include "seesaw/io/ids.hpp"

#include <limits>

#include "io_support.hpp"

namespace seesaw::test {
namespace {

constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
constexpr auto kMost = std::numeric_limits<std::int64_t>::max();

TEST(Ids, FindsIntegersByTheirPlainFormOnly) {
  const Ids ids = Ids::integers({-5, 0, 7, 1'000'000'000'000});
  ASSERT_EQ(ids.size(), 4);
  EXPECT_TRUE(ids.integral());
  EXPECT_EQ(shown(ids), "-5 0 7 1000000000000");
  EXPECT_EQ(ids.find("-5"), 0);
  EXPECT_EQ(ids.find("0"), 1);
  EXPECT_EQ(ids.find("7"), 2);
  EXPECT_EQ(ids.find(std::int64_t{1'000'000'000'000}), 3);
  for (const char* absent : {"8", "", "-", "007", "+7", "7 ", "7.0", "-0", "99999999999999999999", "x"})
    EXPECT_EQ(ids.find(absent), -1) << absent;
}

TEST(Ids, FindsConsecutiveIntegersAtTheEndsOfTheirType) {
  const Ids low = Ids::range(kLeast, 3), high = Ids::range(kMost - 2, 3);
  EXPECT_EQ(low.find(kLeast + 2), 2);
  EXPECT_EQ(low.find(kLeast + 3), -1);
  EXPECT_EQ(low.find(kMost), -1);
  EXPECT_EQ(high.find("9223372036854775807"), 2);
  EXPECT_EQ(high.find(kMost - 3), -1);
  EXPECT_EQ(high.find("9223372036854775808"), -1);
  EXPECT_EQ(low.name(0), "-9223372036854775808");
  EXPECT_EQ(low.find("-9223372036854775808"), 0);
}

TEST(Ids, OneTableIsOneHoweverMade) {
  EXPECT_EQ(Ids::range(3, 4), Ids::integers({3, 4, 5, 6}));
  EXPECT_FALSE(Ids::range(3, 4) == Ids::integers({3, 4, 5, 7}));
  EXPECT_FALSE(Ids::range(3, 4) == Ids::range(4, 4));
  EXPECT_EQ(Ids(), Ids::range(9, 0));
  EXPECT_FALSE(Ids::strings({"3"}) == Ids::integers({3}));
}

TEST(Ids, FindsStrings) {
  const Ids ids = Ids::strings({"A", "a", "a b", "ab", "\xc3\xa9"});
  EXPECT_FALSE(ids.integral());
  EXPECT_EQ(shown(ids), "A a a b ab \xc3\xa9");
  EXPECT_EQ(ids.find("A"), 0);
  EXPECT_EQ(ids.find("ab"), 3);
  EXPECT_EQ(ids.find("\xc3\xa9"), 4);
  for (const char* absent : {"", "B", "abc", "aa", "\xff"}) EXPECT_EQ(ids.find(absent), -1) << absent;
  EXPECT_EQ(Ids::strings({"5"}).find(std::int64_t{5}), 0);
}

TEST(Ids, RefusesWhatIsNotAscending) {
  EXPECT_EQ(message_of<InvalidArgument>([] {
              Ids::integers({1, 3, 3});
            }),
            "id number 2 is not above the one before it");
  EXPECT_EQ(message_of<InvalidArgument>([] {
              Ids::strings({"b", "a"});
            }),
            "id number 1 is not above the one before it");
  EXPECT_EQ(message_of<InvalidArgument>([] { Ids::strings({"", "a"}); }), "id number 0 is empty");
  EXPECT_EQ(message_of<InvalidArgument>([] { Ids::strings({std::string_view("a\0", 2)}); }),
            "id number 0 has a NUL byte");
  EXPECT_EQ(message_of<InvalidArgument>([] { Ids::range(0, -1); }), "count is -1, expected 0 or more");
  EXPECT_EQ(message_of<InvalidArgument>([] { Ids::range(kMost, 2); }),
            "2 ids from 9223372036854775807 on exceed 64 bits");
}

}  // namespace
}  // namespace seesaw::test
