#include <cmath>

#include "tensor_files_support.hpp"

namespace seesaw::test {
namespace {

class TensorErrors : public InFolder {
 protected:
  /// What is said of a file of these contents, without the folder.
  template <class Exception = ParseError>
  std::string wrong(const std::string& contents, const TensorOptions& options = {},
                    const std::string& name = "t") const {
    const std::string at = file(name, contents);
    const std::string text = message_of<Exception>([&] { read_tensor<float>(at, options); });
    EXPECT_EQ(text.substr(0, at.size()), at);
    return name + text.substr(std::min(text.size(), at.size()));
  }
};

TEST_F(TensorErrors, FilesWithoutATensor) {
  EXPECT_EQ(message_of<IoError>([&] { read_tensor<float>(path("none")); }),
            path("none") + ": cannot be opened: No such file or directory");
  EXPECT_EQ(wrong(""), "t:1: the file is empty");
  EXPECT_EQ(wrong("\n \n\r\n"), "t:1: the file is empty");
  EXPECT_EQ(wrong(gzip("")), "t:1: the file is empty");
  EXPECT_EQ(wrong("# one\n# two\n"), "t:2: only comments, no entries: \"# two\"");
  EXPECT_EQ(wrong(std::string("\x89HDF\r\n\x1a\n\0\0\0\x02", 12)),
            "t:1: not a text file, it has NUL bytes: \"\x89HDF\"");
  EXPECT_EQ(
      wrong("ktensor\n3\n"),
      "t:1: \"ktensor\" is not supported, expected sptensor, tensor, or lines of indices and a value: \"ktensor\"");
}

TEST_F(TensorErrors, MalformedLines) {
  EXPECT_EQ(wrong("1 2 3 4\n1 2 3\n"), "t:2: expected 4 fields but found 3 fields: \"1 2 3\"");
  EXPECT_EQ(wrong("1 2 3 4\n1 2 3 4 5\n"), "t:2: expected 4 fields but found 5 fields: \"1 2 3 4 5\"");
  EXPECT_EQ(wrong("1 2 3 4\n1 2 3 "), "t:2: expected 4 fields but found 3 fields: \"1 2 3 \"");
  EXPECT_EQ(wrong("# c\n1 2 3 4\n\n1 2 3 4\n"), "t:3: an empty line: \"\"");
  EXPECT_EQ(wrong("\n1 2 3 4\n"), "t:1: an empty line: \"\"");
  EXPECT_EQ(wrong("1 2 3 4\n1 x 3 4\n"), "t:2: the index \"x\" of mode 1 is not a plain integer: \"1 x 3 4\"");
  EXPECT_EQ(wrong("1 2 3 4\n1 2.0 3 4\n"), "t:2: the index \"2.0\" of mode 1 is not a plain integer: \"1 2.0 3 4\"");
  EXPECT_EQ(wrong("1,2,3,4\n"), "t:1: expected 2 to 8 indices and a value but found 1 field: \"1,2,3,4\"");
}

TEST_F(TensorErrors, Orders) {
  EXPECT_EQ(wrong("1 4\n"), "t:1: expected 2 to 8 indices and a value but found 2 fields: \"1 4\"");
  EXPECT_EQ(wrong("1 1 1 1 1 1 1 1 1 4\n"),
            "t:1: expected 2 to 8 indices and a value but found more: \"1 1 1 1 1 1 1 1 1 4\"");
  EXPECT_EQ(wrong("sptensor\n1\n4\n1\n1 1\n"), "t:2: expected the order, 2 to 8: \"1\"");
  EXPECT_EQ(wrong("tensor\n9\n1 1 1 1 1 1 1 1 1\n1\n"), "t:2: expected the order, 2 to 8: \"9\"");
  for (const auto& [shape, order] : {std::pair{"(3,)", "1"}, {"()", "0"}, {"(3, 1, 1, 1, 1, 1, 1, 1, 1)", "9"}})
    EXPECT_EQ(wrong(npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(shape) + ", }",
                        bytes_of<float>({1, 2, 3}))),
              "t: the array has the order " + std::string(order) + ", expected 2 to 8");
}

TEST_F(TensorErrors, Values) {
  EXPECT_EQ(wrong("1 1 nan\n"), "t:1: the value \"nan\" is not finite: \"1 1 nan\"");
  EXPECT_EQ(wrong("1 1 1\n1 2 -inf\n"), "t:2: the value \"-inf\" is not finite: \"1 2 -inf\"");
  EXPECT_EQ(wrong("1 1 1\n1 2 1e39\n"), "t:2: the value \"1e39\" is outside the range of float: \"1 2 1e39\"");
  EXPECT_EQ(wrong("1 1 1\n1 2 1.5x\n"), "t:2: the value \"1.5x\" is not a number: \"1 2 1.5x\"");
  const std::string head = "tensor\n2\n2 2\n";
  EXPECT_EQ(wrong(head + "1 2\nnan 4\n"), "t:5: the value \"nan\" is not finite");
  EXPECT_EQ(wrong(head + "1 2\n3\n1e39\n"), "t:6: the value \"1e39\" is outside the range of float");
  EXPECT_EQ(wrong(head + "1 2 x 4\n"), "t:4: the value \"x\" is not a number");
  const std::string dictionary = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }";
  EXPECT_EQ(wrong(npy(dictionary, bytes_of<double>({1, 2, std::nan(""), 4}))),
            "t: element (1, 0) is not finite in float");
  EXPECT_EQ(wrong(npy(dictionary, bytes_of<double>({1, 1e39, 3, 4}))), "t: element (0, 1) is not finite in float");
  EXPECT_EQ(wrong(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }",
                      bytes_of<float>({1, 2, 3, std::numeric_limits<float>::infinity()}))),
            "t: element (1, 1) is not finite");
}

