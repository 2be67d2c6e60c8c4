#include "experiment_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "seesaw/version.hpp"

namespace seesaw::cli {
namespace {

constexpr const char* kFormat = "seesaw experiment 1";

/// What every line begins with.
std::string beginning() { return fmt::format("{{\"format\":\"{}\"", kFormat); }

IoError system_error(const std::string& path, const std::string& what) {
  return IoError(fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)));
}

std::string all_of(const std::string& path, int descriptor) {
  constexpr std::size_t kBlock = 1 << 16;
  std::string text;
  for (;;) {
    const std::size_t size = text.size();
    text.resize(size + kBlock);
    const ssize_t count = ::pread(descriptor, text.data() + size, kBlock, static_cast<off_t>(size));
    if (count < 0 && errno != EINTR) throw system_error(path, "cannot be read");
    text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) return text;
  }
}

/// Whether one of them is where the other begins.
bool agree(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  return a.substr(0, common) == b.substr(0, common);
}

/// But for where they lie: a file that was moved is the same.
Json without_names(Json data) {
  data.erase("file");
  data.erase("validation");
  return data;
}

}  // namespace

ExperimentLog::ExperimentLog(const std::string& path, ExperimentKind kind) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw system_error(path, "cannot be opened for writing");
  try {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode))
      throw IoError(path + ": is not a regular file, which the runs are to be kept in");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) throw IoError(path + ": another experiment is writing to it");
    read(kind);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

ExperimentLog::~ExperimentLog() { ::close(descriptor_); }

void ExperimentLog::read(ExperimentKind kind) {
  const std::string text = all_of(path_, descriptor_);
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    take(text.substr(begin, end - begin), ++lines_, kind);
  if (begin == text.size()) return;
  if (!agree(std::string_view(text).substr(begin), beginning()))
    throw ParseError(fmt::format("{}:{}: is not a line of an experiment's log", path_, lines_ + 1));
  if (::ftruncate(descriptor_, static_cast<off_t>(begin)) != 0) throw system_error(path_, "cannot be shortened");
  torn_ = true;
}

void ExperimentLog::take(const std::string& text, std::int64_t line, ExperimentKind kind) {
  try {
    const Json entry = Json::parse(text);
    if (entry.at("format") != kFormat) throw ParseError("another format");
    const Json& failure = entry.at("failure");
    RunOutcome outcome{entry.at("history"), entry.at("ended"), failure.is_null() ? "" : std::string(failure),
                       entry.at("facts"), entry.at("backend")};
    const Json& data = entry.at("data");
    if (data.at("kind") != to_string(kind))
      throw Error(fmt::format("{}:{}: is of the kind {}, the experiment of the kind {}: give another output", path_,
                              line, std::string(data.at("kind")), to_string(kind)));
    sweeps_of(kind, outcome.history);  // throws where it is none
    entries_.insert_or_assign(key_of(entry.at("parameters")), Entry{line, data, std::move(outcome)});
  } catch (const ParseError&) {
    throw ParseError(fmt::format("{}:{}: is not of the format \"{}\"", path_, line, kFormat));
  } catch (const Json::exception&) {
    throw ParseError(fmt::format("{}:{}: is not a line of an experiment's log", path_, line));
  }
}

const RunOutcome* ExperimentLog::find(const PlannedRun& run) const {
  const auto found = entries_.find(run.key);
  if (found == entries_.end()) return nullptr;
  const Entry& entry = found->second;
  const Json there = without_names(entry.data), here = without_names(run.data);
  if (there != here)
    throw Error(
        fmt::format("{}:{}: a run with the same parameters, but on other data: {} there, {} here; give another "
                    "output",
                    path_, entry.line, there.dump(), here.dump()));
  return &entry.outcome;
}

const RunOutcome& ExperimentLog::append(const Experiment& experiment, const PlannedRun& run, RunOutcome outcome) {
  const std::vector<RunSweep> sweeps = sweeps_of(experiment.data.kind, outcome.history);
  const Json line = {{"format", kFormat},
                     {"version", kVersion},
                     {"experiment", experiment.path},
                     {"parameters", run.parameters},
                     {"data", run.data},
                     {"facts", outcome.facts},
                     {"start_seed", run.start_seed},
                     {"backend", outcome.backend},
                     {"ended", outcome.ended},
                     {"failure", outcome.failure.empty() ? Json(nullptr) : Json(outcome.failure)},
                     {"sweeps", sweeps.size()},
                     {"error", sweeps.empty() ? Json(nullptr) : Json(sweeps.back().error)},
                     {"seconds", sweeps.empty() ? 0 : sweeps.back().seconds},
                     {"history", outcome.history}};
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  struct stat before {};
  if (::fstat(descriptor_, &before) != 0) throw system_error(path_, "cannot be written");
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const IoError error = system_error(path_, "cannot be written");
      if (::ftruncate(descriptor_, before.st_size) != 0)
        throw IoError(std::string(error.what()) + "; a part of a run is left");
      throw error;
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return entries_.insert_or_assign(run.key, Entry{++lines_, run.data, std::move(outcome)}).first->second.outcome;
}

}  // namespace seesaw::cli
