#include <fmt/format.h>

#include <cmath>

#include "cp.hpp"

namespace seesaw::cli {
namespace {

/// One column of a factor; of a long one, in each of so many stretches, the element of largest magnitude.
template <class T>
Curve curve_of(const Matrix<T>& factor, index_t component) {
  constexpr index_t kMostPoints = 2000;
  const index_t rows = factor.rows(), points = std::min(rows, kMostPoints);
  Curve curve;
  curve.colour = static_cast<int>(component);
  constexpr index_t kColours = 10;
  curve.dashed = component / kColours % 2 == 1;
  for (index_t p = 0; p < points; ++p) {
    index_t largest = p * rows / points;
    for (index_t i = largest; i < (p + 1) * rows / points; ++i)
      if (std::abs(factor(i, component)) > std::abs(factor(largest, component))) largest = i;
    curve.x.push_back(static_cast<double>(largest + 1));
    curve.y.push_back(static_cast<double>(factor(largest, component)));
  }
  return curve;
}

}  // namespace

template <class T>
CurvesFigure components_figure(const std::string& title, const CpModel<T>& model) {
  CurvesFigure figure{fmt::format("{}: rank {}, fit {:.6f}", title, model.weights.size(), model.fit), {}, 2};
  for (std::size_t n = 0; n < model.factors.size(); ++n) {
    Panel panel;
    panel.title = fmt::format("Mode {}", n + 1);
    panel.x_label = "index";
    panel.y_label = "element";
    panel.whole_x = true;
    for (index_t r = 0; r < static_cast<index_t>(model.weights.size()); ++r) {
      panel.curves.push_back(curve_of(model.factors[n], r));
      if (n == 0)
        panel.curves.back().name =
            fmt::format("component {} (weight {:.4g})", r + 1, model.weights[static_cast<std::size_t>(r)]);
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

template CurvesFigure components_figure(const std::string&, const CpModel<float>&);
template CurvesFigure components_figure(const std::string&, const CpModel<double>&);

}  // namespace seesaw::cli