TEST_F(TensorErrors, Indices) {
  EXPECT_EQ(wrong("1 1 1\n-1 2 1\n"), "t:2: the index -1 of mode 0 is negative: \"-1 2 1\"");
  EXPECT_EQ(wrong("1 1 1\n1 2147483648 1\n"),
            "t:2: the index 2147483648 of mode 1 is too large, at most 2147483647 is allowed: \"1 2147483648 1\"");
  EXPECT_EQ(wrong("1 1 1\n1 99999999999999999999 1\n"),
            "t:2: the index 99999999999999999999 of mode 1 is too large, at most 2147483647 is allowed: \"1 "
            "99999999999999999999 1\"");
  EXPECT_EQ(wrong("0 1 1\n1 2147483647 1\n"),
            "t:2: the index 2147483647 of mode 1 is too large, at most 2147483646 is allowed where indices begin at 0: "
            "\"1 2147483647 1\"");
  TensorOptions options;
  options.base = IndexBase::one;
  EXPECT_EQ(wrong("1 1 1\n1 0 1\n", options), "t:2: the index 0 of mode 1, but the first one is 1: \"1 0 1\"");
  options.base = IndexBase::zero;
  options.shape = {4, 3};
  EXPECT_EQ(wrong("3 2 1\n3 3 1\n", options),
            "t:2: the index 3 of mode 1 is too large, at most 2 is allowed: \"3 3 1\"");
  options.base = IndexBase::automatic;
  EXPECT_EQ(wrong("3 2 1\n3 4 1\n", options),
            "t:2: the index 4 of mode 1 is too large, at most 3 is allowed: \"3 4 1\"");
  EXPECT_EQ(wrong("3 2 1\n# c\n3 3 1\n0 0 1\n", options),
            "t:3: the index 3 of mode 1 is too large, at most 2 is allowed where indices begin at 0: \"3 3 1\"");
  const std::string head = "sptensor\n2\n4 3\n1\n";
  EXPECT_EQ(wrong(head + "5 1 1\n"), "t:5: the index 5 of mode 0 is too large, at most 4 is allowed: \"5 1 1\"");
  EXPECT_EQ(wrong("sptensor\n2\n4 3\n2\n1 3 1\n1 0 1\n"),
            "t:5: the index 3 of mode 1 is too large, at most 2 is allowed where indices begin at 0: \"1 3 1\"");
  options = {};
  options.base = IndexBase::one;
  EXPECT_EQ(wrong(head + "1 0 1\n", options), "t:5: the index 0 of mode 1, but the first one is 1: \"1 0 1\"");
}

TEST_F(TensorErrors, Duplicates) {
  EXPECT_EQ(wrong("1 2 3 4\n# c\n1 2 2 4\n1 2 3 5\n"),
            "t:4: the place (1, 2, 3) has an entry already, on line 1: \"1 2 3 5\"");
  EXPECT_EQ(wrong("0 2 4\n1 1 4\n0 2 5\n"), "t:3: the place (0, 2) has an entry already, on line 1: \"0 2 5\"");
  EXPECT_EQ(wrong("sptensor\n2\n4 3\n2\n1 1 1\n1 1 2\n"),
            "t:6: the place (1, 1) has an entry already, on line 5: \"1 1 2\"");
  TensorOptions options;
  options.duplicates = Duplicates::sum;
  EXPECT_EQ(wrong("1 2 3e38\n1 1 4\n1 2 3e38\n", options),
            "t:1: the values of the place (1, 2) exceed the range together: \"1 2 3e38\"");
}

