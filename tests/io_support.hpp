#pragma once
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "seesaw/errors.hpp"
#include "seesaw/io/ratings.hpp"

namespace seesaw::test {

/// A folder of its own for each test.
class InFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "seesaw-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr) << "no temporary folder can be made as " << name;
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string file(const std::string& name, const std::string& contents) const {
    std::ofstream(path(name), std::ios::binary) << contents;
    return path(name);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) list.push_back(entry.path().filename());
    return list;
  }

 private:
  std::filesystem::path folder_;
};

inline std::string contents_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The message of the exception, which must be of this type and no other.
template <class Exception, class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    EXPECT_EQ(typeid(error), typeid(Exception)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

inline std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string bytes(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

/// Files can grow to so many bytes and no further, as on a full disk. Without the limit's signal, write() fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

/// "a b c": the names in their order.
inline std::string shown(const Ids& ids) {
  std::string text;
  for (index_t i = 0; i < ids.size(); ++i) text.append(i > 0 ? " " : "").append(ids.name(i));
  return text;
}

/// "user item value; user item value*weight; ..." in the order of the entries.
template <class T>
std::string shown(const Ratings<T>& ratings) {
  std::ostringstream text;
  text.precision(std::numeric_limits<T>::max_digits10);
  const auto entries = ratings.entries.view();
  for (offset_t e = 0; e < entries.entries; ++e) {
    text << (e > 0 ? "; " : "") << ratings.rows.name(entries.indices[0][e]) << ' '
         << ratings.cols.name(entries.indices[1][e]) << ' ' << entries.values[e];
    if (entries.weights != nullptr) text << '*' << entries.weights[e];
  }
  return text.str();
}

}  // namespace seesaw::test
