#include <sys/stat.h>

#include "io_support.hpp"

namespace seesaw::test {
namespace {

class RatingsErrors : public InFolder {
 protected:
  template <class Exception>
  std::string message(const std::string& at, const RatingsOptions& options = {}) const {
    return message_of<Exception>([&] { read_ratings<float>(at, options); });
  }
  /// What is said of a file of these contents, without the folder.
  template <class Exception = ParseError>
  std::string wrong(const std::string& contents, const RatingsOptions& options = {}) const {
    const std::string at = file("r", contents), text = message<Exception>(at, options);
    EXPECT_EQ(text.substr(0, at.size()), at);
    return "r" + text.substr(std::min(text.size(), at.size()));
  }
};

TEST_F(RatingsErrors, FilesThatCannotBeRead) {
  EXPECT_EQ(message<IoError>(path("none")), path("none") + ": cannot be opened: No such file or directory");
  EXPECT_EQ(message<IoError>(path("")), path("") + ": is a directory, expected a file");
}

TEST_F(RatingsErrors, FilesThatMayNotBeRead) {
  const std::string secret = file("secret", "1,2,3\n");
  ::chmod(secret.c_str(), 0);
  const uid_t self = ::geteuid();
  constexpr uid_t kNobody = 65534;
  if (self == 0) {  // who may read every file
    std::filesystem::permissions(path(""), std::filesystem::perms::others_exec, std::filesystem::perm_options::add);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  EXPECT_EQ(message<IoError>(secret), secret + ": cannot be opened: Permission denied");
  ASSERT_EQ(::seteuid(self), 0);
}

TEST_F(RatingsErrors, FilesWithoutRatings) {
  EXPECT_EQ(wrong(""), "r:1: the file is empty");
  EXPECT_EQ(wrong("\n \n\r\n"), "r:1: the file is empty");
  EXPECT_EQ(wrong(gzip("")), "r:1: the file is empty");
  EXPECT_EQ(wrong("user,item,rating\n\n"), "r:1: only a header, no ratings: \"user,item,rating\"");
  EXPECT_EQ(wrong(std::string("\x89HDF\r\n\x1a\n\0\0\0\x02", 12)),
            "r:1: not a text file, it has NUL bytes: \"\x89HDF\"");
}

TEST_F(RatingsErrors, MalformedLines) {
  EXPECT_EQ(wrong("1,2,3\n4,5\n"), "r:2: expected 3 fields but found 2 fields: \"4,5\"");
  EXPECT_EQ(wrong("1,2,3\n4,5,6,7\n"), "r:2: expected 3 fields but found 4 fields: \"4,5,6,7\"");
  EXPECT_EQ(wrong("user,item,rating,time\n1,2,3,4\n4,5,6\n"), "r:3: expected 4 fields but found 3 fields: \"4,5,6\"");
  EXPECT_EQ(wrong("1,2,3\n\n4,5,6\n"), "r:2: an empty line: \"\"");
  EXPECT_EQ(wrong("1 2 3\n4 5\n"), "r:2: expected 3 fields but found 2 fields: \"4 5\"");
  EXPECT_EQ(wrong("1,2,3\n4,,6\n"), "r:2: the item is empty: \"4,,6\"");
  EXPECT_EQ(wrong("1,2,3\n\"4,5,6\n"), "r:2: a quotation mark is not closed: \"\"4,5,6\"");
  EXPECT_EQ(wrong("1,2,3\n\"4\"x,5,6\n"), "r:2: text after a closing quotation mark: \"\"4\"x,5,6\"");
  EXPECT_EQ(wrong("1,2\n"), "r:1: expected at least 3 fields (user, item, rating) but found 2 fields: \"1,2\"");
  EXPECT_EQ(wrong("1,2,3\n" + std::string(5000, 'x') + ",2,3\n").substr(0, 63),
            "r:2: the user has 5000 bytes, at most 4096 are allowed: \"xxxxxx");
  EXPECT_EQ(wrong("1,2,3\n4,5,\x01\tx\n"), "r:2: the rating \"\\x01\\tx\" is not a number: \"4,5,\\x01\\tx\"");
  EXPECT_EQ(wrong("1,2,3\n" + std::string(70, '9') + "\n"),
            "r:2: expected 3 fields but found 1 field: \"" + std::string(60, '9') + "...\"");
}

/// A separator may be what numbers are made of.
TEST_F(RatingsErrors, SeparatorsWithinNumbers) {
  const auto wrong_line = [&](const char* separator, const std::string& usual, const std::string& bad) {
    RatingsOptions options{.separator = separator, .header = Header::no};
    options.rating = "1";
    options.user = "2";
    options.item = "3";
    return wrong(usual + "\n" + bad + "\n" + usual + usual + usual + "\n", options);
  };
  const std::string four = "r:2: expected 3 fields but found 4 fields: ";
  EXPECT_EQ(wrong_line("0", "10203", "1011111102222222203"), four + "\"1011111102222222203\"");
  EXPECT_EQ(wrong_line(".", "3.4.5555555", "3.4.5.6666666"), four + "\"3.4.5.6666666\"");
  EXPECT_EQ(wrong_line("-", "3-4-5555555", "-3-4-55555555"), four + "\"-3-4-55555555\"");
}

TEST_F(RatingsErrors, BadRatings) {
  EXPECT_EQ(wrong("1,2,3\n4,5,abc\n"), "r:2: the rating \"abc\" is not a number: \"4,5,abc\"");
  EXPECT_EQ(wrong("1,2,3\n4,5,\n"), "r:2: the rating \"\" is not a number: \"4,5,\"");
  EXPECT_EQ(wrong("1,2,3\n4,5,1.5x\n"), "r:2: the rating \"1.5x\" is not a number: \"4,5,1.5x\"");
  for (const std::string text : {"nan", "NaN", "inf", "-Infinity"})
    EXPECT_EQ(wrong("1,2," + text + "\n"), "r:1: the rating \"" + text + "\" is not finite: \"1,2," + text + "\"");
  EXPECT_EQ(wrong("1,2,1e39\n"), "r:1: the rating \"1e39\" is outside the range of float: \"1,2,1e39\"");
  const std::string large = file("large", "1,2,1e39\n3,4,1e309\n");
  EXPECT_EQ(message_of<ParseError>([&] { read_ratings<double>(large); }),
            large + ":2: the rating \"1e309\" is outside the range of double: \"3,4,1e309\"");
  RatingsOptions options;
  options.weight = "4";
  EXPECT_EQ(wrong("1,2,3,-1\n", options), "r:1: the weight \"-1\" is negative: \"1,2,3,-1\"");
  EXPECT_EQ(wrong("1,2,3,nan\n", options), "r:1: the weight \"nan\" is not finite: \"1,2,3,nan\"");
}

TEST_F(RatingsErrors, Duplicates) {
  EXPECT_EQ(wrong("1,2,3\n4,2,1\n1,2,5\n4,2,1\n"),
            "r:3: user 1 and item 2 have a rating already, on line 1: \"1,2,5\"");
  EXPECT_EQ(wrong("user,item,rating\na,b,1\na,b,1\n"),
            "r:3: user a and item b have a rating already, on line 2: \"a,b,1\"");
  EXPECT_EQ(wrong("%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n1 1 2\n"),
            "r:4: user 1 and item 1 have a rating already, on line 3: \"1 1 2\"");
  RatingsOptions options;
  options.duplicates = Duplicates::sum;
  EXPECT_EQ(wrong("1,2,3e38\n1,2,3e38\n", options),
            "r:1: the ratings of user 1 and item 2 exceed the range together: \"1,2,3e38\"");
}

TEST_F(RatingsErrors, Columns) {
  RatingsOptions options;
  options.rating = "stars";
  EXPECT_EQ(
      wrong<InvalidArgument>("user,item,rating\n1,2,3\n", options),
      "r: no rating column \"stars\"; the columns are \"user\", \"item\", \"rating\" (the first line was taken for a "
      "header)");
  EXPECT_EQ(wrong("reader,item,rating\n1,2,3\n"),
            "r:1: no column is known to be the user; the columns are \"reader\", \"item\", \"rating\"");
  EXPECT_EQ(wrong("user,item\n1,2\n"), "r:1: no column is known to be the rating; the columns are \"user\", \"item\"");
  options.rating = "4";
  EXPECT_EQ(wrong<InvalidArgument>("1,2,3\n", options),
            "r: the rating column 4 does not exist; the lines have 3 fields");
  options.rating = "0";
  EXPECT_EQ(message<InvalidArgument>(file("r", "1,2,3\n"), options), "column 0 does not exist; positions count from 1");
  options.rating = "2";
  EXPECT_EQ(wrong<InvalidArgument>("1,2,3\n", options), "r: item and rating are both column 2");
  options.rating = "score";
  options.header = Header::no;
  EXPECT_EQ(wrong<InvalidArgument>("1,2,3\n", options),
            "r: the rating column is given by the name \"score\", but the file has no header; give a position");
}

TEST_F(RatingsErrors, Options) {
  const std::string good = file("good", "1,2,3\n");
  RatingsOptions options;
  options.threads = -1;
  EXPECT_EQ(message<InvalidArgument>(good, options), "threads is -1, expected 0 (all) or a positive number");
  options.threads = 0;
  for (const std::string separator : {"\"", "\n", "ab"}) {
    options.separator = separator;
    EXPECT_NE(message<InvalidArgument>(good, options).find(", expected one character"), std::string::npos);
  }
}

TEST_F(RatingsErrors, MatrixMarket) {
  const std::string head = "%%MatrixMarket matrix coordinate real general\n";
  EXPECT_EQ(wrong(head + "2 2 1\n0 1 5\n"), "r:3: the row index 0 is not in 1..2: \"0 1 5\"");
  EXPECT_EQ(wrong(head + "2 2 1\n1 3 5\n"), "r:3: the column index 3 is not in 1..2: \"1 3 5\"");
  EXPECT_EQ(wrong(head + "2 2 1\n-1 1 5\n"), "r:3: the row index -1 is not in 1..2: \"-1 1 5\"");
  EXPECT_EQ(wrong(head + "2 2 1\n1.5 1 5\n"), "r:3: the row index \"1.5\" is not an integer: \"1.5 1 5\"");
  EXPECT_EQ(wrong(head + "2 2 3\n1 1 5\n2 2 5\n"), "r:4: the file states 3 entries but has 2");
  EXPECT_EQ(wrong(head + "2 2 1\n1 1 5\n2 2 x\n"), "r:4: the file states 1 entries but has more: \"2 2 x\"");
  EXPECT_EQ(wrong(head + "2 2 3\n1 1 x\n"), "r:3: the rating \"x\" is not a number: \"1 1 x\"");
  EXPECT_EQ(wrong(head + "2 2 2\n"), "r:3: the file states 2 entries but has 0");
  EXPECT_EQ(wrong(head + "2 2 0\n"), "r:2: no entries: \"2 2 0\"");
  EXPECT_EQ(wrong(head + "2 2\n"), "r:2: expected two sizes and a number of entries: \"2 2\"");
  EXPECT_EQ(wrong(head + "2 -2 1\n"), "r:2: expected two sizes and a number of entries: \"2 -2 1\"");
  EXPECT_EQ(wrong(head + "% only comments\n"), "r:2: the line with the sizes is missing: \"% only comments\"");
  EXPECT_EQ(wrong(head + "2147483648 2 1\n1 1 1\n"),
            "r:2: 2147483648 rows are too many, at most 2147483647 can be numbered");
  EXPECT_EQ(wrong("%%MatrixMarket matrix coordinate pattern general\n1 1 1\n1 1\n"),
            "r:1: a pattern has no ratings: \"%%MatrixMarket matrix coordinate pattern general\"");
  EXPECT_EQ(wrong("%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 1\n").substr(0, 61),
            "r:1: \"complex\" is not supported, expected real or integer: \"%");
  EXPECT_EQ(wrong("%%MatrixMarket matrix array real symmetric\n1 1\n1\n").substr(0, 63),
            "r:1: \"symmetric\" is not supported, expected general (of an arra");
  EXPECT_EQ(wrong("%%MatrixMarket matrix coordinate real\n").substr(0, 45),
            "r:1: expected %%MatrixMarket and four words: ");
  const std::string symmetric = "%%MatrixMarket matrix coordinate real symmetric\n";
  EXPECT_EQ(wrong(symmetric + "2 2 1\n1 2 5\n"), "r:3: a symmetric matrix is given by its lower triangle: \"1 2 5\"");
  EXPECT_EQ(wrong(symmetric + "2 3 1\n1 1 5\n"), "r:2: a symmetric matrix is square: \"2 3 1\"");
  EXPECT_EQ(wrong("%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n"),
            "r:5: the file states 4 entries but has 3");
  RatingsOptions options;
  options.weight = "4";
  EXPECT_EQ(wrong<InvalidArgument>(head + "1 1 1\n1 1 1\n", options),
            "r: a Matrix Market file has no columns to choose");
}

TEST_F(RatingsErrors, DamagedGzip) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += std::to_string(i * 7919 % 10007) + ",1,1\n";
  const std::string whole = gzip(text);
  for (const std::size_t size : {std::size_t{3}, std::size_t{12}, whole.size() / 2, whole.size() - 1}) {
    const std::string message = wrong<IoError>(whole.substr(0, size));
    EXPECT_EQ(message.substr(0, 32), "r: the gzip data is truncated, a") << size;
  }
  std::string damaged = whole;
  damaged[whole.size() - 6] = static_cast<char>(damaged[whole.size() - 6] ^ 1);  // in the checksum
  EXPECT_NE(wrong<IoError>(damaged).find("the gzip data is damaged, after "), std::string::npos);
  EXPECT_EQ(wrong<IoError>(whole + "text"), "r: the gzip data is damaged: 4 bytes at its end are something else");
}

TEST_F(RatingsErrors, AreOfTheFirstBadLineForAnyNumberOfThreads) {
  constexpr int kLines = 60'000;  // some 600 KB, which many threads share
  const auto with = [&](const std::vector<std::pair<int, std::string>>& replaced) {
    std::vector<std::string> lines;
    for (int n = 1; n <= kLines; ++n) lines.push_back(std::to_string(n) + ",7,1");
    for (const auto& [number, line] : replaced) lines[static_cast<std::size_t>(number) - 1] = line;
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  };
  for (const int threads : {1, 2, 7}) {
    const RatingsOptions options{.threads = threads};
    EXPECT_EQ(wrong(with({{31'000, "a,b,?"}, {17'003, "1,2"}, {59'999, "x"}}), options),
              "r:17003: expected 3 fields but found 2 fields: \"1,2\"");
    // A string id before it makes all be read once more; one behind it does too.
    EXPECT_EQ(wrong(with({{5, "u,7,1"}, {17'003, "1,2"}, {40'000, "x"}}), options),
              "r:17003: expected 3 fields but found 2 fields: \"1,2\"");
    EXPECT_EQ(wrong(with({{17'003, "1,2,nan"}, {40'000, "u,7,1"}}), options),
              "r:17003: the rating \"nan\" is not finite: \"1,2,nan\"");
    EXPECT_EQ(wrong(with({{50'000, "3,7,1"}, {40'000, "21000,7,1"}}), options),
              "r:40000: user 21000 and item 7 have a rating already, on line 21000: \"21000,7,1\"");
  }
}

/// The first part of the file finds its first bad line when the others have found theirs long ago, and after all have
/// to be read once more because of a string id.
TEST_F(RatingsErrors, AreOfTheFirstBadLineThoughItIsFoundLast) {
  constexpr int kString = 20'000, kLines = 400'000;
  std::string text;
  for (int n = 1; n < kString; ++n) text += std::to_string(n) + ",7,1\n";
  text += "u,7,1\n";
  for (int n = kString + 1; n <= kLines; ++n) text += "bad line\n";
  for (const int threads : {1, 2, 7})
    EXPECT_EQ(wrong(text, {.threads = threads}), "r:20001: expected 3 fields but found 1 field: \"bad line\"");
}

}  // namespace
}  // namespace seesaw::test
