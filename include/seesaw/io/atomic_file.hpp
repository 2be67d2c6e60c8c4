#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace seesaw {

/// Writes a file so that its name stands for the whole old contents or the whole new ones, never for a part: the bytes
/// go to a temporary file in the same folder, which commit() flushes to the disk and renames. Without commit() the
/// temporary is removed; a killed process leaves it behind, named "<file>.<process>-<number>.tmp".
class AtomicFile {
 public:
  /// A symbolic link is followed; permissions of an existing file are kept. Throws IoError where the temporary cannot
  /// be made, and where `path` is anything but a regular file or nothing yet.
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws IoError with the reason (a full disk, say).
  void write(std::string_view bytes);
  /// Throws IoError; the old file is then still there.
  void commit();

 private:
  std::string path_;
  std::string target_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace seesaw
