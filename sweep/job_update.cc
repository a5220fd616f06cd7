// sweep/job_update.cc: see the header.
#include "sweep/job_update.h"

#include <map>

#include "sweep/value.h"

namespace trawl {
namespace {

Result<void> check_text(const std::string& what, const std::string& text) {
  if (text.size() <= kUpdateTextBytesMax) return {};
  return fail(ErrorCode::kInvalid,
              what + " is longer than " + std::to_string(kUpdateTextBytesMax >> 10) + " KiB");
}

Result<void> check_changes(const std::string& map, const std::vector<TextChange>& changes) {
  for (const TextChange& change : changes) {
    if (change.name.empty()) return fail(ErrorCode::kInvalid, "a name in " + map + " is empty");
    for (const std::string& text : {change.name, change.text.value_or("")}) {
      auto good = check_text("a name or a text of " + map, text);
      if (!good) return good;
    }
  }
  return {};
}

std::string quoted(const std::string& text) {
  return json_text({text});
}

void add_member(std::string& object, const std::string& name, const std::string& json) {
  if (object.size() > 1) object += ',';
  object += quoted(name) + ":" + json;
}

void add_map(std::string& patch, const std::string& name, const std::vector<TextChange>& changes) {
  if (changes.empty()) return;
  std::map<std::string, std::string> members;
  for (const TextChange& change : changes) {
    members[change.name] = change.text ? quoted(*change.text) : "null";
  }
  std::string object = "{";
  for (const auto& [member, json] : members) add_member(object, member, json);
  add_member(patch, name, object + "}");
}

}  // namespace

Result<void> check(const JobUpdate& update) {
  if (update.tags.size() + update.properties.size() > kUpdateChangesMax) {
    return fail(
        ErrorCode::kInvalid,
        "one update changes at most " + std::to_string(kUpdateChangesMax) + " tags and properties");
  }
  auto good = check_text("display_name", update.display_name.value_or(""));
  if (good) good = check_text("description", update.description.value_or(""));
  if (good) good = check_changes("tags", update.tags);
  if (good) good = check_changes("properties", update.properties);
  return good;
}

std::string merge_patch(const JobUpdate& update) {
  std::string patch = "{";
  const auto add_text = [&](const char* name, const std::optional<std::string>& text) {
    if (text)
      add_member(patch, name, text->empty() ? "null" : quoted(*text));  // empty: no such key
  };
  add_text("display_name", update.display_name);
  add_text("description", update.description);
  add_map(patch, "tags", update.tags);
  add_map(patch, "properties", update.properties);
  return patch + "}";
}

}  // namespace trawl
