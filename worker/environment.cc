#include "worker/environment.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"

extern char** environ;

namespace trawl::worker {
namespace {

constexpr const char* kWhat = "the variables of the submitting shell";

bool add_variable(std::string_view text, std::vector<NamedText>& variables) {
  const std::size_t equals = text.find('=', 1);
  if (text.empty() || equals == std::string_view::npos) return false;
  variables.push_back({std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))});
  return true;
}

// 0, or errno.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

// Up to one byte more than there may be. errno is set where it fails.
bool read_all(int descriptor, std::string& bytes) {
  struct stat info {};
  if (fstat(descriptor, &info) != 0) return false;
  const auto known = static_cast<std::size_t>(std::max<off_t>(info.st_size, 0));
  bytes.resize(std::min(known, kEnvironmentBytesMax) + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = read(descriptor, bytes.data() + size, bytes.size() - size);
    if (count == 0) break;
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) size += static_cast<std::size_t>(count);
  }
  bytes.resize(size);
  return true;
}

}  // namespace

Result<void> write_environment(const std::string& path, const std::vector<NamedText>& variables) {
  std::string bytes;
  for (const NamedText& variable : variables) {
    bytes += variable.name + "=" + variable.text;
    bytes += '\0';
  }
  if (bytes.size() > kEnvironmentBytesMax) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} are {} KiB in all, and at most {} KiB can be kept for the job: "
                            "unset the large ones",
                            kWhat, bytes.size() >> 10, kEnvironmentBytesMax >> 10));
  }
  const int descriptor =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return fail_errno("cannot make the file " + path, errno);
  const int error = write_all(descriptor, bytes);
  close(descriptor);
  if (error != 0) return fail_errno("cannot write the file " + path, error);
  return {};
}

Result<std::vector<NamedText>> read_environment(const std::string& path) {
  if (path.empty()) return variables_of(environ);
  const std::string what = fmt::format("cannot read {}, {}", kWhat, path);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail_errno(what, errno);
  std::string bytes;
  const bool good = read_all(descriptor, bytes);
  const int error = errno;
  close(descriptor);
  if (!good) return fail_errno(what, error);
  if (bytes.size() > kEnvironmentBytesMax) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: it is larger than {} KiB", what, kEnvironmentBytesMax >> 10));
  }
  std::vector<NamedText> variables;
  if (bytes.empty()) return variables;
  if (bytes.back() != '\0') return fail(ErrorCode::kInvalid, what + ": it is cut off");
  bytes.pop_back();
  for (const std::string_view text : split(bytes, '\0')) {
    if (!add_variable(text, variables)) {
      return fail(ErrorCode::kInvalid, what + ": it holds what is no variable");
    }
  }
  return variables;
}

std::vector<NamedText> merged(const std::vector<NamedText>& base,
                              const std::vector<std::string>& unset,
                              const std::vector<NamedText>& added) {
  std::vector<const NamedText*> variables;  // of one name the later ones count
  variables.reserve(base.size() + added.size());
  for (const NamedText& variable : base) {
    if (!std::ranges::count(unset, variable.name)) variables.push_back(&variable);
  }
  for (const NamedText& variable : added) variables.push_back(&variable);
  std::ranges::stable_sort(variables, {}, &NamedText::name);
  std::vector<NamedText> result;
  result.reserve(variables.size());
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const bool is_last = i + 1 == variables.size() || variables[i + 1]->name != variables[i]->name;
    if (is_last) result.push_back(*variables[i]);
  }
  return result;
}

std::string text_of(const std::vector<NamedText>& variables, const std::string& name) {
  const auto found = std::ranges::find(variables, name, &NamedText::name);
  return found == variables.end() ? "" : found->text;
}

std::vector<NamedText> variables_of(const char* const* environment) {
  std::vector<NamedText> variables;
  for (const char* const* text = environment; *text != nullptr; ++text) {
    add_variable(*text, variables);
  }
  return variables;
}

}  // namespace trawl::worker
