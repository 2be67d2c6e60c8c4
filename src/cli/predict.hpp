#pragma once
#include <string>
#include <vector>

#include "backend.hpp"
#include "checks.hpp"
#include "output.hpp"
#include "seesaw/io/model.hpp"
#include "seesaw/io/ratings.hpp"

namespace seesaw::cli {

enum class Unknown { error, mean, skip };

struct PredictOptions {
  std::string model;
  std::vector<std::string> user;
  std::string users, item;
  std::string pairs;
  index_t top = 0;
  std::string seen, titles;
  Unknown unknown = Unknown::error;
  RatingsOptions format;  ///< of the pairs and of the seen ratings
  Range clip;
  BackendOptions backend;
  std::string output;
  bool json = false;
};

/// Quoted where CSV wants it.
std::string csv_field(const std::string& text);

/// Throws Error where the model does not know the id.
index_t known(const PredictOptions& options, const char* what, const Ids& ids, const std::string& name);

/// The best items for each user asked for.
template <class T>
void predict_top(const PredictOptions& options, const Model<T>& model, Output& output);

extern template void predict_top(const PredictOptions&, const Model<float>&, Output&);
extern template void predict_top(const PredictOptions&, const Model<double>&, Output&);

}  // namespace seesaw::cli
