#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "seesaw/random.hpp"
#include "tensor_files_support.hpp"

namespace seesaw::test {
namespace {

template <class T>
SparseTensor<T> sparse_of(const std::vector<index_t>& shape, const std::vector<std::vector<column_t>>& places,
                          const std::vector<T>& values) {
  SparseTensor<T> tensor;
  tensor.order = static_cast<int>(shape.size());
  tensor.values = Buffer<T>(static_cast<index_t>(values.size()));
  std::copy(values.begin(), values.end(), tensor.values.data());
  for (std::size_t d = 0; d < shape.size(); ++d) {
    tensor.shape[d] = shape[d];
    tensor.indices[d] = Buffer<column_t>(static_cast<index_t>(values.size()));
    for (std::size_t e = 0; e < values.size(); ++e) tensor.indices[d].data()[e] = places[e][d];
  }
  return tensor;
}

template <class T>
DenseTensor<T> dense_of(const std::vector<index_t>& shape, const std::vector<T>& values) {
  DenseTensor<T> tensor{static_cast<int>(shape.size()), {}, Buffer<T>(static_cast<index_t>(values.size()))};
  std::copy(shape.begin(), shape.end(), tensor.shape.begin());
  std::copy(values.begin(), values.end(), tensor.values.data());
  return tensor;
}

template <class E>
bool same_bytes(const Buffer<E>& a, const Buffer<E>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(E)) == 0;
}

class WriteTensor : public InFolder {};

TEST_F(WriteTensor, SparseText) {
  const auto tensor = sparse_of<float>({4, 3, 2}, {{3, 0, 1}, {0, 2, 0}}, {0.1F, -2.5F});
  write_tns(path("a.tns"), tensor.view());
  EXPECT_EQ(contents_of(path("a.tns")), "4 1 2 0.1\n1 3 1 -2.5\n");
  write_sptensor(path("a"), tensor.view());
  EXPECT_EQ(contents_of(path("a")), "sptensor\n3\n4 3 2\n2\n4 1 2 0.1\n1 3 1 -2.5\n");
}

TEST_F(WriteTensor, DenseText) {
  write_tensor(path("a"), dense_of<double>({2, 3}, {1, 2, 3, 4, 5, 1e-300}).view());
  EXPECT_EQ(contents_of(path("a")), "tensor\n2\n2 3\n1\n4\n2\n5\n3\n1e-300\n");
}

TEST_F(WriteTensor, Npy) {
  write_npy(path("a.npy"), dense_of<float>({2, 1, 3}, {1, 2, 3, 4, 5, 6}).view());
  const std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 3), }";
  const std::string written = contents_of(path("a.npy"));
  EXPECT_EQ(written, std::string("\x93NUMPY\x01\0\x76\0", 10) + dictionary + std::string(117 - dictionary.size(), ' ') +
                         "\n" + bytes_of<float>({1, 2, 3, 4, 5, 6}));
}

/// Numbers of all magnitudes, zeros of both signs, subnormals; more than one block of what is written at a time.
template <class T>
std::vector<T> numbers(index_t count) {
  std::vector<T> list{0,
                      -T(0),
                      std::numeric_limits<T>::max(),
                      std::numeric_limits<T>::min(),
                      std::numeric_limits<T>::denorm_min(),
                      T(0.1),
                      10000,
                      T(1) / 3};
  for (std::uint64_t n = 0; static_cast<index_t>(list.size()) < count; ++n)
    list.push_back(static_cast<T>(random_normal(1, n) * std::pow(10.0, static_cast<double>(n % 41) - 20)));
  return list;
}

