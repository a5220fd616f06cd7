#include "coordinator/tracking_token.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include "tracking/token.h"

namespace trawl::coordinator {
namespace {

constexpr std::size_t kTokenBytes = 32;

Result<void> write_private(const std::string& path, const std::string& text) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail_errno("cannot make " + path, errno);
  const bool written =
      write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fsync(descriptor) == 0;
  const int error_number = errno;
  close(descriptor);
  if (written) return {};
  unlink(path.c_str());
  return fail_errno("cannot write " + path, error_number);
}

}  // namespace

// It appears under its name when it is whole, and never in the place of another's.
Result<std::string> tracking_token(const std::string& home) {
  const std::string path = home + "/tracking-token";
  if (access(path.c_str(), F_OK) != 0) {
    const std::string fresh = path + "." + tracking::random_hex(8);
    const auto written = write_private(fresh, tracking::random_hex(kTokenBytes) + "\n");
    if (!written) return tl::unexpected(written.error());
    const int error_number = link(fresh.c_str(), path.c_str()) == 0 ? 0 : errno;
    unlink(fresh.c_str());
    if (error_number != 0 && error_number != EEXIST) {
      return fail_errno("cannot make " + path, error_number);
    }
  }
  std::ifstream in(path);
  if (!in) return fail_errno("cannot read " + path, errno);
  std::string token(2 * kTokenBytes + 1, '\0');
  in.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<std::size_t>(in.gcount()));
  if (token.ends_with('\n')) token.pop_back();
  const bool is_token =
      token.size() == 2 * kTokenBytes && token.find_first_not_of("0123456789abcdef") == token.npos;
  if (!is_token) {
    return fail(ErrorCode::kInvalid,
                path +
                    " holds no token; remove it, and the next `trawl coordinator token` makes "
                    "another");
  }
  return token;
}

}  // namespace trawl::coordinator
