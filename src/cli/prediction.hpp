#pragma once
#include "seesaw/io/model.hpp"

namespace seesaw::cli {

/// mean + x_i . y_j, summed in double.
template <class T>
double prediction(const Model<T>& model, index_t i, index_t j) {
  double value = model.mean;
  for (index_t f = 0; f < model.x.cols(); ++f)
    value += static_cast<double>(model.x(i, f)) * static_cast<double>(model.y(j, f));
  return value;
}

}  // namespace seesaw::cli