TEST_F(TensorErrors, SptensorHeaders) {
  EXPECT_EQ(wrong("sptensor\n"), "t:1: the file ends before the order, 2 to 8: \"sptensor\"");
  EXPECT_EQ(wrong("sptensor\nx\n"), "t:2: expected the order, 2 to 8: \"x\"");
  EXPECT_EQ(wrong("sptensor\n3\n4 3\n1\n"), "t:3: expected the size of each mode, 1 to 2^31 - 1: \"4 3\"");
  EXPECT_EQ(wrong("sptensor\n2\n4 3 2\n1\n"), "t:3: expected the size of each mode, 1 to 2^31 - 1: \"4 3 2\"");
  EXPECT_EQ(wrong("sptensor\n2\n4 0\n1\n"), "t:3: expected the size of each mode, 1 to 2^31 - 1: \"4 0\"");
  EXPECT_EQ(wrong("sptensor\n2\n4 2147483648\n1\n"),
            "t:3: expected the size of each mode, 1 to 2^31 - 1: \"4 2147483648\"");
  EXPECT_EQ(wrong("sptensor\n2\n4 3\n0\n"), "t:4: expected the number of entries, at least 1: \"0\"");
  EXPECT_EQ(wrong("sptensor\n2\n4 3\n2\n1 1 1\n"), "t:5: the file states 2 entries but has 1");
  EXPECT_EQ(wrong("sptensor\n2\n4 3\n2\n"), "t:5: the file states 2 entries but has 0");
  EXPECT_EQ(wrong("sptensor\n2\n4 3\n1\n1 1 1\n1 2 x\n"), "t:6: the file states 1 entries but has more: \"1 2 x\"");
  TensorOptions options;
  options.format = TensorFormat::sptensor;
  EXPECT_EQ(wrong("sptensors\n2\n", options), "t:1: expected sptensor: \"sptensors\"");
}

TEST_F(TensorErrors, TensorHeaders) {
  EXPECT_EQ(wrong("tensor\n2\n"), "t:2: the file ends before the size of each mode, at least 1: \"2\"");
  EXPECT_EQ(wrong("tensor\n2\n2 -1\n1\n"), "t:3: expected the size of each mode, at least 1: \"2 -1\"");
  EXPECT_EQ(wrong("tensor\n2\n2 2\n1 2\n3\n"), "t:5: the sizes need 4 values but the file has 3");
  EXPECT_EQ(wrong("tensor\n2\n2 2\n"), "t:4: the sizes need 4 values but the file has 0");
  EXPECT_EQ(wrong("tensor\n2\n2 2\n1 2\n3\n4 5\n6"), "t:6: the sizes allow 4 values but the file has more: \"5\"");
  EXPECT_EQ(wrong("tensor\n3\n4000000000 4000000000 4\n1\n"),
            "t:3: more than 2^63 elements: \"4000000000 4000000000 4\"");
}

TEST_F(TensorErrors, Npy) {
  const std::string numbers = bytes_of<float>({1, 2, 3, 4});
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  const std::string whole = npy(good, numbers);
  EXPECT_EQ(wrong("PK" + whole, {}, "t.npy"), "t.npy: not a .npy file, it does not begin with \\x93NUMPY");
  EXPECT_EQ(wrong("", {}, "t.npy"), "t.npy: not a .npy file, it does not begin with \\x93NUMPY");
  EXPECT_EQ(wrong(npy(good, numbers, 4)), "t: the .npy version is 4, expected 1 to 3");
  for (const std::size_t size : {6, 7, 9, 12, 60})
    EXPECT_EQ(wrong(whole.substr(0, size)), "t: the .npy header is truncated");
  EXPECT_EQ(wrong(whole.substr(0, whole.size() - 1)),
            "t: the shape needs 4 elements of 4 bytes, but the file has 15 bytes of them");
  EXPECT_EQ(wrong(whole.substr(0, whole.size() - 4)),
            "t: the shape needs 4 elements of 4 bytes, but the file has 12 bytes of them");
  EXPECT_EQ(wrong(whole + "x"), "t: the shape needs 4 elements of 4 bytes, but the file has 17 bytes of them");
  const auto typed = [&](const std::string& type) {
    return wrong(npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': (2, 2), }", numbers));
  };
  for (const std::string type : {"<c8", "<f2", "|b1", "|O", "<U4", "f4", ""})
    EXPECT_EQ(typed(type),
              "t: the type \"" + type + "\" is not supported, expected f4, f8 or an integer's, as in \"<f8\"");
  const auto header = [&](const std::string& dictionary) { return wrong(npy(dictionary, numbers)).substr(0, 60); };
  EXPECT_EQ(header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 2), }"),
            "t: the header has a structured type, expected a number's: \"{");
  EXPECT_EQ(header("{'descr': '<f4', 'shape': (2, 2)}"),
            "t: the header lacks one of descr, fortran_order and shape: \"");
  EXPECT_EQ(header("{'descr': '<f4', 'order': 1}").substr(0, 34), "t: the header has the key \"order\",");
  EXPECT_EQ(header("{'descr': '<f4', 'shape': 4}").substr(0, 24), "t: the header lacks a '(");
  EXPECT_EQ(header("{'shape': (-1, 4)}").substr(0, 53), "t: the header has a shape that is no tuple of sizes: ");
  EXPECT_EQ(header("{'fortran_order': 1}").substr(0, 62),
            "t: the header has a fortran_order that is neither True nor F");
  EXPECT_EQ(header("garbage").substr(0, 24), "t: the header lacks a '{");
  EXPECT_EQ(wrong(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }", "")),
            "t: the array has no elements, one of its sizes is 0");
  EXPECT_EQ(wrong(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 4000000000, 4), }", numbers)),
            "t: the shape needs more than 2^63 elements of 4 bytes, but the file has 16 bytes of them");
}

