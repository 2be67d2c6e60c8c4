#include <algorithm>
#include <cmath>
#include <limits>

#include "seesaw/io/figure.hpp"

namespace seesaw {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The least and the greatest finite number that measure() has of any sweep; NaN where there is none.
template <class Measure>
std::pair<double, double> span_of(const std::vector<NamedHistory>& runs, const Measure& measure) {
  std::pair<double, double> span{kNaN, kNaN};
  for (const NamedHistory& run : runs)
    for (const SweepRecord& record : run.history)
      if (const double value = measure(record); std::isfinite(value))
        span = {std::fmin(span.first, value), std::fmax(span.second, value)};
  return span;
}

/// What is drawn of a run: its colour by its place among those that are named.
struct Hue {
  const NamedHistory* run;
  int colour;
};
std::vector<Hue> hues_of(const std::vector<NamedHistory>& runs) {
  std::vector<Hue> hues;
  for (const NamedHistory& run : runs)
    if (run.aside) hues.push_back({&run, -1});
  int colour = 0;
  for (const NamedHistory& run : runs)
    if (!run.aside) hues.push_back({&run, colour++});
  return hues;
}

enum class Against { sweeps, seconds };

template <class Measure>
Curve curve_of(const Hue& hue, Against against, const Measure& measure) {
  Curve curve;
  curve.colour = hue.colour;
  for (const SweepRecord& record : hue.run->history) {
    curve.x.push_back(against == Against::sweeps ? record.sweep : record.seconds);
    curve.y.push_back(measure(record));
  }
  return curve;
}

Panel panel(const std::string& title, const std::string& y_label, Against against) {
  return {title, against == Against::sweeps ? "sweep" : "seconds", y_label, {}, false, against == Against::sweeps};
}

double objective(const SweepRecord& record) { return record.objective; }
double train_rmse(const SweepRecord& record) { return record.train_rmse; }
double validation_rmse(const SweepRecord& record) { return record.validation_rmse; }

Panel objective_panel(const std::vector<Hue>& hues, Against against, bool positive, bool named) {
  Panel it = panel("Objective", "objective", against);
  it.log_y = positive;
  for (const Hue& hue : hues) {
    it.curves.push_back(curve_of(hue, against, objective));
    if (named && !hue.run->aside) it.curves.back().name = hue.run->name;
  }
  return it;
}

Panel excess_panel(const std::vector<Hue>& hues, Against against, double least) {
  Panel it = panel("Error: objective above the least reached", "objective - least", against);
  it.log_y = true;
  for (const Hue& hue : hues)
    it.curves.push_back(curve_of(hue, against, [&](const SweepRecord& record) { return record.objective - least; }));
  return it;
}

Panel rmse_panel(const std::vector<Hue>& hues, Against against, bool logarithmic, bool validated) {
  Panel it = panel(validated ? "RMSE on training and validation entries" : "RMSE on training entries", "RMSE", against);
  it.log_y = logarithmic;
  for (const Hue& hue : hues) {
    it.curves.push_back(curve_of(hue, against, train_rmse));
    it.curves.back().dashed = validated;
  }
  if (!validated) return it;
  for (const Hue& hue : hues) it.curves.push_back(curve_of(hue, against, validation_rmse));
  constexpr int kBlack = 6;  // which none of them need have: the key tells the lines apart, not the colours
  it.curves.push_back({.name = "validation", .x = {}, .y = {}, .colour = kBlack});
  it.curves.push_back({.name = "training", .x = {}, .y = {}, .colour = kBlack, .dashed = true});
  return it;
}

}  // namespace

CurvesFigure convergence_figure(const std::string& title, const std::vector<NamedHistory>& runs) {
  constexpr double kWide = 10;
  const std::vector<Hue> hues = hues_of(runs);
  const std::pair<double, double> objectives = span_of(runs, objective), validation = span_of(runs, validation_rmse);
  std::pair<double, double> errors = span_of(runs, train_rmse);
  errors = {std::fmin(errors.first, validation.first), std::fmax(errors.second, validation.second)};
  const bool wide_errors = errors.first > 0 && errors.second >= kWide * errors.first;
  CurvesFigure figure{title, {}, 2};
  const std::vector<Against> both{Against::sweeps, Against::seconds};
  for (const Against against : both)
    figure.panels.push_back(objective_panel(hues, against, objectives.first > 0, against == Against::sweeps));
  for (const Against against : both) figure.panels.push_back(excess_panel(hues, against, objectives.first));
  for (const Against against : both)
    figure.panels.push_back(rmse_panel(hues, against, wide_errors, !std::isnan(validation.first)));
  return figure;
}

}  // namespace seesaw
