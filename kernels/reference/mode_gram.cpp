#include "mode_gram.hpp"

namespace seesaw::reference {

template <class T>
void mode_gram(const ModeGram<T>& problem) {
  const index_t n = problem.rows, right = problem.right;
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j <= i; ++j) {
      T sum = 0;
      for (index_t l = 0; l < problem.left; ++l)
        for (index_t r = 0; r < right; ++r)
          sum += problem.data[(l * n + i) * right + r] * problem.data[(l * n + j) * right + r];
      problem.out[i * n + j] = problem.out[j * n + i] = sum;
    }
}

template void mode_gram(const ModeGram<float>&);
template void mode_gram(const ModeGram<double>&);

}  // namespace seesaw::reference
