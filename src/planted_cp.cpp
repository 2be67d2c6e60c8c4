#include <omp.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "checks.hpp"
#include "cpu/parallel.hpp"
#include "planted_shape.hpp"
#include "seesaw/planted_tensor.hpp"
#include "seesaw/random.hpp"

namespace seesaw {
namespace {

/// Seeds of their own. Those from 0 to 7 are of cp_als()'s start: a fit with the same seed must not begin at its
/// answer.
constexpr std::uint64_t kFactorStream = kMaxOrder, kNoiseStream = 2 * kMaxOrder;

void require_options(const PlantedCpOptions& options) {
  require_planted_shape(options.shape);
  require_rank(options.rank);
  require(std::isfinite(options.noise) && options.noise >= 0, "noise", options.noise, "a finite number >= 0");
  if (!options.congruence) return;
  require(*options.congruence >= 0 && *options.congruence < 1, "congruence", *options.congruence,
          "at least 0 and below 1");
  for (std::size_t n = 0; n < options.shape.size(); ++n)
    if (options.rank > options.shape[n])
      throw InvalidArgument("rank is " + std::to_string(options.rank) + ", expected at most shape[" +
                            std::to_string(n) + "] = " + std::to_string(options.shape[n]) +
                            ": columns of a given congruence are independent");
}

double column_dot(const Matrix<double>& a, index_t p, index_t q) {
  double sum = 0;
  for (index_t i = 0; i < a.rows(); ++i) sum += a(i, p) * a(i, q);
  return sum;
}

void normalize_column(Matrix<double>& a, index_t column) {
  const double norm = std::sqrt(column_dot(a, column, column));
  for (index_t i = 0; i < a.rows(); ++i) a(i, column) /= norm;
}

/// Gram-Schmidt, twice, which is enough (Giraud, Langou, Rozloznik 2005).
void orthonormalize(Matrix<double>& a) {
  for (index_t q = 0; q < a.cols(); ++q) {
    for (int pass = 0; pass < 2; ++pass)
      for (index_t p = 0; p < q; ++p) {
        const double along = column_dot(a, p, q);
        for (index_t i = 0; i < a.rows(); ++i) a(i, q) -= along * a(i, p);
      }
    normalize_column(a, q);
  }
}

/// The lower Cholesky factor of the k x k matrix with 1 on the diagonal and c elsewhere.
Matrix<double> congruence_factor(index_t k, double c) {
  Matrix<double> lower(k, k);
  for (index_t i = 0; i < k; ++i)
    for (index_t j = 0; j <= i; ++j) {
      double rest = i == j ? 1 : c;
      for (index_t l = 0; l < j; ++l) rest -= lower(i, l) * lower(j, l);
      lower(i, j) = i == j ? std::sqrt(rest) : rest / lower(j, j);
    }
  return lower;
}

/// a = a L', from the last column, which needs the others.
void multiply_by_transposed(Matrix<double>& a, const Matrix<double>& lower) {
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = a.cols(); j-- > 0;) {
      double sum = 0;
      for (index_t l = 0; l <= j; ++l) sum += lower(j, l) * a(i, l);
      a(i, j) = sum;
    }
}

std::vector<Matrix<double>> draw_factors(const PlantedCpOptions& options, int threads) {
  std::vector<Matrix<double>> factors;
  Context host = Context::cpu(threads);
  for (std::size_t n = 0; n < options.shape.size(); ++n) {
    Matrix<double>& factor = factors.emplace_back(options.shape[n], options.rank);
    fill_normal(host, random_bits(options.seed, kFactorStream + n), 1, factor.view());
    if (options.congruence) {
      orthonormalize(factor);
      multiply_by_transposed(factor, congruence_factor(options.rank, *options.congruence));
    } else {
      for (index_t r = 0; r < options.rank; ++r) normalize_column(factor, r);
    }
  }
  return factors;
}

/// The tensor of the factors, row by row: a row is what the last mode runs through.
class CpRows {
 public:
  explicit CpRows(const std::vector<Matrix<double>>& factors)
      : factors_(factors), products_(static_cast<std::size_t>(factors[0].cols())) {}

