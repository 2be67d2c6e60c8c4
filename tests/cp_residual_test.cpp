#include "cp_residual.hpp"

#include "cp_support.hpp"
#include "dispatch.hpp"

namespace seesaw::test {
namespace {

class CpResidualRow : public OnBackend {};

template <class T>
double residual_on(Context& ctx, const SparseTensor<T>& tensor, const std::vector<Matrix<T>>& factors,
                   const std::vector<double>& weights) {
  std::vector<Matrix<T>> there;
  for (const Matrix<T>& factor : factors) there.push_back(seesaw::to_context(ctx, factor));
  const CpResidual<T> problem{tensor.view(), views_of(there), weights.data()};
  return on_backend(
      ctx, [&] { return reference::cp_residual(problem); },
      [&](int threads) { return cpu::cp_residual(threads, problem); },
      [&](auto& gpu) { return cuda::cp_residual(gpu, problem); });
}

/// Whole numbers from -3 to 3.
template <class T>
Matrix<T> whole_matrix(index_t rows, index_t cols, std::uint64_t seed) {
  Matrix<T> matrix(rows, cols);
  for (index_t e = 0; e < rows * cols; ++e)
    matrix.buffer().data()[e] =
        static_cast<T>(static_cast<int>(random_bits(seed, static_cast<std::uint64_t>(e)) % 7) - 3);
  return matrix;
}

// Numbers of few bits, the model's whole and what the tensor differs by a small power of 2 apart from it: all sums are
// exact in 106 bits, while |T|^2 and the smallest part of the residual are more than the 53 bits of a double apart.
template <class T>
void is_exact(Context& ctx, const std::vector<index_t>& shape, index_t k, bool missing = false) {
  const double apart = sizeof(T) == sizeof(float) ? 0x1p-9 : 0x1p-26;
  std::vector<Matrix<T>> factors;
  std::vector<Matrix<double>> same;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    factors.push_back(whole_matrix<T>(shape[n], k, n));
    same.push_back(whole_matrix<double>(shape[n], k, n));
  }
  std::vector<double> weights;
  for (index_t f = 0; f < k; ++f) weights.push_back(static_cast<double>(1 + f % 3));
  DenseTensor<double> tensor = model_of(same, weights);
  double expected = 0;
  for (index_t e = 0; e < tensor.values.size(); ++e) {
    double& value = tensor.values.data()[e];
    if (missing && e % 31 == 7) {  // has no entry
      expected += value * value;
      value = 0;
    } else if (e % 97 == 5) {
      value += apart;
      expected += apart * apart;
    }
  }
  std::vector<double> numbers(tensor.values.data(), tensor.values.data() + tensor.values.size());
  const SparseTensor<T> sparse = sparse_of(ctx, tensor_of<T>(shape, numbers));
  EXPECT_EQ(residual_on(ctx, sparse, factors, weights), expected) << "k = " << k;
}

TEST_P(CpResidualRow, IsExactForNumbersOfFewBits) {
  Context ctx = context();
  for (const index_t k : {1, 7, 8, 9, 20}) {  // both sides of a team of lanes
    is_exact<float>(ctx, {4, 5, 6}, k);
    is_exact<double>(ctx, {4, 5, 6}, k);
    is_exact<double>(ctx, {4, 5, 6}, k, true);
  }
  is_exact<double>(ctx, {3, 1, 2, 3, 4}, 3);
  is_exact<double>(ctx, {4100, 3}, 2);  // more than one block of entries and of rows
}

TEST_P(CpResidualRow, IsTheSameForAnyNumberOfThreads) {
  std::vector<Matrix<double>> factors;
  for (const index_t size : {30, 25, 20}) factors.push_back(random_matrix<double>(size, 5, 3));
  const std::vector<double> weights(5, 0.7);
  const auto run = [&](int threads) {
    Context ctx = context(threads);
    return residual_on(ctx, sparse_of(ctx, model_of(factors, weights)), factors, weights);
  };
  const double one = run(1);
  EXPECT_EQ(one, run(2));
  EXPECT_EQ(one, run(5));
}

INSTANTIATE_TEST_SUITE_P(Backends, CpResidualRow, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
