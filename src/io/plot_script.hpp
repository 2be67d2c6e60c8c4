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

enum class Align { left, centre, right };
struct TextStyle {
  Align align = Align::centre;
  bool bold = false;
  bool upwards = false;
};

/// Builds a gnuplot script of several plots on one page. Whatever a plot sets it sets anew for the next one. Texts have
/// places of their own: gnuplot's titles and labels of axes lie elsewhere in an svg than in a png.
class PlotScript {
 public:
  PlotScript(int width, int height);

  /// Text with its middle at this place, or the end that `align` says, drawn with the next plot.
  void label(double x, double y, std::string_view text, TextStyle style = {});

  void begin_plot(const Box& box);
  /// Above the box.
  void title(std::string_view text);
  /// The label of the x axis so far below the box, of the y axis so far left of it.
  void x_axis(const Axis& range, std::string_view label, double below);
  void y_axis(const Axis& range, std::string_view label, double left_of);
  /// Colours from least to most of the axis, in a bar at the right of the box.
  void colour_bar(const Axis& range, std::string_view label);
  void colours(const Axis& range);
  /// A line of the script as it is.
  void line(const std::string& text) { script_ += text + "\n"; }
  void append(std::string_view text) { script_ += text; }
  /// What follows gnuplot's command "plot".
  void plot(const std::string& what) { line("plot " + what + "\nunset label"); }

  int width() const { return width_; }
  int height() const { return height_; }
  std::string finish();

 private:
  std::string screen(double x, double y) const;
  void axis(const std::string& axis, const Axis& range);

  int width_, height_;
  int labels_ = 0;
  Box box_{};
  std::string script_;
};

}  // namespace seesaw::io
