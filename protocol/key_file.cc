#include "protocol/key_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "protocol/tcp_address.h"

namespace trawl::protocol {
namespace {

constexpr std::size_t kFileBytesMax = 4096;
constexpr std::array<std::string_view, 3> kUses = {"coordinator", "worker", "submitter"};
constexpr std::array<std::string_view, 5> kNames = {"role", "coordinator", "coordinator_key",
                                                    "public_key", "secret_key"};
enum Name : std::size_t { kRole, kCoordinator, kCoordinatorKey, kPublicKey, kSecretKey };

using Texts = std::array<std::optional<std::string>, kNames.size()>;

std::string_view about(KeyUse use) {
  switch (use) {
    case KeyUse::kCoordinator:
      return "trawl: the coordinator's own key; it stays on this machine";
    case KeyUse::kWorker:
      return "trawl: whoever can read this file can join the cluster as a worker";
    case KeyUse::kSubmitter:
      return "trawl: whoever can read this file can submit, see and end every job of the cluster";
  }
  return "";
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

// What is wrong with the text under that name; "" where it is good.
std::string_view fault_of(Name name, const std::string& text) {
  if (name == kRole) {
    const bool is_use = std::ranges::find(kUses, text) != kUses.end();
    return is_use ? "" : "role is one of coordinator, worker and submitter";
  }
  if (name == kCoordinator) {
    const auto address = parse_tcp_address(text);
    return address && address->port != 0 ? "" : "coordinator is a HOST:PORT";
  }
  return is_key(text) ? "" : "a key has 40 characters of Z85: the line is cut off or changed";
}

// "" where the line is good, and its text is taken.
std::string take_line(std::string_view line, Texts& texts) {
  line = trimmed(line);
  if (line.empty() || line.starts_with('#')) return "";
  const std::size_t equals = line.find('=');
  if (equals == line.npos) return "write NAME = VALUE";
  const auto known = std::ranges::find(kNames, trimmed(line.substr(0, equals)));
  if (known == kNames.end()) {
    return fmt::format("an unknown name; there are: {}", fmt::join(kNames, ", "));
  }
  const auto index = static_cast<std::size_t>(known - kNames.begin());
  if (texts[index]) return fmt::format("{} is given twice", *known);
  texts[index] = std::string(trimmed(line.substr(equals + 1)));
  return std::string(fault_of(static_cast<Name>(index), *texts[index]));
}

tl::unexpected<Error> invalid(const std::string& name, std::string_view what) {
  return fail(ErrorCode::kInvalid, fmt::format("{}: {}", name, what));
}

Result<std::string> read_all(int descriptor, const std::string& name) {
  std::string text(kFileBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = read(descriptor, text.data() + size, text.size() - size);
    if (count == 0) break;
    if (count < 0 && errno != EINTR) return fail_errno("cannot read " + name, errno);
    if (count > 0) size += static_cast<std::size_t>(count);
  }
  if (size > kFileBytesMax) return invalid(name, "too long to be a key file of trawl");
  text.resize(size);
  return text;
}

// Asked of the open file, so that nobody changes it in between.
Result<void> check_private(int descriptor, const std::string& path) {
  struct stat info {};
  if (fstat(descriptor, &info) != 0) return fail_errno("cannot look at " + path, errno);
  if (S_ISDIR(info.st_mode)) return invalid(path, "it is a folder, not a key file");
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return invalid(path, "it belongs to another user; make a copy of your own, with mode 600");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{0}: others may read it, and it holds a secret; close it with "
                          "`chmod 600 {0}`",
                          path));
}

// The folder's entry too: a key that others have been given must not be another after a power cut.
Result<void> sync_folder_of(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const int descriptor = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail_errno("cannot open " + folder, errno);
  const int number = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  return number == 0 ? Result<void>() : fail_errno("cannot write " + folder, number);
}

}  // namespace

std::string to_text(const KeyFile& file) {
  std::string text = fmt::format("# {}\nrole = {}\n", about(file.use),
                                 kUses.at(static_cast<std::size_t>(file.use)));
  if (!file.coordinator.empty()) text += "coordinator = " + file.coordinator + "\n";
  if (!file.coordinator_key.empty()) text += "coordinator_key = " + file.coordinator_key + "\n";
  return text + "public_key = " + file.own.public_key + "\nsecret_key = " + file.own.secret_key +
         "\n";
}

Result<KeyFile> parse_key_file(std::string_view text, const std::string& name) {
  if (text.size() > kFileBytesMax) return invalid(name, "too long to be a key file of trawl");
  Texts texts;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string fault = take_line(text.substr(0, end), texts);
    if (!fault.empty()) return invalid(fmt::format("{}:{}", name, number), fault);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const bool is_coordinators = texts[kRole] == kUses[0];
  for (const Name needed : {kRole, kCoordinator, kCoordinatorKey, kPublicKey, kSecretKey}) {
    const bool of_peers = needed == kCoordinator || needed == kCoordinatorKey;
    if (of_peers && is_coordinators) continue;
    if (!texts[needed])
      return invalid(name, fmt::format("the line `{} = ...` is missing", kNames.at(needed)));
  }
  if (public_key_of(*texts[kSecretKey]) != *texts[kPublicKey]) {
    return invalid(name, "public_key does not belong to secret_key");
  }
  const auto use = std::ranges::find(kUses, *texts[kRole]) - kUses.begin();
  return KeyFile{static_cast<KeyUse>(use),
                 texts[kCoordinator].value_or(""),
                 texts[kCoordinatorKey].value_or(""),
                 {*texts[kPublicKey], *texts[kSecretKey]}};
}

Result<KeyFile> read_key_file(const std::string& path) {
  if (path == "-") {
    const auto text = read_all(STDIN_FILENO, "standard input");
    return text ? parse_key_file(*text, "standard input")
                : Result<KeyFile>(tl::unexpected(text.error()));
  }
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) {
    return fail(ErrorCode::kNotFound, "there is no key file " + path);
  }
  if (descriptor < 0) return fail_errno("cannot read the key file " + path, errno);
  const auto is_private = check_private(descriptor, path);
  const auto text = is_private ? read_all(descriptor, path)
                               : Result<std::string>(tl::unexpected(is_private.error()));
  close(descriptor);
  if (!text) return tl::unexpected(text.error());
  return parse_key_file(*text, path);
}

Result<void> write_key_file(const std::string& path, const KeyFile& file) {
  const std::string fresh = path + ".new";
  const std::string text = to_text(file);
  unlink(fresh.c_str());  // of a writer that was killed
  const int descriptor =
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return fail_errno("cannot make " + fresh, errno);
  const bool is_written =
      write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fsync(descriptor) == 0;
  int number = is_written ? 0 : errno;
  close(descriptor);
  if (number == 0 && rename(fresh.c_str(), path.c_str()) != 0) number = errno;
  if (number == 0) return sync_folder_of(path);
  unlink(fresh.c_str());
  return fail_errno("cannot write " + path, number);
}

}  // namespace trawl::protocol
