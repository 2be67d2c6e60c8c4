#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "gnuplot.hpp"
#include "plot_script.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/io/figure.hpp"

namespace seesaw {
namespace io {
namespace {

using Align = PlotScript::Align;

// Points on the page. The two matrices stand side by side, Y' above the second and X at its left:
//
//                          Y' |
//   observed |        X |  mean + X Y' |
constexpr double kLongSide = 420, kShortSide = 120, kThinnest = 56, kThickest = 190, kWidest = 16;
constexpr double kHeader = 76, kGap = 12, kEdge = 24, kBar = 14, kBarLabels = 84, kCharacter = 7, kLeastWidth = 720;
constexpr std::size_t kLongestName = 16, kLongestText = 90;
constexpr double kPerName = 15;  ///< so much of an axis for each name

struct Cells {
  index_t rows, cols;
  std::vector<double> values;  ///< row-major; NaN: grey
};

template <class Value>
Cells cells(index_t rows, index_t cols, const Value& value) {
  Cells result{rows, cols, {}};
  result.values.reserve(static_cast<std::size_t>(rows * cols));
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < cols; ++j) result.values.push_back(value(i, j));
  return result;
}

/// The largest magnitude, at least that of `least`.
double magnitude(const Cells& matrix, double least = 0) {
  for (const double value : matrix.values)
    if (std::isfinite(value)) least = std::max(least, std::abs(value));
  return least;
}

// ---- the factors, for the eye

double norm_of_column(const Matrix<double>& matrix, index_t f) {
  double sum = 0;
  for (index_t i = 0; i < matrix.rows(); ++i) sum += matrix(i, f) * matrix(i, f);
  return std::sqrt(sum);
}

struct Balanced {
  Cells x;             ///< m x k
  Cells y_transposed;  ///< k x n
};

/// Each pair of columns scaled to the same norm, the largest pair first.
Balanced balanced(const Matrix<double>& x, const Matrix<double>& y) {
  const index_t k = x.cols();
  std::vector<double> scale(static_cast<std::size_t>(k), 1), size(static_cast<std::size_t>(k));
  std::vector<index_t> order(static_cast<std::size_t>(k));
  for (index_t f = 0; f < k; ++f) {
    const double of_x = norm_of_column(x, f), of_y = norm_of_column(y, f);
    const auto place = static_cast<std::size_t>(f);
    size[place] = of_x * of_y;
    if (of_x > 0 && of_y > 0) scale[place] = std::sqrt(of_y / of_x);
    order[place] = f;
  }
  std::stable_sort(order.begin(), order.end(), [&](index_t a, index_t b) {
    return size[static_cast<std::size_t>(a)] > size[static_cast<std::size_t>(b)];
  });
  const auto pair = [&](index_t f) { return order[static_cast<std::size_t>(f)]; };
  const auto scale_of = [&](index_t f) { return scale[static_cast<std::size_t>(pair(f))]; };
  return {cells(x.rows(), k, [&](index_t i, index_t f) { return x(i, pair(f)) * scale_of(f); }),
          cells(k, y.rows(), [&](index_t f, index_t j) { return y(j, pair(f)) / scale_of(f); })};
}

Cells recovered(const DecompositionFigure& figure) {
  return cells(figure.x.rows(), figure.y.rows(), [&](index_t i, index_t j) {
    double sum = 0;
    for (index_t f = 0; f < figure.x.cols(); ++f) sum += figure.x(i, f) * figure.y(j, f);
    return sum;
  });
}

Cells observed(const DecompositionFigure& figure) {
  return cells(figure.observed.rows(), figure.observed.cols(),
               [&](index_t i, index_t j) { return figure.observed(i, j) - figure.mean; });
}

// ---- the page

struct Layout {
  double width, height;  ///< of the page
  Box observed;          ///< width 0: not there
  Box x, y, recovered;
};

std::size_t longest_of(const std::vector<std::string>& names, index_t count) {
  std::size_t longest = std::to_string(count).size();
  for (const std::string& name : names) longest = std::max(longest, std::min(characters(name), kLongestName));
  return longest;
}

Layout layout_of(const DecompositionFigure& figure) {
  const auto m = static_cast<double>(figure.x.rows()), n = static_cast<double>(figure.y.rows());
  const double cell = kLongSide / std::max(m, n);
  const double w = std::max(kShortSide, n * cell), h = std::max(kShortSide, m * cell);
  const double thickness =
      std::clamp(static_cast<double>(figure.x.cols()) * std::min({w / n, h / m, kWidest}), kThinnest, kThickest);
  const double names = static_cast<double>(longest_of(figure.row_names, figure.x.rows())) * kCharacter + 44;
  const double below = static_cast<double>(longest_of(figure.column_names, figure.y.rows())) * kCharacter + 84;
  const double top = kHeader + thickness + kGap;
  Layout layout{};
  double left = kEdge + names;
  if (figure.observed.rows() > 0) {
    layout.observed = {left, top, w, h};
    left += w + 2 * kEdge;
  }
  layout.x = {left, top, thickness, h};
  layout.recovered = {left + thickness + kGap, top, w, h};
  layout.y = {layout.recovered.left, kHeader, w, thickness};
  layout.width = layout.recovered.left + w + kGap + kBar + kBarLabels;
  layout.height = top + h + below;
  const double spare = std::max(0.0, kLeastWidth - layout.width) / 2;
  layout.width += 2 * spare;
  for (Box* box : {&layout.observed, &layout.x, &layout.y, &layout.recovered}) box->left += spare;
  return layout;
}

/// Names, or numbers from 1, as many as there is room for.
Axis cell_axis(const std::vector<std::string>& names, index_t count, double length, bool downwards) {
  const auto last = static_cast<double>(count) - 0.5;
  Axis axis{downwards ? last : -0.5, downwards ? -0.5 : last};
  const auto room = std::max<index_t>(1, static_cast<index_t>(length / kPerName));
  const index_t step = (count + room - 1) / room;
  for (index_t i = 0; i < count; i += step)
    axis.tics.push_back({static_cast<double>(i), names.empty()
                                                     ? std::to_string(i + 1)
                                                     : shortened(names[static_cast<std::size_t>(i)], kLongestName)});
  return axis;
}

/// An axis without anything along it.
Axis bare_axis(index_t count, bool downwards) {
  const auto last = static_cast<double>(count) - 0.5;
  return {downwards ? last : -0.5, downwards ? -0.5 : last};
}

/// Colours from -most to most.
void set_colours(PlotScript& script, double most) {
  script.line("set cbrange [" + number(-most) + ":" + number(most) + "]");
}

/// A bar of the colours at the right of the box.
void set_bar(PlotScript& script, const Box& box, double most, const std::string& label) {
  const double left = box.left + box.width + kGap;
  Axis axis = linear_axis(-most, most, 0);
  const auto few = static_cast<std::size_t>(box.height / (2 * kPerName));  // the ends and the middle, at least
  if (axis.tics.size() > few) {
    const std::vector<Tic> all = std::move(axis.tics);
    const std::size_t middle = all.size() / 2;
    axis.tics = {all.front(), all[middle], all.back()};
  }
  script.axis("cb", axis, label);
  script.line("set colorbox vertical user origin " + script.screen(left, box.top + box.height) + " size screen " +
              number(kBar / script.width()) + "," + number(box.height / script.height()) + " border");
}

void plot_cells(PlotScript& script, const Cells& matrix) {
  std::string data = "$cells << EOD\n";
  for (std::size_t e = 0; e < matrix.values.size(); ++e)
    data += number(matrix.values[e]) + ((e + 1) % static_cast<std::size_t>(matrix.cols) == 0 ? "\n" : " ");
  script.append(data + "EOD\n");
  script.plot("$cells matrix with image notitle");
}

void check(const DecompositionFigure& figure) {
  const auto shape = [](const Matrix<double>& matrix) {
    return std::to_string(matrix.rows()) + " x " + std::to_string(matrix.cols());
  };
  const index_t m = figure.x.rows(), n = figure.y.rows(), k = figure.x.cols();
  if (m < 1 || n < 1 || k < 1 || figure.y.cols() != k)
    throw ShapeError("x is " + shape(figure.x) + " and y is " + shape(figure.y) + ", expected m x k and n x k");
  if (figure.observed.rows() > 0 && (figure.observed.rows() != m || figure.observed.cols() != n))
    throw ShapeError("observed is " + shape(figure.observed) + ", expected " + std::to_string(m) + " x " +
                     std::to_string(n));
  const auto names = [](const char* what, const std::vector<std::string>& given, index_t count) {
    if (!given.empty() && std::ssize(given) != count)
      throw ShapeError(std::string(what) + " has " + std::to_string(given.size()) + " names, expected " +
                       std::to_string(count));
  };
  names("row_names", figure.row_names, m);
  names("column_names", figure.column_names, n);
  if (!std::isfinite(figure.mean)) throw InvalidArgument("mean is not finite");
}

}  // namespace
}  // namespace io

