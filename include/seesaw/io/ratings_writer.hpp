#pragma once
#include <memory>
#include <string>

#include "seesaw/io/ratings.hpp"

namespace seesaw {

/// Writes ratings as CSV (header user,item,rating and, where asked for, weight), block by block, so that a file may be
/// larger than memory; through gzip where the name ends in ".gz". Numbers are the shortest that read back the same.
/// The file appears under its name with commit(); before, and where anything fails, an older one stays as it was.
class RatingsWriter {
 public:
  /// The tables must outlive the writer. Throws IoError, InvalidArgument for threads < 0 (0: as OpenMP would).
  RatingsWriter(const std::string& path, const Ids& rows, const Ids& cols, bool weights = false, int threads = 0);
  ~RatingsWriter();
  RatingsWriter(const RatingsWriter&) = delete;
  RatingsWriter& operator=(const RatingsWriter&) = delete;

  /// Entries in host memory. Throws IoError; ShapeError unless the order is 2; InvalidArgument for an index outside
  /// the tables, a number that is not finite, weights that are missing or unasked for, and an id with a line break.
  void write(SparseTensorView<float> entries);
  void write(SparseTensorView<double> entries);
  /// Throws IoError.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same in one call.
void write_ratings(const std::string& path, const Ratings<float>& ratings, int threads = 0);
void write_ratings(const std::string& path, const Ratings<double>& ratings, int threads = 0);

}  // namespace seesaw
