// A model saved to a disk that is full: a small one, mounted for this test alone.
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io_support.hpp"
#include "seesaw/io/model.hpp"

namespace seesaw::test {
namespace {

Model<double> model_of_rank(index_t k) {
  Model<double> model;
  model.x = Matrix<double>(3, k);
  model.y = Matrix<double>(2, k);
  for (auto* factor : {&model.x, &model.y})
    for (index_t n = 0; n < factor->rows() * k; ++n) factor->view().data[n] = static_cast<double>(n);
  model.rows = Ids::range(1, 3);
  model.cols = Ids::range(1, 2);
  model.options.rank = k;
  return model;
}

/// 256 KiB at `folder`, seen by this process only, which needs root's right to mount, or a user namespace that gives
/// it. 0, or why not.
int mount_small_disk(const std::string& folder) {
  const std::string user = std::to_string(::geteuid()), group = std::to_string(::getegid());
  const bool root = ::geteuid() == 0;
  if (::unshare(root ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return errno;
  if (!root) {
    std::ofstream("/proc/self/uid_map") << "0 " + user + " 1";
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/gid_map") << "0 " + group + " 1";
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  return ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=256k") == 0 ? 0 : errno;
}

/// What the child process did: 0 is as it should be; kNoMount + errno that there was no disk.
constexpr int kNoMount = 100;

int save_to_full_disk(const std::string& folder) {
  if (const int error = mount_small_disk(folder); error != 0) return std::min(kNoMount + error, 255);
  const std::string path = folder + "/m.h5";
  save_model(path, model_of_rank(2));
  const std::string old = contents_of(path);
  EXPECT_EQ(message_of<IoError>([&] { save_model(path, model_of_rank(30'000)); }),
            path + ": cannot be written: No space left on device");
  EXPECT_EQ(contents_of(path), old);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
  EXPECT_EQ(files, 1U) << "a temporary file was left";
  return ::testing::Test::HasFailure() ? 1 : 0;
}

class DiskFull : public InFolder {};

TEST_F(DiskFull, LeavesTheOldModel) {
  const pid_t child = ::fork();  // namespaces are for a process without other threads
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(save_to_full_disk(path("")));
  int status = -1;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << "the child process crashed";
  const int result = WEXITSTATUS(status);
  if (result >= kNoMount)
    GTEST_SKIP() << "no small disk can be mounted here (" << std::strerror(result - kNoMount)
                 << "); RLIMIT_FSIZE stands in for it in Models.AFullDiskLeavesTheOldModel";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace seesaw::test
