#include <algorithm>
#include <charconv>
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

// Points on the page. The two matrices stand side by side, Y' above the second and X at its left:
//
//                          Y' |
//   observed |        X |  mean + X Y' |
constexpr double kLongSide = 420, kShortSide = 200, kThinnest = 56, kThickest = 190, kWidest = 16;
constexpr double kHeader = 76, kGap = 12, kEdge = 24, kBarAndLabels = 112, kCharacter = 7.5, kBesideNames = 32;
constexpr double kLeastWidth = 720;
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

double rms_of_column(const Matrix<double>& matrix, index_t f) {
  double sum = 0;
  for (index_t i = 0; i < matrix.rows(); ++i) sum += matrix(i, f) * matrix(i, f);
  return std::sqrt(sum / static_cast<double>(matrix.rows()));
}

struct Balanced {
  Cells x;             ///< m x k
  Cells y_transposed;  ///< k x n
};

/// Each pair of columns scaled to the same root mean square, the largest pair first.
Balanced balanced(const Matrix<double>& x, const Matrix<double>& y) {
  const index_t k = x.cols();
  std::vector<double> scale(static_cast<std::size_t>(k), 1), size(static_cast<std::size_t>(k));
  std::vector<index_t> order(static_cast<std::size_t>(k));
  for (index_t f = 0; f < k; ++f) {
    const double of_x = rms_of_column(x, f), of_y = rms_of_column(y, f);
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
  double width, height;            ///< of the page
  double row_names, column_names;  ///< how much room the longest takes
  Box observed;                    ///< width 0: not there
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
  Layout layout{};
  layout.row_names = static_cast<double>(longest_of(figure.row_names, figure.x.rows())) * kCharacter;
  layout.column_names = static_cast<double>(longest_of(figure.column_names, figure.y.rows())) * kCharacter;
  const double top = kHeader + thickness + kGap;
  double left = kEdge + layout.row_names + kBesideNames;
  if (figure.observed.rows() > 0) {
    layout.observed = {left, top, w, h};
    left += w + 2 * kEdge;
  }
  layout.x = {left, top, thickness, h};
  layout.recovered = {left + thickness + kGap, top, w, h};
  layout.y = {layout.recovered.left, kHeader, w, thickness};
  layout.width = layout.recovered.left + w + kBarAndLabels;
  layout.height = top + h + layout.column_names + kBesideNames + 2 * kEdge;
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

/// From -most to most; on a short bar only the ends and the middle, or what comes near them, have labels.
Axis colour_axis(double most, double height) {
  Axis axis = linear_axis(-most, most, 0);
  const auto room = static_cast<std::size_t>(height / (2 * kPerName));
  if (axis.tics.size() > std::max<std::size_t>(room, 3)) {
    const std::vector<Tic> all = std::move(axis.tics);
    axis.tics = {all.front(), all[all.size() / 2], all.back()};
  }
  return axis;
}

/// Enough digits for a colour.
std::string colour_value(double value) {
  char text[32];
  constexpr int kDigits = 5;
  if (!std::isfinite(value)) return "NaN";
  return {text, std::to_chars(std::begin(text), std::end(text), value, std::chars_format::general, kDigits).ptr};
}

/// An image with as many pixels in each cell as the page has points: of one pixel each, viewers would blur the cells
/// into one another, and gnuplot draws none that is only one pixel wide.
void plot_cells(PlotScript& script, const Cells& matrix, const Box& box) {
  const auto repeats = [](double points, index_t count) {
    return std::max<index_t>(2, static_cast<index_t>(std::ceil(points / static_cast<double>(count))));
  };
  const index_t across = repeats(box.width, matrix.cols), down = repeats(box.height, matrix.rows);
  std::string data = "$cells << EOD\n";
  for (index_t i = 0; i < matrix.rows; ++i) {
    std::string row;
    for (index_t j = 0; j < matrix.cols; ++j) {
      const std::string value = colour_value(matrix.values[static_cast<std::size_t>(i * matrix.cols + j)]) + " ";
      for (index_t r = 0; r < across; ++r) row += value;
    }
    row.back() = '\n';
    for (index_t r = 0; r < down; ++r) data += row;
  }
  script.append(data + "EOD\n");
  const auto place = [](const char* column, index_t per_cell) {  // of the pixel's middle, in cells
    const auto count = static_cast<double>(per_cell);
    return "((" + std::string(column) + "+0.5)/" + number(count) + ".0-0.5)";
  };
  script.plot("$cells matrix using " + place("$1", across) + ":" + place("$2", down) + ":3 with image notitle");
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
  script.label(at.width / 2, kHeader / 4, shortened(figure.title, kLongestText), {.bold = true});
  script.label(at.width / 2, kHeader / 2, shortened(figure.subtitle, kLongestText));
  const auto caption = [&](const Box& box, const std::string& text) {
    script.label(box.left + box.width / 2, at.height - kEdge, text, {.bold = true});
  };
  const Axis columns = cell_axis(figure.column_names, n, at.recovered.width, false);
  const Axis rows = cell_axis(figure.row_names, m, at.recovered.height, true);
  const Axis colours = colour_axis(of_matrix, at.recovered.height), hues = colour_axis(of_factors, at.y.height);
  const auto columns_below = [&] {
    script.x_axis(columns, figure.column_label, at.column_names + kBesideNames);
    script.line("set xtics rotate by 90 right");
  };
  const auto rows_beside = [&] { script.y_axis(rows, figure.row_label, at.row_names + kBesideNames); };
  if (beside) {
    script.begin_plot(at.observed);
    columns_below();
    rows_beside();
    script.colours(colours);
    caption(at.observed, "observed (grey: none)");
    plot_cells(script, left, at.observed);
  }
  script.begin_plot(at.x);
  script.x_axis(bare_axis(k, false), "", 0);
  if (beside)
    script.y_axis(bare_axis(m, true), "", 0);
  else
    rows_beside();
  script.colours(hues);
  caption(at.x, "X");
  plot_cells(script, factors.x, at.x);

  script.begin_plot(at.y);
  script.x_axis(bare_axis(n, false), "", 0);
  script.y_axis(bare_axis(k, true), "", 0);
  script.label(at.y.left - kGap, at.y.top + at.y.height / 2, "Y'", {.align = Align::right, .bold = true});
  script.colour_bar(hues, "factors");
  plot_cells(script, factors.y_transposed, at.y);

  script.begin_plot(at.recovered);
  columns_below();
  script.y_axis(bare_axis(m, true), "", 0);
  caption(at.recovered, figure.mean == 0 ? "recovered: X Y'" : "recovered: mean + X Y'");
  script.colour_bar(colours, figure.value_label);
  plot_cells(script, right, at.recovered);
  const int width = script.width(), height = script.height();
  draw_script(path, width, height, script.finish());
}

}  // namespace seesaw