TEST_F(TensorErrors, TheOtherKind) {
  const std::string sparse = file("s", "1 2 3\n"), dense = file("d", "tensor\n2\n1 1\n5\n");
  EXPECT_EQ(message_of<ParseError>([&] { read_dense_tensor<float>(sparse); }),
            sparse + ": a sparse tensor, expected a dense one");
  EXPECT_EQ(message_of<ParseError>([&] { read_sparse_tensor<float>(dense); }),
            dense + ": a dense tensor, expected a sparse one");
}

TEST_F(TensorErrors, Options) {
  TensorOptions options;
  options.threads = -1;
  EXPECT_EQ(message_of<InvalidArgument>([&] { read_tensor<float>(file("t", "1 2 3\n"), options); }),
            "threads is -1, expected 0 (all) or a positive number");
  options = {};
  options.shape = {2, 2, 2};
  EXPECT_EQ(wrong<InvalidArgument>("1 2 3\n", options), "t: shape has 3 sizes, but the file's entries have 2 indices");
  EXPECT_EQ(wrong<InvalidArgument>("sptensor\n2\n", options),
            "t: shape is given, but the file states its own; it is for .tns");
  options.shape = {2, 0};
  EXPECT_EQ(message_of<InvalidArgument>([&] { read_tensor<float>(file("t", "1 2 3\n"), options); }),
            "shape[1] is 0, expected 1 to 2^31 - 1");
  options = {};
  options.base = IndexBase::zero;
  EXPECT_EQ(wrong<InvalidArgument>("tensor\n2\n", options), "t: base is given, but a dense tensor has no indices");
}

TEST_F(TensorErrors, DamagedGzip) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += std::to_string(1 + i * 7919 % 10007) + " 1 1\n";
  const std::string whole = gzip(text);
  for (const std::size_t size : {std::size_t{3}, std::size_t{12}, whole.size() / 2, whole.size() - 1})
    EXPECT_EQ(wrong<IoError>(whole.substr(0, size)).substr(0, 32), "t: the gzip data is truncated, a") << size;
}

TEST_F(TensorErrors, AreOfTheFirstBadLineForAnyNumberOfThreads) {
  constexpr int kLines = 60'000;  // some 800 KB, which many threads share
  const auto with = [&](const std::vector<std::pair<int, std::string>>& replaced) {
    std::vector<std::string> lines;
    for (int n = 1; n <= kLines; ++n) lines.push_back("7 " + std::to_string(n) + " 3 0.5");
    for (const auto& [number, line] : replaced) lines[static_cast<std::size_t>(number) - 1] = line;
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  };
  for (const int threads : {1, 2, 7}) {
    const TensorOptions options{.threads = threads};
    EXPECT_EQ(wrong(with({{31'000, "1 2 3 ?"}, {17'003, "1 2"}, {59'999, "x"}}), options),
              "t:17003: expected 4 fields but found 2 fields: \"1 2\"");
    EXPECT_EQ(wrong(with({{50'000, "7 3 3 1"}, {40'000, "7 21000 3 1"}, {30'000, "# c"}}), options),
              "t:40000: the place (7, 21000, 3) has an entry already, on line 21000: \"7 21000 3 1\"");
  }
}

}  // namespace
}  // namespace seesaw::test
