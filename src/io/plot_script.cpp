#include "plot_script.hpp"

#include "gnuplot.hpp"

namespace seesaw::io {

PlotScript::PlotScript(int width, int height) : width_(width), height_(height) {
  line("set multiplot");
  line("set style line 100 linecolor rgb '#e4e4e4' linewidth 1 dashtype 1");
}

/// In fractions of the page from below, as gnuplot has them.
std::string PlotScript::screen(double x, double y) const {
  return "screen " + number(x / width_) + "," + number(1 - y / height_);
}

void PlotScript::label(double x, double y, std::string_view text, TextStyle style) {
  const char* const side = style.align == Align::left ? " left" : style.align == Align::centre ? " center" : " right";
  line("set label " + std::to_string(++labels_) + " " + literal(text) + " at " + screen(x, y) + side +
       (style.upwards ? " rotate by 90" : "") + " front" + (style.bold ? " font bold" : ""));
}

void PlotScript::begin_plot(const Box& box) {
  box_ = box;
  line("unset logscale\nunset xtics\nunset ytics\nunset grid\nunset key\nunset colorbox");
  line("set border 31 linecolor rgb '#606060' linewidth 1");
  line("set lmargin at screen " + number(box.left / width_));
  line("set rmargin at screen " + number((box.left + box.width) / width_));
  line("set tmargin at screen " + number(1 - box.top / height_));
  line("set bmargin at screen " + number(1 - (box.top + box.height) / height_));
}

void PlotScript::title(std::string_view text) {
  constexpr double kAbove = 13;
  label(box_.left + box_.width / 2, box_.top - kAbove, text);
}

void PlotScript::axis(const std::string& axis, const Axis& range) {
  line("set " + axis + "range [" + number(range.least) + ":" + number(range.most) + "] noextend");
  if (range.logarithmic) line("set logscale " + axis);
  if (range.tics.empty()) return line("unset " + axis + "tics");  // an empty list would be gnuplot's own choice
  std::string tics;
  for (const Tic& tic : range.tics) tics += (tics.empty() ? "" : ", ") + tic_literal(tic.label) + " " + number(tic.at);
  line("set " + axis + "tics out nomirror textcolor rgb '#202020' (" + tics + ")");
}

void PlotScript::x_axis(const Axis& range, std::string_view text, double below) {
  axis("x", range);
  if (!text.empty()) label(box_.left + box_.width / 2, box_.top + box_.height + below, text);
}

void PlotScript::y_axis(const Axis& range, std::string_view text, double left_of) {
  axis("y", range);
  if (!text.empty()) label(box_.left - left_of, box_.top + box_.height / 2, text, {.upwards = true});
}

void PlotScript::colours(const Axis& range) { axis("cb", range); }

void PlotScript::colour_bar(const Axis& range, std::string_view text) {
  constexpr double kGap = 12, kWidth = 14, kLabel = 60;
  colours(range);
  const double left = box_.left + box_.width + kGap, bottom = box_.top + box_.height;
  line("set colorbox vertical user origin " + screen(left, bottom) + " size screen " + number(kWidth / width_) + "," +
       number(box_.height / height_) + " border");
  label(left + kWidth + kLabel, box_.top + box_.height / 2, text, {.upwards = true});
}

std::string PlotScript::finish() {
  line("unset multiplot");
  return std::move(script_);
}

}  // namespace seesaw::io
