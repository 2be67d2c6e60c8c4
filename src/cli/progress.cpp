#include "progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace seesaw::cli {
namespace {

std::size_t terminal_columns() {
  winsize size{};
  constexpr std::size_t kUsual = 80;
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

std::string brief(double seconds) { return seconds < 10 ? fmt::format("{:.1f} s", seconds) : seconds_text(seconds); }

}  // namespace

std::string merits(const SweepRecord& record) {
  std::string text = fmt::format("objective {:.6g}, train RMSE {:.6g}", record.objective, record.train_rmse);
  if (!std::isnan(record.validation_rmse)) text += fmt::format(", validation RMSE {:.6g}", record.validation_rmse);
  return text;
}

std::string seconds_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.3f} s", seconds);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

Progress::Progress(ProgressStyle style) : style_(style) {
  if (style_ == ProgressStyle::automatic)
    style_ = ::isatty(STDERR_FILENO) == 1 ? ProgressStyle::bar : ProgressStyle::lines;
}

Progress::~Progress() { end(); }

void Progress::note(const std::string& line) {
  if (silent()) return;
  end();
  std::fputs((line + "\n").c_str(), stderr);
}

void Progress::line(const std::string& text) {
  if (style_ == ProgressStyle::lines) note(text);
}

void Progress::status(const std::string& text) {
  if (style_ != ProgressStyle::bar) return;
  rewrite(text);
  passing_ = true;
}

void Progress::bar(double done, const std::string& text) {
  if (style_ != ProgressStyle::bar) return;
  constexpr std::size_t kLeast = 3, kMost = 20, kBesides = 4;  // "[", "] " and the cursor
  const std::size_t columns = terminal_columns(), used = text.size() + kBesides;
  const std::size_t width = std::clamp(columns > used ? columns - used : 0, kLeast, kMost);
  const auto filled = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * static_cast<double>(width));
  rewrite(fmt::format("[{}{}] {}", std::string(filled, '#'), std::string(width - filled, '.'), text));
  passing_ = false;
}

void Progress::rewrite(const std::string& line) {
  const std::string shown = line.substr(0, terminal_columns() - 1);
  std::fputs(("\r" + shown + "\x1b[K").c_str(), stderr);  // to the first column; clear the rest of the line before
  bar_open_ = true;
}

void Progress::end() {
  if (bar_open_) std::fputs(passing_ ? "\r\x1b[K" : "\n", stderr);
  bar_open_ = false;
}

void Progress::sweep(const Stopping& stopping, int starts, int start, const SweepRecord& record) {
  const std::string which = starts > 1 ? fmt::format("start {}/{}, ", start + 1, starts) : "";
  if (style_ == ProgressStyle::lines)
    return note(fmt::format("{}sweep {}/{}: {}, {}", which, record.sweep, stopping.sweeps, merits(record),
                            seconds_text(record.seconds)));
  const double sweeps = stopping.sweeps;
  const double done = start * sweeps + record.sweep, all = starts * sweeps;
  const double per_sweep = record.seconds / record.sweep;
  const double left = std::min(per_sweep * (all - done), std::max(0.0, stopping.seconds - record.seconds));
  const std::string validation =
      std::isnan(record.validation_rmse) ? "" : fmt::format(", validation {:.6g}", record.validation_rmse);
  // What a narrow terminal cuts off stands last.
  bar(done / all,
      fmt::format("{}{}/{} RMSE {:.6g}{}, {}, ETA {}, objective {:.6g}", which, record.sweep, stopping.sweeps,
                  record.train_rmse, validation, brief(record.seconds), brief(left), record.objective));
}

}  // namespace seesaw::cli
