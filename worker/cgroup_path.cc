#include "worker/cgroup_path.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "base/text.h"

namespace trawl::worker {
namespace {

bool has_word(std::string_view words, std::string_view word) {
  const auto all = split(words, ',');
  return std::find(all.begin(), all.end(), word) != all.end();
}

// Lines are "number:controllers:path"; v2's is "0::path".
std::optional<std::string> group_of(std::string_view cgroups, std::string_view controller) {
  for (const std::string_view line : split(cgroups, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool is_wanted =
        controller.empty() ? controllers.empty() : has_word(controllers, controller);
    if (is_wanted) return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

}  // namespace

std::optional<CgroupPath> cgroup_path(std::string_view cgroups, std::string_view mounts,
                                      std::string_view controller) {
  const auto group = group_of(cgroups, controller);
  if (!group) return std::nullopt;
  // "36 35 0:30 ROOT MOUNT options ... - TYPE source super-options"
  constexpr std::size_t kRoot = 3, kMount = 4;
  for (const std::string_view line : split(mounts, '\n')) {
    const std::vector<std::string_view> words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() <= kMount || words.end() - dash < 4) continue;
    const bool is_wanted = controller.empty()
                               ? dash[1] == "cgroup2"
                               : dash[1] == "cgroup" && has_word(dash[3], controller);
    if (!is_wanted) continue;
    const std::string_view root = words[kRoot] == "/" ? "" : words[kRoot];
    if (!group->starts_with(root)) continue;
    std::string below = group->substr(root.size());
    if (below == "/") below.clear();
    if (!below.empty() && below[0] != '/') continue;
    return CgroupPath{std::string(words[kMount]), below};
  }
  return std::nullopt;
}

std::string read_small_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;  // such a file fails in the middle when its group or process goes
  text << in.rdbuf();
  return text.str();
}

}  // namespace trawl::worker