void draw(const std::string& path, const DecompositionFigure& figure) {
  using namespace io;
  check(figure);
  const index_t m = figure.x.rows(), n = figure.y.rows(), k = figure.x.cols();
  const Layout at = layout_of(figure);
  const bool beside = figure.observed.rows() > 0;
  const Balanced factors = balanced(figure.x, figure.y);
  const Cells right = recovered(figure), left = observed(figure);
  const auto or_one = [](double most) { return most > 0 ? most : 1.0; };
  const double of_matrix = or_one(magnitude(left, magnitude(right)));
  const double of_factors = or_one(magnitude(factors.x, magnitude(factors.y_transposed)));

  PlotScript script(static_cast<int>(at.width), static_cast<int>(at.height));
  script.line(
      "set palette defined (-3 '#2166ac', -2 '#67a9cf', -1 '#d1e5f0', 0 '#ffffff', 1 '#fddbc7', 2 '#ef8a62', "
      "3 '#b2182b')");
  script.line(
      "set object 1 rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb '#c4c4c4' fillstyle solid noborder");
  script.label(at.width / 2, kHeader / 4, Align::centre, shortened(figure.title, kLongestText), true);
  script.label(at.width / 2, kHeader / 2, Align::centre, shortened(figure.subtitle, kLongestText));
  const double captions = at.height - 20;
  const auto caption = [&](const Box& box, const std::string& text) {
    script.label(box.left + box.width / 2, captions, Align::centre, text, true);
  };

  const Axis columns = cell_axis(figure.column_names, n, at.recovered.width, false);
  const Axis rows = cell_axis(figure.row_names, m, at.recovered.height, true);
  const auto begin = [&](const Box& box, double most) {
    script.begin_plot(box);
    set_colours(script, most);
  };
  const auto columns_below = [&] {
    script.axis("x", columns, figure.column_label);
    script.line("set xtics rotate by 90 right");
  };
  if (beside) {
    begin(at.observed, of_matrix);
    columns_below();
    script.axis("y", rows, figure.row_label);
    caption(at.observed, "observed (grey: not observed)");
    plot_cells(script, left);
  }
  begin(at.x, of_factors);
  script.axis("x", bare_axis(k, false), "");
  script.axis("y", beside ? bare_axis(m, true) : rows, beside ? "" : figure.row_label);
  caption(at.x, "X");
  plot_cells(script, factors.x);

  begin(at.y, of_factors);
  script.axis("x", bare_axis(n, false), "");
  script.axis("y", bare_axis(k, true), "");
  script.label(at.y.left - kGap, at.y.top + at.y.height / 2, Align::right, "Y'", true);
  set_bar(script, at.y, of_factors, "factors");
  plot_cells(script, factors.y_transposed);

  begin(at.recovered, of_matrix);
  columns_below();
  script.axis("y", bare_axis(m, true), "");
  caption(at.recovered, figure.mean == 0 ? "recovered: X Y'" : "recovered: mean + X Y'");
  set_bar(script, at.recovered, of_matrix, figure.value_label);
  plot_cells(script, right);
  const int width = script.width(), height = script.height();
  draw_script(path, width, height, script.finish());
}

}  // namespace seesaw
