#pragma once
#include <vector>

#include "seesaw/matrix.hpp"

// The components of a CP model in host memory and in double, for what is worked out once a run.
namespace seesaw {

struct Components {
  std::vector<Matrix<double>> factors;  ///< of each mode, shape[n] x k
  std::vector<double> weights;          ///< k

  index_t rank() const { return static_cast<index_t>(weights.size()); }
};

template <class T>
Components components_of(const std::vector<Matrix<T>>& factors, const std::vector<double>& weights) {
  Components components{{}, weights};
  for (const Matrix<T>& factor : factors) {
    Matrix<double> copy(factor.rows(), factor.cols());
    for (index_t e = 0; e < factor.buffer().size(); ++e)
      copy.buffer().data()[e] = static_cast<double>(factor.buffer().data()[e]);
    components.factors.push_back(std::move(copy));
  }
  return components;
}

template <class T>
Matrix<T> rounded(const Matrix<double>& matrix) {
  Matrix<T> copy(matrix.rows(), matrix.cols());
  for (index_t e = 0; e < matrix.buffer().size(); ++e)
    copy.buffer().data()[e] = static_cast<T>(matrix.buffer().data()[e]);
  return copy;
}

/// Columns of norm 1 (those of zeros stay, and their components get the weight 0), components by falling weight, and in
/// every mode but the last the element of largest magnitude of a column positive; the last mode takes the sign.
void canonicalize(Components& components);

/// The factor match score of two models of the same shape whose columns have norm 1, 0 to 1.
double match_score(const Components& a, const Components& b);

/// A'A of a factor, columns scaled to norm 1: the cosines between them; 0 for a column of zeros.
Matrix<double> cosines(const Matrix<double>& factor);

/// a^-1/2 of a symmetric positive semidefinite matrix over the eigenvalues above k eps times the largest.
template <class T>
Matrix<T> inverse_square_root(const Matrix<T>& a);

extern template Matrix<float> inverse_square_root(const Matrix<float>&);
extern template Matrix<double> inverse_square_root(const Matrix<double>&);

}  // namespace seesaw
