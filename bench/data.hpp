#pragma once
#include <vector>

#include "seesaw/seesaw.hpp"

namespace seesaw::bench {

/// What a bench is run on; the defaults take seconds.
struct Options {
  index_t rows = 20000;
  index_t cols = 4000;
  offset_t entries = 2'000'000;
  int threads = 0;  ///< of the cpu backend; 0: as many as OpenMP would take
};

/// Takes --rows= --cols= --entries= --threads= and --set=ml-20m (the shape of MovieLens 20M) from the command line,
/// after Google Benchmark has taken its own. Throws InvalidArgument for anything else.
Options parse(int argc, char** argv);

/// Planted ratings with power-law rows and columns; made at the first call and kept.
template <class T>
const Csr<T>& planted(const Options& options);

/// The contexts of this machine. Tells in the header of Google Benchmark's report what they are, the peaks measured of
/// each, and why there is no cuda one where there is none.
std::vector<Context> contexts(const Options& options);

}  // namespace seesaw::bench
