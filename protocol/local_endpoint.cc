#include "protocol/local_endpoint.h"

#include <filesystem>
#include <functional>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "base/assert.h"

namespace trawl::protocol {
Result<void> make_private_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(ErrorCode::kSystem,
                fmt::format("cannot make the folder {}: {}", folder, error.message()));
  }
  struct stat info {};
  if (lstat(folder.c_str(), &info) != 0) return fail_errno("cannot look at " + folder, errno);
  if (!S_ISDIR(info.st_mode) || info.st_uid != getuid()) {
    return fail(ErrorCode::kSystem, folder + " is not a folder of this user");
  }
  if (chmod(folder.c_str(), S_IRWXU) != 0) return fail_errno("cannot protect " + folder, errno);
  return {};
}

Result<std::string> local_endpoint(const std::string& home) {
  constexpr std::size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;
  std::string folder = home + "/run";
  std::string path = folder + "/coordinator.sock";
  if (path.size() > kPathMax) {
    folder = fmt::format("/tmp/trawl-{}", getuid());
    path = fmt::format("{}/{:016x}.sock", folder, std::hash<std::string>{}(home));
  }
  const auto made = make_private_folder(folder);
  if (!made) return tl::unexpected(made.error());
  return "ipc://" + path;
}

void remove_local_endpoint(const std::string& endpoint) {
  constexpr std::string_view kScheme = "ipc://";
  TRAWL_ASSERT(endpoint.starts_with(kScheme));
  unlink(endpoint.c_str() + kScheme.size());
}

}  // namespace trawl::protocol