template <class T>
void expect_round_trips(const std::function<std::string(std::string)>& path) {
  constexpr index_t kRows = 300, kCols = 101, kDepth = 7;
  const std::vector<T> values = numbers<T>(kRows * kCols * kDepth);
  const auto dense = dense_of<T>({kRows, kCols, kDepth}, values);
  std::vector<std::vector<column_t>> places;
  for (index_t n = 0; n < static_cast<index_t>(values.size()); ++n)
    places.push_back({static_cast<column_t>(n % kRows), static_cast<column_t>(n / kRows % kCols),
                      static_cast<column_t>(n / kRows / kCols)});
  const auto sparse = sparse_of<T>({kRows, kCols + 5, kDepth}, places, values);
  for (const std::string end : {"", ".gz"}) {
    write_npy(path("d.npy" + end), dense.view(), 2);
    write_tensor(path("d" + end), dense.view(), 2);
    for (const std::string name : {"d.npy", "d"}) {
      const auto back = read_dense_tensor<T>(path(name + end));
      EXPECT_EQ(back.order, 3);
      EXPECT_EQ(back.shape, dense.shape);
      EXPECT_TRUE(same_bytes(back.values, dense.values)) << name + end;
    }
    write_tns(path("s.tns" + end), sparse.view(), 2);
    write_sptensor(path("s" + end), sparse.view(), 2);
    for (const std::string name : {"s.tns", "s"}) {
      const auto back = read_sparse_tensor<T>(path(name + end));
      EXPECT_EQ(back.tensor.shape[1], name == "s" ? kCols + 5 : kCols) << "a .tns has no sizes";
      EXPECT_TRUE(same_bytes(back.tensor.values, sparse.values)) << name + end;
      for (std::size_t d = 0; d < 3; ++d)
        EXPECT_TRUE(same_bytes(back.tensor.indices[d], sparse.indices[d])) << name + end;
    }
  }
  EXPECT_EQ(contents_of(path("d.gz")).substr(0, 2), "\x1f\x8b");
  write_tns(path("one.tns"), sparse.view(), 1);
  EXPECT_TRUE(contents_of(path("one.tns")) == contents_of(path("s.tns"))) << "depends on the number of threads";
}

TEST_F(WriteTensor, ReadsBackTheSameNumbers) {
  const auto at = [this](const std::string& name) { return path(name); };
  expect_round_trips<float>(at);
  expect_round_trips<double>(at);
}

TEST_F(WriteTensor, RefusesWhatCannotBeReadBack) {
  file("t", "old");
  const auto sparse = [&](const SparseTensorView<float>& view) {
    return message_of<InvalidArgument>([&] { write_tns(path("t"), view); });
  };
  const float nan = std::nanf("");
  const auto good = sparse_of<float>({2, 2}, {{0, 0}}, {1});
  EXPECT_EQ(sparse(sparse_of<float>({2, 2}, {{0, 0}}, {nan}).view()), "entry 0 is not finite");
  EXPECT_EQ(sparse(sparse_of<float>({2, 2}, {{0, 0}, {1, 2}}, {1, 1}).view()),
            "entry 1 has the index 2 of mode 1, expected 0..1");
  EXPECT_EQ(sparse(sparse_of<float>({2, 2}, {{-1, 0}}, {1}).view()),
            "entry 0 has the index -1 of mode 0, expected 0..1");
  EXPECT_EQ(sparse(sparse_of<float>({2, 2}, {}, {}).view()), "the tensor has no entries");
  auto weighted = good.view();
  weighted.weights = weighted.values;
  EXPECT_EQ(sparse(weighted), "the tensor has weights, which the file cannot hold");
  auto line = good.view();
  line.order = 1;
  EXPECT_EQ(message_of<ShapeError>([&] { write_sptensor(path("t"), line); }),
            "the tensor has the order 1, expected 2 to 8");
  auto large = good.view();
  large.shape[1] = index_t{1} << 31;
  EXPECT_EQ(message_of<ShapeError>([&] { write_sptensor(path("t"), large); }),
            "shape[1] is 2147483648, expected 1 to 2^31 - 1");
  const auto dense = dense_of<float>({1, 2}, {1, nan});
  EXPECT_EQ(message_of<InvalidArgument>([&] { write_tensor(path("t"), dense.view()); }), "data[1] is not finite");
  EXPECT_EQ(message_of<InvalidArgument>([&] { write_npy(path("t"), dense.view()); }), "data[1] is not finite");
  auto empty = dense.view();
  empty.shape[0] = 0;
  EXPECT_EQ(message_of<ShapeError>([&] { write_npy(path("t"), empty); }), "shape[0] is 0, expected at least 1");
  EXPECT_EQ(contents_of(path("t")), "old");
  EXPECT_EQ(names().size(), 1U) << "a temporary file was left";
}

TEST_F(WriteTensor, AFullDiskLeavesTheOldFile) {
  const std::string at = file("t", "old");
  const auto dense = dense_of<double>({100, 100}, numbers<double>(10'000));
  {
    const FileSizeLimit full(10'000);
    EXPECT_EQ(message_of<IoError>([&] { write_npy(at, dense.view()); }), at + ": cannot be written: File too large");
    EXPECT_EQ(message_of<IoError>([&] { write_tensor(at, dense.view()); }), at + ": cannot be written: File too large");
  }
  EXPECT_EQ(contents_of(at), "old");
  EXPECT_EQ(names().size(), 1U) << "a temporary file was left";
}

}  // namespace
}  // namespace seesaw::test
