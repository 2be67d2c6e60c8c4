#include "plot_script.hpp"

#include "gnuplot.hpp"

namespace seesaw::io {

PlotScript::PlotScript(int width, int height) : width_(width), height_(height) {
  line("set multiplot");
  line("set style line 100 linecolor rgb '#e4e4e4' linewidth 1 dashtype 1");
  line("set border linecolor rgb '#606060'");
  line("set tics textcolor rgb '#202020'");
}

std::string PlotScript::screen(double x, double y) const {
  return "screen " + number(x / width_) + "," + number(1 - y / height_);
}

void PlotScript::label(double x, double y, Align align, std::string_view text, bool bold) {
  const char* const side = align == Align::left ? " left" : align == Align::centre ? " center" : " right";
  line("set label " + std::to_string(++labels_) + " " + literal(text) + " at " + screen(x, y) + side + " front" +
       (bold ? " font ':Bold'" : ""));
}

void PlotScript::begin_plot(const Box& box) {
  for (const char* const axis : {"x", "y"}) line(std::string("unset logscale ") + axis);
  line("unset title\nunset xlabel\nunset ylabel\nunset xtics\nunset ytics\nunset grid\nunset key\nunset colorbox");
  line("set lmargin at screen " + number(box.left / width_));
  line("set rmargin at screen " + number((box.left + box.width) / width_));
  line("set tmargin at screen " + number(1 - box.top / height_));
  line("set bmargin at screen " + number(1 - (box.top + box.height) / height_));
}

void PlotScript::title(std::string_view text) { line("set title " + literal(text)); }

void PlotScript::axis(const std::string& axis, const Axis& range, std::string_view label) {
  line("set " + axis + "range [" + number(range.least) + ":" + number(range.most) + "] noextend");
  if (range.logarithmic) line("set logscale " + axis);
  line("set " + axis + "label " + literal(label));
  if (range.tics.empty()) return line("unset " + axis + "tics");  // an empty list would be gnuplot's own choice
  std::string tics;
  for (const Tic& tic : range.tics) tics += (tics.empty() ? "" : ", ") + tic_literal(tic.label) + " " + number(tic.at);
  line("set " + axis + "tics out nomirror (" + tics + ")");
}

std::string PlotScript::finish() {
  line("unset multiplot");
  return std::move(script_);
}

}  // namespace seesaw::io
