#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "seesaw/matrix.hpp"
#include "seesaw/sparse.hpp"
#include "seesaw/tensor.hpp"

// Tensors with a known answer, for tests, benches and trials. Everything is a function of the options alone, the same
// for any number of threads, and a float is the double rounded.
namespace seesaw {

/// A dense tensor of low CP rank. Each factor's columns have norm 1; drawn as independent normal numbers, or, where a
/// congruence c is given, with inner product c of any two columns in every mode: orthonormal columns times the
/// transposed Cholesky factor of the matrix with 1 on the diagonal and c elsewhere.
struct PlantedCpOptions {
  std::vector<index_t> shape = {};        ///< 2 to 8 sizes
  index_t rank = 8;                       ///< with a congruence at most the least size
  std::optional<double> congruence = {};  ///< at least 0, below 1
  double noise = 0;                       ///< norm of the noise over that of what it is added to
  std::uint64_t seed = 0;
};

template <class T>
struct PlantedCp {
  DenseTensor<T> tensor;                ///< in host memory
  std::vector<Matrix<double>> factors;  ///< shape[n] x rank
};

/// T + noise |T|/|N| N  with  T = sum_r a_1r o ... o a_Nr  and N of independent normal numbers; norms are Frobenius's.
/// T is float or double. threads 0: as OpenMP would. Throws InvalidArgument for an option out of range, OutOfMemory.
/// Source: Tomasi, Bro (2006), "A comparison of algorithms for fitting the PARAFAC model", section 3.
template <class T>
PlantedCp<T> planted_cp(const PlantedCpOptions& options, int threads = 0);

/// Some entries of a tensor of low CP rank.
struct PlantedTensorOptions {
  std::vector<index_t> shape = {};  ///< 2 to 8 sizes, each at most 2^31 - 1, their product at most 2^63 - 1
  offset_t entries = 0;             ///< at most the product of the sizes
  index_t rank = 8;
  double mean = 0;
  double spread = 1;                   ///< standard deviation of sum_r prod_n A_n(i_n, r)
  double noise = 0;                    ///< standard deviation of what is added to it
  std::vector<double> exponents = {};  ///< 0 to 10 for each mode; empty: all 0
  std::uint64_t seed = 0;
};

template <class T>
struct PlantedTensor {
  SparseTensor<T> entries;              ///< in host memory, by place: the last index ascends fastest
  std::vector<Matrix<double>> factors;  ///< shape[n] x rank, normal numbers
};

/// t_i = mean + sum_r prod_n A_n(i_n, r) + noise * e_i on distinct places i. Places are drawn without replacement; the
/// likelihood of a place is the product over the modes of that of its index, which is p^-exponent for the p-th most
/// frequent one (which that is is drawn too). So the slices of a mode follow the power law as long as few places of the
/// frequent ones are taken.
/// Memory: the entries and up to 24 bytes for each (up to 80 where more than a quarter of all places is taken), the
/// factors, and up to 28 bytes for each index of a mode whose exponent is not 0.
/// T is float or double. threads 0: as OpenMP would. Throws InvalidArgument for an option out of range, and for
/// exponents so large that too few places are likely for so many entries; OutOfMemory.
template <class T>
PlantedTensor<T> planted_tensor(const PlantedTensorOptions& options, int threads = 0);

extern template PlantedCp<float> planted_cp<float>(const PlantedCpOptions&, int);
extern template PlantedCp<double> planted_cp<double>(const PlantedCpOptions&, int);
extern template PlantedTensor<float> planted_tensor<float>(const PlantedTensorOptions&, int);
extern template PlantedTensor<double> planted_tensor<double>(const PlantedTensorOptions&, int);

}  // namespace seesaw
