#include "mode_gram.hpp"

namespace seesaw::reference {

template <class T>
void mode_gram(const ModeGram<T>& problem) {
  const index_t n = problem.size();
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j <= i; ++j) {
      T sum = 0;
      for (index_t e = 0; e < problem.length(); ++e)
        sum += problem.data[problem.at(i, e)] * problem.data[problem.at(j, e)];
      problem.out[i * n + j] = problem.out[j * n + i] = sum;
    }
}

template void mode_gram(const ModeGram<float>&);
template void mode_gram(const ModeGram<double>&);

}  // namespace seesaw::reference
