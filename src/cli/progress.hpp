#pragma once
#include <string>

#include "seesaw/als.hpp"

namespace seesaw::cli {

enum class ProgressStyle { automatic, bar, lines, none };

/// What a person sees on standard error while a command works.
class Progress {
 public:
  /// automatic: the bar on a terminal, else lines.
  explicit Progress(ProgressStyle style);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool silent() const { return style_ == ProgressStyle::none; }
  /// A line that stays.
  void note(const std::string& line);
  /// One of many lines that tell how far the work is: where there is no bar.
  void line(const std::string& text);
  /// A line that the next one takes the place of: on a terminal only.
  void status(const std::string& text);
  /// How much of the work is done, and a few words: on a terminal the bar, rewritten; elsewhere nothing.
  void bar(double done, const std::string& text);
  /// After a sweep of a solver of `starts` starts.
  void sweep(const Stopping& stopping, int starts, int start, const SweepRecord& record);
  /// Leaves the line of the bar, before something else is printed.
  void end();

 private:
  void rewrite(const std::string& line);

  ProgressStyle style_;
  bool bar_open_ = false;
  bool passing_ = false;  ///< the open line is a status
};

/// "objective 1.23e4, train RMSE 0.71, validation RMSE 0.95", the last where there is one.
std::string merits(const SweepRecord& record);
/// "0.012 s", "3 min 20 s".
std::string seconds_text(double seconds);

}  // namespace seesaw::cli
