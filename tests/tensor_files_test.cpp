#include "tensor_files_support.hpp"

namespace seesaw::test {
namespace {

class ReadTensor : public InFolder {
 protected:
  template <class T = double>
  TensorEntries<T> sparse(const std::string& contents, const TensorOptions& options = {}) const {
    return read_sparse_tensor<T>(file("t", contents), options);
  }
  template <class T = double>
  DenseTensor<T> dense(const std::string& contents, const TensorOptions& options = {}) const {
    return read_dense_tensor<T>(file("t", contents), options);
  }
};

TEST_F(ReadTensor, Tns) {
  const std::string text = "# a comment\n#\n1 1 2 5\n2\t3  1 -0.25 \r\n 2 1 1 1e-3\n\n";
  for (const std::string& contents : {text, gzip(text), "\xef\xbb\xbf" + text}) {
    const auto read = sparse(contents);
    EXPECT_EQ(shown(read.tensor), "2 x 3 x 2: 0 0 1 5; 1 2 0 -0.25; 1 0 0 0.001");
    EXPECT_EQ(read.base, 1);
    EXPECT_EQ(read.merged, 0);
    EXPECT_EQ(read.empty_slices, (std::array<index_t, kMaxOrder>{0, 1, 0}));
  }
  EXPECT_EQ(shown(sparse<float>("3 2 0.1\n").tensor), "3 x 2: 2 1 0.100000001");
}

TEST_F(ReadTensor, TnsOfOrderEight) {
  EXPECT_EQ(shown(sparse("1 2 3 4 5 6 7 8 9\n8 7 6 5 4 3 2 1 0\n").tensor),
            "8 x 7 x 6 x 5 x 5 x 6 x 7 x 8: 0 1 2 3 4 5 6 7 9; 7 6 5 4 3 2 1 0 0");
}

TEST_F(ReadTensor, TnsFromZero) {
  const auto found = sparse("3 1 1 4\n1 0 2 5\n");
  EXPECT_EQ(shown(found.tensor), "4 x 2 x 3: 3 1 1 4; 1 0 2 5");
  EXPECT_EQ(found.base, 0);
  EXPECT_EQ(found.empty_slices, (std::array<index_t, kMaxOrder>{2, 0, 1}));
  TensorOptions options;
  options.base = IndexBase::zero;
  EXPECT_EQ(shown(sparse("3 1 4\n1 1 5\n", options).tensor), "4 x 2: 3 1 4; 1 1 5");
  options.base = IndexBase::one;
  EXPECT_EQ(shown(sparse("3 1 4\n1 1 5\n", options).tensor), "3 x 1: 2 0 4; 0 0 5");
}

TEST_F(ReadTensor, ShapeGiven) {
  TensorOptions options;
  options.shape = {5, 4};
  const auto read = sparse("3 1 4\n1 4 5\n", options);
  EXPECT_EQ(shown(read.tensor), "5 x 4: 2 0 4; 0 3 5");
  EXPECT_EQ(read.empty_slices, (std::array<index_t, kMaxOrder>{3, 2}));
  EXPECT_EQ(shown(sparse("4 0 4\n1 3 5\n", options).tensor), "5 x 4: 4 0 4; 1 3 5");
}

/// The largest index there is. The mode is nearly all empty, which is found without memory of its size.
TEST_F(ReadTensor, LargeIndices) {
  const auto one = sparse("2147483647 1 4\n3 1 5\n");
  EXPECT_EQ(shown(one.tensor), "2147483647 x 1: 2147483646 0 4; 2 0 5");
  EXPECT_EQ(one.empty_slices[0], 2147483645);
  EXPECT_EQ(shown(sparse("2147483646 0 4\n3 1 5\n").tensor), "2147483647 x 2: 2147483646 0 4; 3 1 5");
}

TEST_F(ReadTensor, CommentsBetweenEntriesLeaveNoHoles) {
  std::string plain, commented;
  for (int n = 0; n < 20'000; ++n) {
    const std::string line =
        std::to_string(1 + n % 37) + " " + std::to_string(1 + n) + " " + std::to_string(n) + ".5\n";
    plain += line;
    commented += (n % 3 == 0 ? " # x 1 2\n" : "") + line;
  }
  for (const int threads : {1, 2, 5}) {
    const TensorOptions options{.threads = threads};
    EXPECT_TRUE(shown(sparse(commented, options).tensor) == shown(sparse(plain).tensor));
  }
}

TEST_F(ReadTensor, Sptensor) {
  const auto read = sparse("sptensor\n3 \n4 3 2 \n2\n1 1 2 5\n2 3 1 -1.0000000000000000e-01\n");
  EXPECT_EQ(shown(read.tensor), "4 x 3 x 2: 0 0 1 5; 1 2 0 -0.10000000000000001");
  EXPECT_EQ(read.empty_slices, (std::array<index_t, kMaxOrder>{2, 1, 0}));
  TensorOptions options;
  options.base = IndexBase::zero;
  EXPECT_EQ(shown(sparse("sptensor\n2\n4 3\n1\n3 1 5\n", options).tensor), "4 x 3: 3 1 5");
}

/// As GenTen writes them; the index that tells it may come last.
TEST_F(ReadTensor, SptensorFromZero) {
  const auto read = sparse("sptensor\n3\n4 3 2\n3\n1 1 1 5\n3 2 1 -0.5\n1 0 1 2\n");
  EXPECT_EQ(shown(read.tensor), "4 x 3 x 2: 1 1 1 5; 3 2 1 -0.5; 1 0 1 2");
  EXPECT_EQ(read.base, 0);
}

TEST_F(ReadTensor, DuplicatesMayBeMerged) {
  const std::string text = "1 2 3 4\n2 2 2 1\n1 2 3 6\n1 2 3 2\n";
  TensorOptions options;
  for (const auto& [policy, value] :
       {std::pair{Duplicates::last, "2"}, {Duplicates::sum, "12"}, {Duplicates::mean, "4"}}) {
    options.duplicates = policy;
    const auto read = sparse(text, options);
    EXPECT_EQ(shown(read.tensor), "2 x 2 x 3: 0 1 2 " + std::string(value) + "; 1 1 1 1");
    EXPECT_EQ(read.merged, 2);
  }
}

/// More places than 64 bits can number; they go by a hash.
TEST_F(ReadTensor, PlacesBeyond64Bits) {
  const std::string largest = "2147483647 2147483647 2147483647 ";
  const std::string text = largest + "1 7\n" + largest + "2 8\n1 1 1 2147483647 9\n2 1 1 2147483647 9\n";
  TensorOptions options;
  options.duplicates = Duplicates::sum;
  EXPECT_EQ(sparse(text, options).merged, 0);
  const auto merged = sparse(text + largest + "2 4\n", options);
  EXPECT_EQ(merged.merged, 1);
  EXPECT_EQ(merged.tensor.values.data()[1], 12);
}

TEST_F(ReadTensor, TensorTextHasTheFirstModeFastest) {
  const std::string expected = "2 x 3 x 2: 111 112 121 122 131 132 211 212 221 222 231 232";
  EXPECT_EQ(shown(dense("tensor\n3\n2 3 2\n111\n211\n121\n221\n131\n231\n112\n212\n122\n222\n132\n232\n")), expected);
  EXPECT_EQ(shown(dense(gzip("tensor \n3 \n2 3 2 \n111 211 121\t221 131\r\n231 112 212 122 222\n\n132 232"))),
            expected);
}

TEST_F(ReadTensor, Npy) {
  const std::vector<double> values{1, 2, 3, 4, 5, -6.5};
  const std::string expected = "2 x 3: 1 2 3 4 5 -6.5";
  const std::string c_order = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
  for (const char version : {'\1', '\2', '\3'})
    EXPECT_EQ(shown(dense(npy(c_order, bytes_of(values), version))), expected);
  EXPECT_EQ(shown(dense(gzip(npy(c_order, bytes_of(values))))), expected);
  EXPECT_EQ(shown(dense(npy("{\"shape\":(2L,3L),'fortran_order':False,'descr':'<f8'}   ", bytes_of(values)))),
            expected);
  EXPECT_EQ(shown(dense(npy("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }", bytes_of(values)))),
            "3 x 2: 1 4 2 5 3 -6.5");
  EXPECT_EQ(shown(dense<float>(npy(c_order, bytes_of(values)))), expected);
}

TEST_F(ReadTensor, NpyTypes) {
  const auto read = [&](const std::string& type, const std::string& elements) {
    return shown(dense(npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': (1, 2), }", elements)));
  };
  EXPECT_EQ(read("<f4", bytes_of<float>({0.5F, -3})), "1 x 2: 0.5 -3");
  EXPECT_EQ(read(">f4", std::string("\x3f\0\0\0\xc0\x40\0\0", 8)), "1 x 2: 0.5 -3");
  EXPECT_EQ(read("|i1", bytes_of<std::int8_t>({7, -3})), "1 x 2: 7 -3");
  EXPECT_EQ(read("|u1", bytes_of<std::uint8_t>({7, 200})), "1 x 2: 7 200");
  EXPECT_EQ(read("<i2", bytes_of<std::int16_t>({7, -300})), "1 x 2: 7 -300");
  EXPECT_EQ(read("<u2", bytes_of<std::uint16_t>({7, 60000})), "1 x 2: 7 60000");
  EXPECT_EQ(read("<i4", bytes_of<std::int32_t>({7, -70000})), "1 x 2: 7 -70000");
  EXPECT_EQ(read("<u4", bytes_of<std::uint32_t>({7, 4000000000U})), "1 x 2: 7 4000000000");
  EXPECT_EQ(read("<i8", bytes_of<std::int64_t>({7, -5000000000})), "1 x 2: 7 -5000000000");
  EXPECT_EQ(read("<u8", bytes_of<std::uint64_t>({7, 5000000000})), "1 x 2: 7 5000000000");
}

/// Sizes beyond a tile of the reordering, and of order 2, 3 and 5: element n of the file is the number n, and the
/// row-major position of the one with the indices i has their Horner sum.
TEST_F(ReadTensor, NpyInFortranOrder) {
  for (const std::vector<index_t>& shape : std::vector<std::vector<index_t>>{{70, 33}, {33, 4, 65}, {3, 2, 4, 5, 6}}) {
    index_t size = 1;
    std::string sizes;
    for (const index_t s : shape) {
      size *= s;
      sizes += std::to_string(s) + ", ";
    }
    std::vector<std::int32_t> numbers(static_cast<std::size_t>(size));
    for (std::size_t n = 0; n < numbers.size(); ++n) numbers[n] = static_cast<std::int32_t>(n);
    const auto read = dense(
        npy("{'descr': '<i4', 'fortran_order': True, 'shape': (" + sizes + "), }", bytes_of(numbers)), {.threads = 3});
    ASSERT_EQ(read.values.size(), size);
    for (index_t n = 0; n < size; ++n) {
      index_t left = n, position = 0;
      for (const index_t s : shape) {
        position = position * s + left % s;
        left /= s;
      }
      ASSERT_EQ(read.values.data()[position], static_cast<double>(n));
    }
  }
}

TEST_F(ReadTensor, TellsTheFormatByContentsAndName) {
  const auto is_sparse = [](const AnyTensor<float>& tensor) {
    return std::holds_alternative<TensorEntries<float>>(tensor);
  };
  EXPECT_TRUE(is_sparse(read_tensor<float>(file("a", "1 2 3\n"))));
  EXPECT_TRUE(is_sparse(read_tensor<float>(file("b.tns", "sptensor\n2\n1 1\n1\n1 1 1\n"))));
  EXPECT_FALSE(is_sparse(read_tensor<float>(file("c.tns", "tensor\n2\n1 1\n1\n"))));
  const std::string array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", bytes_of<float>({1}));
  EXPECT_FALSE(is_sparse(read_tensor<float>(file("d", array))));
  EXPECT_FALSE(is_sparse(read_tensor<float>(file("d.npy.gz", gzip(array)))));
}

TEST_F(ReadTensor, ThreadsDoNotMatter) {
  std::string entries, elements = "tensor\n2\n300 200\n";
  for (int n = 0; n < 60'000; ++n) {
    entries += std::to_string(1 + n % 251) + " " + std::to_string(1 + n / 251) + " 3 " + std::to_string(n) +
               (n % 7 == 0 ? ".0123456789012345678\n" : ".5\n");
    elements += std::to_string(n) + (n % 5 == 0 ? "e-3\n" : " ");
  }
  const std::string sparse_one = shown(sparse(entries, {.threads = 1}).tensor);
  const std::string dense_one = shown(dense(elements, {.threads = 1}));
  for (const int threads : {2, 5}) {
    EXPECT_TRUE(shown(sparse(entries, {.threads = threads}).tensor) == sparse_one);
    EXPECT_TRUE(shown(dense(elements, {.threads = threads})) == dense_one);
  }
}

}  // namespace
}  // namespace seesaw::test
