#pragma once
#include <string>
#include <vector>

namespace seesaw::io {

struct Tic {
  double at;
  std::string label;
};

/// Where an axis begins and ends, and what stands along it.
struct Axis {
  double least = 0, most = 1;
  bool logarithmic = false;
  std::vector<Tic> tics = {};
};

/// From `least` to `most`, finite, with `margin` of their distance on both sides; tics are 1, 2 or 5 times a power of
/// ten apart, and where `whole`, at whole numbers.
Axis linear_axis(double least, double most, double margin, bool whole = false);

/// 0 < least <= most. Tics at powers of ten, with 2 and 5 between them where they are few, and as linear_axis() has
/// them where even those are too few.
Axis log_axis(double least, double most, double margin);

}  // namespace seesaw::io