  void go_to(index_t row) {
    std::fill(products_.begin(), products_.end(), 1.0);
    for (std::size_t n = factors_.size() - 1; n-- > 0; row /= factors_[n].rows()) {
      const index_t i = row % factors_[n].rows();
      for (std::size_t r = 0; r < products_.size(); ++r) products_[r] *= factors_[n](i, static_cast<index_t>(r));
    }
  }
  double element(index_t j) const {
    double sum = 0;
    for (std::size_t r = 0; r < products_.size(); ++r)
      sum += products_[r] * factors_.back()(j, static_cast<index_t>(r));
    return sum;
  }

 private:
  const std::vector<Matrix<double>>& factors_;
  std::vector<double> products_;
};

/// The elements in blocks of whole rows, which are the same for any number of threads.
struct Blocks {
  index_t rows, cols, together, count;

  Blocks(index_t elements, index_t last_size)
      : rows(elements / last_size),
        cols(last_size),
        together(std::max<index_t>(1, kElements / last_size)),
        count(cpu::block_count(rows, together)) {}

 private:
  static constexpr index_t kElements = 1 << 14;
};

/// work(block, position, element) for all elements.
template <class Work>
void for_elements(const std::vector<Matrix<double>>& factors, const Blocks& blocks, int threads, const Work& work) {
  cpu::for_blocks(
      threads, blocks.count, [&] { return CpRows(factors); },
      [&](CpRows& cp, index_t block) {
        const index_t last = std::min(blocks.rows, (block + 1) * blocks.together);
        for (index_t row = block * blocks.together; row < last; ++row) {
          cp.go_to(row);
          for (index_t j = 0; j < blocks.cols; ++j) work(block, row * blocks.cols + j, cp.element(j));
        }
      });
}

/// |T| / |N|
double norm_ratio(const std::vector<Matrix<double>>& factors, const Blocks& blocks, std::uint64_t noise_seed,
                  int threads) {
  struct Squares {
    double tensor = 0, noise = 0;
  };
  std::vector<Squares> sums(static_cast<std::size_t>(blocks.count));
  for_elements(factors, blocks, threads, [&](index_t block, index_t position, double element) {
    Squares& sum = sums[static_cast<std::size_t>(block)];
    sum.tensor += element * element;
    sum.noise += std::pow(random_normal(noise_seed, static_cast<std::uint64_t>(position)), 2);
  });
  Squares total;
  for (const Squares& sum : sums) {
    total.tensor += sum.tensor;
    total.noise += sum.noise;
  }
  return std::sqrt(total.tensor / total.noise);
}

}  // namespace

template <class T>
PlantedCp<T> planted_cp(const PlantedCpOptions& options, int threads) {
  require_options(options);
  const int team = planted_threads(threads);
  PlantedCp<T> planted;
  planted.tensor.order = static_cast<int>(options.shape.size());
  std::copy(options.shape.begin(), options.shape.end(), planted.tensor.shape.begin());
  const index_t elements = place_count(options.shape);
  planted.tensor.values = Buffer<T>(elements);
  planted.factors = draw_factors(options, team);
  const Blocks blocks(elements, options.shape.back());
  const std::uint64_t noise_seed = random_bits(options.seed, kNoiseStream);
  const double scale = options.noise == 0 ? 0 : options.noise * norm_ratio(planted.factors, blocks, noise_seed, team);
  T* const data = planted.tensor.values.data();
  for_elements(planted.factors, blocks, team, [&](index_t, index_t position, double element) {
    if (scale != 0) element += scale * random_normal(noise_seed, static_cast<std::uint64_t>(position));
    data[position] = static_cast<T>(element);
  });
  return planted;
}

template PlantedCp<float> planted_cp<float>(const PlantedCpOptions&, int);
template PlantedCp<double> planted_cp<double>(const PlantedCpOptions&, int);

}  // namespace seesaw
