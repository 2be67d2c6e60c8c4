#include "seesaw/io/ratings_writer.hpp"

#include <sys/stat.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "io_support.hpp"
#include "seesaw/io/atomic_file.hpp"
#include "seesaw/random.hpp"
#include "support.hpp"

namespace seesaw::test {
namespace {

class WriteRatings : public InFolder {};

TEST_F(WriteRatings, WritesCsv) {
  Ratings<float> ratings;
  ratings.rows = Ids::integers({-3, 12});
  ratings.cols = Ids::strings({" x", "a", "b,c", "d\"e"});
  ratings.entries = entries_of<float>(2, 4, {{0, 0, 1}, {1, 1, 0.1}, {0, 2, -2.5}, {1, 3, 1e10}});
  write_ratings(path("r.csv"), ratings);
  EXPECT_EQ(contents_of(path("r.csv")),
            "user,item,rating\n-3,\" x\",1\n12,a,0.1\n-3,\"b,c\",-2.5\n12,\"d\"\"e\",1e+10\n");
}

TEST_F(WriteRatings, WritesWeights) {
  Ratings<double> ratings;
  ratings.rows = ratings.cols = Ids::range(1, 1);
  ratings.entries = entries_of<double>(1, 1, {{0, 0, 4, 0.25}}, true);
  write_ratings(path("r.csv"), ratings);
  EXPECT_EQ(contents_of(path("r.csv")), "user,item,rating,weight\n1,1,4,0.25\n");
}

TEST_F(WriteRatings, ReadsBackTheSameNumbers) {
  constexpr index_t kEntries = 300'000;  // more than the blocks that one thread has at a time
  std::vector<Entry> list;
  for (index_t e = 0; e < kEntries; ++e)
    list.push_back({static_cast<column_t>(e % 1000), static_cast<column_t>(e / 1000),
                    random_normal(1, static_cast<std::uint64_t>(e)) * 1e-3});
  Ratings<double> ratings;
  ratings.rows = Ids::range(1, 1000);
  ratings.cols = Ids::range(1, 300);
  ratings.entries = entries_of<double>(1000, 300, list);
  for (const char* const name : {"r.csv", "r.csv.gz"}) {
    write_ratings(path(name), ratings, 1);
    const auto back = read_ratings<double>(path(name));
    EXPECT_EQ(back.rows, ratings.rows);
    EXPECT_EQ(back.cols, ratings.cols);
    ASSERT_EQ(back.entries.values.size(), kEntries);
    for (index_t e = 0; e < kEntries; ++e) {
      ASSERT_EQ(back.entries.indices[0].data()[e], list[static_cast<std::size_t>(e)].row);
      ASSERT_EQ(back.entries.indices[1].data()[e], list[static_cast<std::size_t>(e)].col);
      ASSERT_EQ(back.entries.values.data()[e], list[static_cast<std::size_t>(e)].value);
    }
  }
  write_ratings(path("many.csv"), ratings, 3);
  EXPECT_EQ(contents_of(path("many.csv")), contents_of(path("r.csv"))) << "depends on the number of threads";
  EXPECT_EQ(contents_of(path("r.csv.gz")).substr(0, 2), "\x1f\x8b");
  EXPECT_LT(std::filesystem::file_size(path("r.csv.gz")), std::filesystem::file_size(path("r.csv")));
}

template <class T>
std::string shortest(T number) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

template <class T>
void expect_shortest(const std::string& path) {
  std::vector<T> numbers{0, -T(0), 9999, 10000, 99999, 100000, 1200000, T(9999.99), T(1e-3), T(1e9)};
  for (int n = -30'000; n < 30'000; ++n) numbers.push_back(static_cast<T>(n) / 1000);
  for (std::uint64_t n = 0; n < 30'000; ++n)
    numbers.push_back(std::nextafter(static_cast<T>(random_bits(3, n) % 1'000'000) / 100, n % 2 == 0 ? T(0) : T(1e5)));
  Ratings<T> ratings;
  const auto size = static_cast<index_t>(numbers.size());
  ratings.rows = Ids::range(1, size);
  ratings.cols = Ids::range(1, 1);
  std::vector<Entry> list;
  std::string expected = "user,item,rating\n";
  for (index_t e = 0; e < size; ++e) {
    const T number = numbers[static_cast<std::size_t>(e)];
    list.push_back({static_cast<column_t>(e), 0, static_cast<double>(number)});
    expected += std::to_string(e + 1) + ",1," + shortest(number) + "\n";
  }
  ratings.entries = entries_of<T>(size, 1, list);
  write_ratings(path, ratings);
  EXPECT_TRUE(contents_of(path) == expected);  // EXPECT_EQ would compare the lines for long
}

TEST_F(WriteRatings, WritesTheShortestNumbers) {
  expect_shortest<float>(path("float"));
  expect_shortest<double>(path("double"));
}

TEST_F(WriteRatings, WritesBlockAfterBlock) {
  const Ids ids = Ids::range(0, 2);
  RatingsWriter writer(path("r.csv"), ids, ids);
  writer.write(entries_of<float>(2, 2, {{0, 0, 1}}).view());
  writer.write(entries_of<float>(2, 2, {}).view());
  writer.write(entries_of<double>(2, 2, {{1, 0, 2}}).view());
  EXPECT_FALSE(std::filesystem::exists(path("r.csv")));
  writer.commit();
  EXPECT_EQ(contents_of(path("r.csv")), "user,item,rating\n0,0,1\n1,0,2\n");
}

TEST_F(WriteRatings, RefusesWhatCannotBeReadBack) {
  file("r.csv", "old");
  const Ids ids = Ids::range(0, 2), broken = Ids::strings({"a\nb"});
  const auto message = [&](const std::vector<Entry>& list, const Ids& cols, bool weights = false) {
    return message_of<InvalidArgument>([&] {
      RatingsWriter writer(path("r.csv"), ids, cols);
      writer.write(entries_of<float>(2, 2, list, weights).view());
      writer.commit();
    });
  };
  EXPECT_EQ(message({{0, 0, std::numeric_limits<double>::quiet_NaN()}}, ids), "entry 0 is not finite");
  EXPECT_EQ(message({{0, 0, 1}, {2, 0, 1}}, ids), "entry 1 has the row index 2, expected 0..1");
  EXPECT_EQ(message({{0, -1, 1}}, ids), "entry 0 has the column index -1, expected 0..1");
  EXPECT_EQ(message({{0, 0, 1}}, broken), "id number 0 has a line break, which a ratings file cannot hold");
  EXPECT_EQ(message({{0, 0, 1}}, ids, true), "entries have weights, but the file has no column for them");
  EXPECT_EQ(contents_of(path("r.csv")), "old");
  EXPECT_EQ(names().size(), 1U) << "a temporary file was left";
}

TEST_F(WriteRatings, AFullDiskLeavesTheOldFile) {
  const std::string path = file("r.csv", "old");
  std::vector<Entry> list;
  for (column_t e = 0; e < 5000; ++e) list.push_back({0, e, 1});
  Ratings<float> ratings;
  ratings.rows = Ids::range(0, 1);
  ratings.cols = Ids::range(0, 5000);
  ratings.entries = entries_of<float>(1, 5000, list);
  {
    const FileSizeLimit full(10'000);
    EXPECT_EQ(message_of<IoError>([&] { write_ratings(path, ratings); }), path + ": cannot be written: File too large");
  }
  EXPECT_EQ(contents_of(path), "old");
  EXPECT_EQ(names().size(), 1U) << "a temporary file was left";
}

TEST_F(WriteRatings, SaysWhyAFileCannotBeMade) {
  const Ids ids;
  const auto message = [&](const std::string& at) { return message_of<IoError>([&] { RatingsWriter(at, ids, ids); }); };
  EXPECT_EQ(message(path("none/r.csv")), path("none/r.csv") + ": cannot be written: No such file or directory");
  EXPECT_EQ(message(path("")), path("") + ": is a directory, expected a file");
  const std::string pipe = path("pipe");  // as /dev/full, which root could replace if this did not hold
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(message(pipe), pipe + ": is not a regular file, so it cannot be replaced");
}

class WriteAtomically : public InFolder {};

TEST_F(WriteAtomically, AppearsWithCommitOnly) {
  const std::string path = file("f", "old");
  {
    AtomicFile abandoned(path);
    abandoned.write("new");
    EXPECT_EQ(contents_of(path), "old");
    EXPECT_EQ(names().size(), 2U);
  }
  EXPECT_EQ(names().size(), 1U);
  AtomicFile finished(path);
  finished.write("new");
  finished.write(" text");
  finished.commit();
  EXPECT_EQ(contents_of(path), "new text");
  EXPECT_EQ(names().size(), 1U);
}

TEST_F(WriteAtomically, KeepsLinksAndPermissions) {
  const std::string path = file("f", "old"), link = this->path("link");
  ::chmod(path.c_str(), 0640);
  std::filesystem::create_symlink("f", link);
  AtomicFile written(link);
  written.write("new");
  written.commit();
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(contents_of(path), "new");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST_F(WriteAtomically, TwoWritersOfOneFileDoNotMix) {
  AtomicFile one(path("f")), two(path("f"));
  one.write("one");
  two.write("two");
  one.commit();
  EXPECT_EQ(contents_of(path("f")), "one");
  two.commit();
  EXPECT_EQ(contents_of(path("f")), "two");
}

}  // namespace
}  // namespace seesaw::test
