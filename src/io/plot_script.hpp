#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "axis.hpp"

namespace seesaw::io {

/// Where a plot's axes lie on the page, in points from its left upper corner.
struct Box {
  double left, top, width, height;
};

/// Builds a gnuplot script of several plots on one page. Whatever a plot sets it sets anew for the next one.
class PlotScript {
 public:
  PlotScript(int width, int height);

  enum class Align { left, centre, right };
  /// Text with its middle at this height, drawn with the next plot.
  void label(double x, double y, Align align, std::string_view text, bool bold = false);

  void begin_plot(const Box& box);
  void title(std::string_view text);
  /// `axis` is "x", "y" or "cb".
  void axis(const std::string& axis, const Axis& range, std::string_view label);
  /// A line of the script as it is.
  void line(const std::string& text) { script_ += text + "\n"; }
  void append(std::string_view text) { script_ += text; }
  /// What follows gnuplot's command "plot".
  void plot(const std::string& what) { line("plot " + what + "\nunset label"); }

  /// As fractions of the page, counted from below, as gnuplot has them.
  std::string screen(double x, double y) const;

  int width() const { return width_; }
  int height() const { return height_; }
  std::string finish();

 private:
  int width_, height_;
  int labels_ = 0;
  std::string script_;
};

}  // namespace seesaw::io
