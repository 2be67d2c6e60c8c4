#pragma once
#include <map>
#include <string>

#include "experiment.hpp"

namespace seesaw::cli {

/// The file of finished runs, a line of JSON for each. A line is written at once when its run is done, so that a kill
/// costs no more than the run it hits.
class ExperimentLog {
 public:
  /// Opens or begins it, keeps others from writing to it and reads what is there; a last line that a kill cut off is
  /// taken away. Throws IoError; ParseError ("file:line: what is wrong") where it is not the log of an experiment.
  ExperimentLog(const std::string& path, ExperimentKind kind);
  ~ExperimentLog();
  ExperimentLog(const ExperimentLog&) = delete;
  ExperimentLog& operator=(const ExperimentLog&) = delete;

  /// Whether a last line was taken away.
  bool was_torn() const { return torn_; }
  /// Null where the run is not there. Throws Error where it is there on other data.
  const RunOutcome* find(const PlannedRun& run) const;
  /// Throws IoError; the file then ends with the run before.
  const RunOutcome& append(const Experiment& experiment, const PlannedRun& run, RunOutcome outcome);

 private:
  struct Entry {
    std::int64_t line;
    Json data;
    RunOutcome outcome;
  };

  void read(ExperimentKind kind);
  void take(const std::string& text, std::int64_t line, ExperimentKind kind);

  std::string path_;
  int descriptor_ = -1;
  std::int64_t lines_ = 0;
  bool torn_ = false;
  std::map<std::string, Entry> entries_;  ///< by key
};

}  // namespace seesaw::cli
