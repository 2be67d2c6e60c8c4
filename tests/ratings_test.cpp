#include "seesaw/io/ratings.hpp"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <sstream>

#include "io_support.hpp"
#include "seesaw/random.hpp"

namespace seesaw::test {
namespace {

class ReadRatings : public InFolder {
 protected:
  /// Reads a file of these contents.
  template <class T = double>
  Ratings<T> read(const std::string& contents, const RatingsOptions& options = {}) const {
    return read_ratings<T>(file("ratings", contents), options);
  }
  std::string entries(const std::string& contents, const RatingsOptions& options = {}) const {
    return shown(read(contents, options));
  }
};

TEST_F(ReadRatings, IndicesFollowTheSortedIds) {
  const auto ratings = read<float>("30,7,1\n4,100,2.5\n30,100,-3\n");
  EXPECT_EQ(shown(ratings.rows), "4 30");
  EXPECT_EQ(shown(ratings.cols), "7 100");
  const auto entries = ratings.entries.view();
  ASSERT_EQ(entries.entries, 3);
  EXPECT_EQ(entries.order, 2);
  EXPECT_EQ(entries.shape[0], 2);
  EXPECT_EQ(entries.shape[1], 2);
  const column_t rows[] = {1, 0, 1}, cols[] = {0, 1, 1};
  const float values[] = {1, 2.5F, -3};
  for (int e = 0; e < 3; ++e) {
    EXPECT_EQ(entries.indices[0][e], rows[e]);
    EXPECT_EQ(entries.indices[1][e], cols[e]);
    EXPECT_EQ(entries.values[e], values[e]);
  }
  EXPECT_EQ(entries.weights, nullptr);
}

TEST_F(ReadRatings, FindsOutTheSeparator) {
  const std::string expected = "196 242 3; 186 302 4.5";
  EXPECT_EQ(entries("196\t242\t3\t881250949\n186\t302\t4.5\t891717742\n"), expected);
  EXPECT_EQ(entries("196::242::3::881250949\n186::302::4.5::891717742\n"), expected);
  EXPECT_EQ(entries("196,242,3\n186,302,4.5\n"), expected);
  EXPECT_EQ(entries("196;242;3\n186;302;4.5\n"), expected);
  EXPECT_EQ(entries("196|242|3\n186|302|4.5\n"), expected);
  EXPECT_EQ(entries("a;b;3;x,y|z\n"), "a b 3");
  EXPECT_EQ(entries("196 242 3\n  186   302\t4.5  \n"), expected);
  EXPECT_EQ(entries("\"a,b\";x;3\nc;x;4\n"), "a,b x 3; c x 4");
  EXPECT_EQ(entries("a,b\tc::d\t3\n"), "a,b c::d 3");
  EXPECT_EQ(entries("a,b::c;d::3\n"), "a,b c;d 3");
}

TEST_F(ReadRatings, TakesTheSeparatorStated) {
  RatingsOptions options;
  options.separator = "|";
  EXPECT_EQ(entries("a,b|c|1\n", options), "a,b c 1");
  options.separator = " ";
  EXPECT_EQ(entries("a,b \t c 1\n", options), "a,b c 1");
  options.separator = "::";
  EXPECT_EQ(entries("a:b::c,d::1\n", options), "a:b c,d 1");
}

TEST_F(ReadRatings, FindsColumnsByKnownNames) {
  EXPECT_EQ(entries("userId,movieId,rating,timestamp\n1,2,3.5,99\n"), "1 2 3.5");
  EXPECT_EQ(entries("timestamp,SCORE,Item_ID,User\n99,3.5,2,1\n"), "1 2 3.5");
  EXPECT_EQ(entries("user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t3.5\t99\n"), "1 2 3.5");
  EXPECT_EQ(entries("\"user\",\"item\",\"value\"\n1,2,3.5\n"), "1 2 3.5");
}

TEST_F(ReadRatings, TakesColumnsByNameOrPosition) {
  RatingsOptions options;
  options.user = "reader";
  options.item = "BOOK";
  options.rating = "4";
  EXPECT_EQ(entries("x,book,reader,liked\n9,2,1,3.5\n", options), "1 2 3.5");
  options.user = "3";
  options.item = "2";
  EXPECT_EQ(entries("x,book,reader,liked\n9,2,1,3.5\n", options), "1 2 3.5");  // the rating "liked" is no number
  EXPECT_EQ(entries("9,2,1,3.5\n", options), "1 2 3.5");
}

TEST_F(ReadRatings, HeaderIsWhatTheOptionSays) {
  RatingsOptions options;
  options.header = Header::no;
  EXPECT_EQ(entries("user,item,5\n1,2,3\n", options), "user item 5; 1 2 3");
  options.header = Header::yes;
  options.user = "1";
  options.item = "2";
  options.rating = "3";
  EXPECT_EQ(entries("10,20,30\n1,2,3\n", options), "1 2 3");
}

TEST_F(ReadRatings, OrdersIntegersByValueAndOthersByBytes) {
  EXPECT_EQ(shown(read("10,1,1\n9,1,1\n-2,1,1\n").rows), "-2 9 10");
  EXPECT_EQ(shown(read("10,1,1\n9,1,1\n007,1,1\n").rows), "007 10 9");
  EXPECT_EQ(shown(read("10,1,1\n9,1,1\n+9,1,1\n").rows), "+9 10 9");
  EXPECT_EQ(shown(read("10,1,1\n9,1,1\n-0,1,1\n").rows), "-0 10 9");
  EXPECT_EQ(shown(read("b,1,1\nB,1,1\n\xc3\xa9,1,1\n").rows), "B b \xc3\xa9");
}

TEST_F(ReadRatings, HoldsIntegersOfAnySizeThatFits) {
  EXPECT_EQ(shown(read("2147483647,1,1\n0,1,1\n").rows), "0 2147483647");  // too far apart for a direct table
  EXPECT_EQ(shown(read("2147483648,1,1\n3,1,1\n").rows), "3 2147483648");
  EXPECT_EQ(shown(read("9223372036854775807,1,1\n-9223372036854775808,1,1\n").rows),
            "-9223372036854775808 9223372036854775807");
  const auto beyond = read("9223372036854775808,1,1\n5,1,1\n10,1,1\n");
  EXPECT_FALSE(beyond.rows.integral());
  EXPECT_EQ(shown(beyond.rows), "10 5 9223372036854775808");
}

/// Their hashes differ only in bits that neither choose their place in a small table nor are kept in it.
TEST_F(ReadRatings, TellsIdsOfOneHashApart) {
  EXPECT_EQ(entries("-1901649110350488019,1,1\n-5392415673321535363,1,2\n"),
            "-1901649110350488019 1 1; -5392415673321535363 1 2");
}

TEST_F(ReadRatings, TakesQuotedFields) {
  EXPECT_EQ(entries("\"Doe, J\",\"say \"\"hi\"\"\",4\n\"12\",x,\"5\"\n"), "Doe, J say \"hi\" 4; 12 x 5");
  EXPECT_EQ(shown(read("\"12\",x,4\n7,x,5\n").rows), "7 12");
  EXPECT_EQ(entries("\"a b\" \"c\"\"d\" 4\n"), "a b c\"d 4");
  EXPECT_EQ(entries(" \"a,b\" , x ,  4 \n"), "a,b x 4");
}

TEST_F(ReadRatings, LineEndsOfAnyKind) {
  const std::string expected = "1 2 3; 4 5 6";
  EXPECT_EQ(entries("1,2,3\r\n4,5,6\r\n"), expected);
  EXPECT_EQ(entries("1,2,3\n4,5,6"), expected);
  EXPECT_EQ(entries("1,2,3\r\n4,5,6\r"), expected);
  EXPECT_EQ(entries("1,2,3\n4,5,6\n\n \t\r\n\n"), expected);
  EXPECT_EQ(entries("\xef\xbb\xbf"
                    "1,2,3\n4,5,6\n"),
            expected);
  EXPECT_EQ(entries("\xef\xbb\xbfuser,item,rating\n1,2,3\n4,5,6\n"), expected);
}

TEST_F(ReadRatings, ReadsWeights) {
  RatingsOptions options;
  options.weight = "w";
  EXPECT_EQ(entries("user,item,rating,w\n1,2,3,0.5\n4,5,6,0\n", options), "1 2 3*0.5; 4 5 6*0");
}

TEST_F(ReadRatings, MergesDuplicatesByPolicy) {
  const std::string text = "1,1,2,1\n2,1,9,1\n1,1,4,3\n1,1,9,2\n";
  RatingsOptions options;
  options.weight = "4";
  options.duplicates = Duplicates::last;
  const auto last = read(text, options);
  EXPECT_EQ(shown(last), "1 1 9*2; 2 1 9*1");
  EXPECT_EQ(last.merged, 2);
  options.duplicates = Duplicates::mean;
  EXPECT_EQ(entries(text, options), "1 1 5*2; 2 1 9*1");
  options.duplicates = Duplicates::sum;
  EXPECT_EQ(entries(text, options), "1 1 15*6; 2 1 9*1");
}

TEST_F(ReadRatings, LeavesOutAndCountsUnknownIds) {
  const Ids users = Ids::integers({2, 5, 9}), items = Ids::strings({"a", "c"});
  RatingsOptions options;
  options.rows = &users;
  options.cols = &items;
  const auto ratings = read("5,c,1\n7,a,2\n2,b,3\n9,a,4\n", options);
  EXPECT_EQ(shown(ratings), "5 c 1; 9 a 4");
  EXPECT_EQ(ratings.left_out, 2);
  EXPECT_EQ(ratings.rows, users);
  EXPECT_EQ(ratings.cols, items);
  EXPECT_EQ(ratings.entries.shape[0], 3);
  EXPECT_EQ(ratings.entries.indices[0].data()[1], 2);
  const auto none = read("x,q,1\n", options);
  EXPECT_EQ(none.entries.view().entries, 0);
  EXPECT_EQ(none.left_out, 1);
}

TEST_F(ReadRatings, ReadsMatrixMarketCoordinates) {
  const auto ratings = read("%%MatrixMarket matrix coordinate real general\n% a comment\n\n3 4 2\n3 1 2.5\n1 4 -1e2\n");
  EXPECT_EQ(shown(ratings), "3 1 2.5; 1 4 -100");
  EXPECT_EQ(shown(ratings.rows), "1 2 3");
  EXPECT_EQ(shown(ratings.cols), "1 2 3 4");
  EXPECT_EQ(ratings.entries.shape[1], 4);
  EXPECT_EQ(entries("%%matrixmarket MATRIX Coordinate Integer General\n1 1 1\n1 1 7\n"), "1 1 7");
}

TEST_F(ReadRatings, ExpandsSymmetricMatrixMarket) {
  EXPECT_EQ(entries("%%MatrixMarket matrix coordinate real symmetric\n3 3 3\n1 1 5\n3 1 6\n3 2 7\n"),
            "1 1 5; 3 1 6; 3 2 7; 1 3 6; 2 3 7");
}

TEST_F(ReadRatings, ReadsMatrixMarketArraysByColumn) {
  EXPECT_EQ(entries("%%MatrixMarket matrix array real general\n2 3\n1\n2\n3\n4\n5\n6\n"),
            "1 1 1; 2 1 2; 1 2 3; 2 2 4; 1 3 5; 2 3 6");
}

TEST_F(ReadRatings, ReadsGzipByItsContents) {
  EXPECT_EQ(entries(gzip("1,2,3\n4,5,6\n")), "1 2 3; 4 5 6");
  EXPECT_EQ(entries(gzip("1,2,3\n4,") + gzip("5,6\n")), "1 2 3; 4 5 6");
  EXPECT_EQ(entries(gzip("1,2,3\n") + std::string(512, '\0')), "1 2 3");
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + ",1,1\n";  // many times the inflater's buffer
  EXPECT_EQ(read(gzip(text)).rows, Ids::range(0, 300'000));
}

/// from_chars and strtod are two implementations of correct rounding; the file goes through ours.
template <class T>
void expect_numbers_as_strtod(const InFolder&, const std::string& path) {
  std::string text;
  std::vector<std::string> numbers;
  for (std::uint64_t n = 0; n < 20'000; ++n) {
    std::string digits = std::to_string(random_bits(1, 3 * n) >> random_bits(1, 3 * n + 1) % 64);
    if (n % 3 != 0) digits.insert(random_bits(1, 3 * n + 2) % (digits.size() + 1), 1, '.');
    if (n % 5 == 0) digits += "e-" + std::to_string(n % 30);
    if (n % 2 == 0) digits.insert(0, 1, '-');
    numbers.push_back(digits);
    text += std::to_string(n) + ",1," + digits + "\n";
  }
  std::ofstream(path) << text;
  const auto ratings = read_ratings<T>(path);
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    const T expected = sizeof(T) == sizeof(float) ? static_cast<T>(std::strtof(numbers[n].c_str(), nullptr))
                                                  : static_cast<T>(std::strtod(numbers[n].c_str(), nullptr));
    ASSERT_EQ(ratings.entries.values.data()[n], expected) << numbers[n];
  }
}

TEST_F(ReadRatings, RoundsNumbersCorrectly) {
  expect_numbers_as_strtod<float>(*this, path("float"));
  expect_numbers_as_strtod<double>(*this, path("double"));
  EXPECT_EQ(entries("1,1,+3\n1,2,.5\n1,3,5.\n1,4,-0\n1,5,1e-3\n"), "1 1 3; 1 2 0.5; 1 3 5; 1 4 -0; 1 5 0.001");
}

template <class T>
bool same_bits(const Buffer<T>& a, const Buffer<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
}

TEST_F(ReadRatings, IsTheSameForAnyNumberOfThreads) {
  for (const char* const prefix : {"", "9876543210", "u"}) {  // ids in a direct table, hashed integers, strings
    std::string text = "user,item,rating\n";
    constexpr std::uint64_t kLines = 60'000;
    for (std::uint64_t n = 0; n < kLines; ++n)
      text += prefix + std::to_string(random_bits(2, n) % 3000) + "," + prefix +
              std::to_string(random_bits(3, n) % 700) + "," + std::to_string(n % 10) + "\n";
    const std::string path = file("ratings", text);
    const auto with = [&](int threads) {
      return read_ratings<float>(path, {.duplicates = Duplicates::mean, .threads = threads});
    };
    const auto one = with(1);
    EXPECT_GT(one.merged, 0);
    EXPECT_EQ(one.merged + one.entries.values.size(), static_cast<offset_t>(kLines));
    for (const int threads : {2, 5}) {
      const auto many = with(threads);
      EXPECT_TRUE(same_bits(one.entries.values, many.entries.values)) << prefix << threads;
      EXPECT_TRUE(same_bits(one.entries.indices[0], many.entries.indices[0])) << prefix << threads;
      EXPECT_TRUE(same_bits(one.entries.indices[1], many.entries.indices[1])) << prefix << threads;
      EXPECT_EQ(one.rows, many.rows);
      EXPECT_EQ(one.cols, many.cols);
    }
  }
}

TEST_F(ReadRatings, EveryEntryOfALargeFileIsItsLine) {
  for (const char* const prefix : {"", "9876543210", "u"}) {
    std::string text;
    std::vector<std::string> lines;
    for (std::uint64_t n = 0; n < 50'000; ++n) {
      lines.push_back(prefix + std::to_string(random_bits(4, n) % 5000) + " " + prefix + std::to_string(n) + " " +
                      std::to_string(n % 7));
      text += lines.back() + "\n";
    }
    const auto ratings = read_ratings<double>(file("ratings", text), {.threads = 3});
    const auto entries = ratings.entries.view();
    ASSERT_EQ(entries.entries, static_cast<offset_t>(lines.size()));
    for (std::size_t e = 0; e < lines.size(); ++e)
      ASSERT_EQ(ratings.rows.name(entries.indices[0][e]) + " " + ratings.cols.name(entries.indices[1][e]) + " " +
                    std::to_string(static_cast<int>(entries.values[e])),
                lines[e]);
  }
}

/// Numbers of the usual kind and others, plain, between spaces and in quotes, mixed at random in lines of five fields.
TEST_F(ReadRatings, ReadsUsualLinesAndOthersAlike) {
  const std::vector<std::string> ids{"0", "7", "10", "123456", "1234567", "12345678", "99999999", "123456789"};
  const std::vector<std::string> numbers{"3",       "4.5", "-0.25", "5.",       ".5",          "0",      "1e1",
                                         "1234567", "+2",  "00012", "12345678", "0.123456789", "-1.125", "1.5e-1"};
  for (const std::string separator : {",", ";", "\t", "::", " "}) {
    std::uint64_t drawn = 0;
    const auto draw = [&](std::uint64_t below) { return random_bits(11, drawn++) % below; };
    const auto dressed = [&](const std::string& field) {
      const std::uint64_t dress = draw(12);
      if (dress == 0) return "\"" + field + "\"";
      return dress == 1 ? " " + field : dress == 2 ? field + " " : field;
    };
    std::string text, expected;
    for (int n = 0; n < 3000; ++n) {
      const std::string user = ids[draw(ids.size())], item = std::to_string(n), rating = numbers[draw(numbers.size())];
      const std::string other = draw(2) == 0 ? "1234567890" : "x:y", last = draw(2) == 0 ? "12345678" : "9\"z";
      const std::string fields[] = {dressed(other), dressed(rating), dressed(item), dressed(user), last};
      for (const std::string& field : fields) text += (&field == fields ? "" : separator) + field;
      text += draw(5) == 0 ? "\r\n" : "\n";
      std::ostringstream entry;
      entry.precision(std::numeric_limits<double>::max_digits10);
      entry << user << ' ' << item << ' ' << std::strtod(rating.c_str(), nullptr);
      expected += (n > 0 ? "; " : "") + entry.str();
    }
    RatingsOptions options{.separator = separator, .header = Header::no};
    options.user = "4";
    options.item = "3";
    options.rating = "2";
    options.duplicates = Duplicates::last;
    EXPECT_EQ(entries(text, options), expected) << separator;
  }
}

TEST_F(ReadRatings, TellsIdsFromNumbersThatOnlyLookSo) {
  EXPECT_EQ(entries("1,2,3\n007,2,3\n7,02,3\n1234567,1234567,3\n1234567,1234568,3\n"),
            "1 2 3; 007 2 3; 7 02 3; 1234567 1234567 3; 1234567 1234568 3");
}

std::string movielens_folder() {
  const char* const stated = std::getenv("SEESAW_DATA");
  const std::filesystem::path data = stated != nullptr ? stated : SEESAW_SOURCE_DIR "/../shared/data";
  return std::filesystem::exists(data / "ml-100k" / "u1.base") ? (data / "ml-100k").string() : data.string();
}

TEST_F(ReadRatings, ReadsMovieLens) {
  const std::string folder = movielens_folder();
  if (!std::filesystem::exists(folder + "/u1.base"))
    GTEST_SKIP() << "MovieLens 100K is not in " << folder << "; scripts/get-data.sh ml-100k fetches it";
  const auto train = read_ratings<float>(folder + "/u1.base");
  // Counted with awk: 80000 lines, 943 distinct users, 1650 distinct items, sum of the ratings 282268.
  EXPECT_EQ(train.entries.values.size(), 80'000);
  EXPECT_EQ(train.rows, Ids::range(1, 943));
  EXPECT_EQ(train.cols.size(), 1650);
  double sum = 0;
  for (offset_t e = 0; e < train.entries.values.size(); ++e) sum += static_cast<double>(train.entries.values.data()[e]);
  EXPECT_EQ(sum, 282'268);
  const auto test = read_ratings<float>(folder + "/u1.test", {.rows = &train.rows, .cols = &train.cols});
  EXPECT_EQ(test.left_out, 32);  // published with the acceptance figures
  EXPECT_EQ(test.entries.values.size(), 20'000 - 32);
}

}  // namespace
}  // namespace seesaw::test
