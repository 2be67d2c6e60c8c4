#include "seesaw/io/figure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gnuplot.hpp"
#include "plot_script.hpp"
#include "seesaw/errors.hpp"

namespace seesaw {
namespace io {
namespace {

// Points on the page.
constexpr double kPanelWidth = 460, kPanelHeight = 230, kLeft = 100, kRight = 24, kAbove = 36, kBelow = 62;
constexpr double kTitle = 44, kKeyRow = 20, kCharacter = 8, kSample = 50;

/// Ten that differ in lightness too.
constexpr const char* kPalette[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                    "#56b4e9", "#000000", "#8c564b", "#7f7fff", "#9acd32"};
constexpr const char* kGrey = "#b0b0b0";

struct Span {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  bool empty() const { return !(least <= most); }
  void take(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

/// Whether the point is drawn, which must have both numbers.
bool shows(const Panel& panel, double x, double y) {
  return std::isfinite(x) && std::isfinite(y) && (!panel.log_y || y > 0);
}

const char* colour_of(const Curve& curve) {
  return curve.colour < 0 ? kGrey : kPalette[static_cast<std::size_t>(curve.colour) % std::size(kPalette)];
}

std::string style_of(const Curve& curve) {
  constexpr std::size_t kManyPoints = 60;
  const bool points = curve.x.size() <= kManyPoints && curve.colour >= 0;
  return std::string(points ? " with linespoints pointtype 7 pointsize 0.35" : " with lines") + " linecolor rgb '" +
         colour_of(curve) + "' linewidth " + (curve.colour < 0 ? "1" : "1.8") + " dashtype " +
         (curve.dashed ? "2" : "1");
}

/// The band's points into the data block, and into the span of y; whether there is any.
bool band_data(const Panel& panel, const Curve& curve, std::string& data, Span& ys) {
  bool any = false;
  for (std::size_t p = 0; p < curve.low.size(); ++p) {
    const bool good = shows(panel, curve.x[p], curve.low[p]) && shows(panel, curve.x[p], curve.high[p]);
    data +=
        good ? number(curve.x[p]) + " " + number(curve.low[p]) + " " + number(curve.high[p]) + "\n" : "NaN NaN NaN\n";
    if (!good) continue;
    ys.take(curve.low[p]);
    ys.take(curve.high[p]);
    any = true;
  }
  return any;
}

void draw_panel(PlotScript& script, const Panel& panel, const Box& box) {
  Span xs, ys;
  std::string data, curves, bands;
  for (std::size_t c = 0; c < panel.curves.size(); ++c) {
    const Curve& curve = panel.curves[c];
    const std::string block = "$c" + std::to_string(c);
    bool any = false;
    data += block + " << EOD\n";
    for (std::size_t p = 0; p < curve.x.size(); ++p) {
      if (std::isfinite(curve.x[p])) xs.take(curve.x[p]);  // panels over the same x keep the same axis
      const bool good = shows(panel, curve.x[p], curve.y[p]);
      data += good ? number(curve.x[p]) + " " + number(curve.y[p]) + "\n" : "NaN NaN\n";
      if (!good) continue;
      ys.take(curve.y[p]);
      any = true;
    }
    data += "EOD\n";
    if (any && !curve.low.empty()) {
      const std::string band = "$b" + std::to_string(c);
      data += band + " << EOD\n";
      if (band_data(panel, curve, data, ys))
        bands += band + " using 1:2:3 with filledcurves fillcolor rgb '" + colour_of(curve) +
                 "' fillstyle transparent solid 0.2 noborder notitle, ";
      data += "EOD\n";
    }
    if (!any && curve.name.empty()) continue;
    curves += std::string(curves.empty() ? "" : ", ") + (any ? block + " using 1:2" : "NaN") + style_of(curve) +
              (curve.name.empty() ? " notitle" : " title " + literal(curve.name));
  }
  constexpr double kMargin = 0.04;
  script.append(data);
  script.title(panel.title);
  script.x_axis(xs.empty() ? Axis{} : linear_axis(xs.least, xs.most, panel.whole_x ? 0.02 : kMargin, panel.whole_x),
                panel.x_label, kBelow * 0.72);
  script.y_axis(ys.empty()    ? Axis{}
                : panel.log_y ? log_axis(ys.least, ys.most, kMargin)
                              : linear_axis(ys.least, ys.most, kMargin),
                panel.y_label, kLeft * 0.83);
  script.line("set grid xtics ytics linestyle 100");
  if (ys.empty()) {
    script.label(box.left + box.width / 2, box.top + box.height / 2, "nothing to show");
    curves = "NaN notitle" + (curves.empty() ? "" : ", " + curves);
  }
  script.plot(bands + curves);
}

void check(const CurvesFigure& figure) {
  if (figure.panels.empty()) throw InvalidArgument("the figure has no panels, expected at least one");
  if (figure.columns < 1)
    throw InvalidArgument("columns is " + std::to_string(figure.columns) + ", expected at least 1");
  for (const Panel& panel : figure.panels)
    for (const Curve& curve : panel.curves) {
      if (curve.x.size() != curve.y.size())
        throw ShapeError("curve \"" + curve.name + "\" has " + std::to_string(curve.x.size()) + " x and " +
                         std::to_string(curve.y.size()) + " y, expected as many of both");
      if (curve.low.size() != curve.high.size() || (!curve.low.empty() && curve.low.size() != curve.x.size()))
        throw ShapeError("curve \"" + curve.name + "\" has a band of " + std::to_string(curve.low.size()) +
                         " low and " + std::to_string(curve.high.size()) + " high, expected as many as x, " +
                         std::to_string(curve.x.size()));
    }
}

/// The names in rows, on a page so wide; rows = 0: no name.
struct Key {
  int columns = 1, rows = 0;
};
Key key_of(const Panel& panel, double width) {
  std::size_t longest = 0;
  int names = 0;
  for (const Curve& curve : panel.curves)
    if (!curve.name.empty()) {
      longest = std::max(longest, characters(curve.name));
      ++names;
    }
  Key key;
  key.columns = std::clamp(static_cast<int>(width / (static_cast<double>(longest) * kCharacter + kSample)), 1,
                           std::max(names, 1));
  key.rows = (names + key.columns - 1) / key.columns;
  return key;
}

/// A plot of nothing, as wide as its names need: gnuplot gives a key no more room than its plot has.
void draw_key(PlotScript& script, const Panel& panel, const Key& key) {
  std::string curves;
  for (const Curve& curve : panel.curves)
    if (!curve.name.empty())
      curves += (curves.empty() ? "NaN" : ", NaN") + style_of(curve) + " title " + literal(curve.name);
  script.begin_plot({0, kTitle, static_cast<double>(script.width()), key.rows * kKeyRow});
  script.line("unset border\nset xrange [0:1]\nset yrange [0:1]");
  script.line("set key inside center center horizontal maxcols " + std::to_string(key.columns) + " Left reverse");
  script.plot(curves);
}

}  // namespace
}  // namespace io

void require_drawable(const std::string& path) {
  io::picture_kind(path);
  io::find_gnuplot(path);
}

void draw(const std::string& path, const CurvesFigure& figure) {
  using namespace io;
  check(figure);
  const int panels = static_cast<int>(figure.panels.size()), columns = std::min(figure.columns, panels);
  const int rows = (panels + columns - 1) / columns;
  const double across = kLeft + kPanelWidth + kRight, down = kAbove + kPanelHeight + kBelow;
  const double width = columns * across;
  const Key key = key_of(figure.panels.front(), width - kLeft);
  const double top = kTitle + key.rows * kKeyRow;
  PlotScript script(static_cast<int>(width), static_cast<int>(top + rows * down));
  script.label(width / 2, kTitle / 2, shortened(figure.title, static_cast<std::size_t>(width / kCharacter)),
               {.bold = true});
  if (key.rows > 0) draw_key(script, figure.panels.front(), key);
  for (int p = 0; p < panels; ++p) {
    const Box box{p % columns * across + kLeft, top + p / columns * down + kAbove, kPanelWidth, kPanelHeight};
    script.begin_plot(box);
    if (p > 0) script.line("set key inside right top vertical Left reverse opaque");
    draw_panel(script, figure.panels[static_cast<std::size_t>(p)], box);
  }
  const int page_width = script.width(), page_height = script.height();
  draw_script(path, page_width, page_height, script.finish());
}

}  // namespace seesaw
