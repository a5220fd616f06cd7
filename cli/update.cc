#include "cli/update.h"

#include <array>
#include <string_view>

#include "base/text.h"

namespace trawl::cli {
namespace {

constexpr std::array<std::string_view, 4> kPaths = {"display_name", "description", "tags.NAME",
                                                    "properties.NAME"};

tl::unexpected<Error> refused(const std::string& option, const std::string& path) {
  constexpr std::array<std::string_view, 4> kRoots = {"display_name", "description", "tags",
                                                      "properties"};
  const std::string near = nearest(path.substr(0, path.find('.')), kRoots);
  std::string text = option + " " + path + ": of a submitted job these can change: ";
  for (const std::string_view& allowed : kPaths) {
    text += (&allowed == &kPaths.front() ? "" : ", ") + std::string(allowed);
  }
  return fail(ErrorCode::kInvalid,
              text + (near.empty() || near == path ? "" : "; did you mean '" + near + "'?"));
}

// The part of the update that `path` names in `tags` or `properties`, or nullptr.
std::vector<TextChange>* map_of(JobUpdate& update, const std::string& path, std::string& name) {
  const std::size_t dot = path.find('.');
  if (dot == std::string::npos || dot + 1 == path.size()) return nullptr;
  name = path.substr(dot + 1);
  if (path.starts_with("tags.")) return &update.tags;
  return path.starts_with("properties.") ? &update.properties : nullptr;
}

}  // namespace

Result<JobUpdate> job_update(const std::vector<std::string>& set,
                             const std::vector<std::string>& remove) {
  if (set.empty() && remove.empty()) {
    return fail(ErrorCode::kInvalid,
                "nothing to change: write --set PATH=TEXT, as in --set tags.owner=me");
  }
  JobUpdate update;
  std::string name;
  for (const std::string& argument : set) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kInvalid,
                  "--set " + argument + ": write --set PATH=TEXT, as in --set tags.owner=me");
    }
    const std::string path = argument.substr(0, equals);
    const std::string text = argument.substr(equals + 1);
    if (!is_utf8(argument)) return fail(ErrorCode::kInvalid, "--set " + path + ": is not UTF-8");
    if (path == "display_name") {
      update.display_name = text;
    } else if (path == "description") {
      update.description = text;
    } else if (std::vector<TextChange>* map = map_of(update, path, name)) {
      map->push_back({name, text});
    } else {
      return refused("--set", path);
    }
  }
  for (const std::string& path : remove) {
    std::vector<TextChange>* map = map_of(update, path, name);
    if (map == nullptr) return refused("--remove", path);
    map->push_back({name, std::nullopt});
  }
  const auto good = check(update);
  if (!good) return tl::unexpected(good.error());
  return update;
}

}  // namespace trawl::cli
