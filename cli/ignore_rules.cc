#include "cli/ignore_rules.h"

#include <array>
#include <cctype>

#include "base/text.h"

namespace trawl::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Blanks at a line's end, except an escaped one.
std::string_view without_trailing_blanks(std::string_view line) {
  std::size_t size = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool escaped = line[at] == '\\' && at + 1 < line.size();
    if (escaped) ++at;
    if (escaped || line[at] != ' ') size = at + 1;
  }
  return line.substr(0, size);
}

using Predicate = int (*)(int);
struct NamedClass {
  std::string_view name;
  Predicate has;
};
constexpr std::array<NamedClass, 12> kClasses = {{{"alnum", std::isalnum},
                                                  {"alpha", std::isalpha},
                                                  {"blank", std::isblank},
                                                  {"cntrl", std::iscntrl},
                                                  {"digit", std::isdigit},
                                                  {"graph", std::isgraph},
                                                  {"lower", std::islower},
                                                  {"print", std::isprint},
                                                  {"punct", std::ispunct},
                                                  {"space", std::isspace},
                                                  {"upper", std::isupper},
                                                  {"xdigit", std::isxdigit}}};

std::size_t index_of(char c) {
  return static_cast<unsigned char>(c);
}

// False for a name that there is not.
bool add_named(std::string_view name, std::bitset<256>& members) {
  for (const NamedClass& one : kClasses) {
    if (one.name != name) continue;
    for (int c = 0; c < 128; ++c) {
      if (one.has(c) != 0) members.set(static_cast<std::size_t>(c));
    }
    return true;
  }
  return false;
}

}  // namespace

IgnorePattern::IgnorePattern(std::string_view glob) {
  std::size_t at = 0;
  while (at < glob.size() && valid_) {
    const char c = glob[at++];
    if (c == '\\') {
      valid_ = at < glob.size();
      if (valid_) add(Kind::kCharacter, glob[at++]);
    } else if (c == '?') {
      add(Kind::kAny);
    } else if (c == '[') {
      valid_ = read_class(glob, at);
    } else if (c != '*') {
      add(Kind::kCharacter, c);
    } else {
      const std::size_t first = at - 1;
      while (at < glob.size() && glob[at] == '*') ++at;
      // git compares what stands before the first special character by itself, so that stars right
      // behind it count as the start of the rest.
      const bool starts =
          first == 0 || glob[first - 1] == '/' || first == glob.find_first_of("*?[\\");
      const bool two = at - first >= 2;
      if (two && starts && at == glob.size()) {
        add(Kind::kRest);
      } else if (two && starts && glob[at] == '/') {
        add(Kind::kFolders);
        ++at;
      } else {
        add(Kind::kStar);
      }
    }
  }
}

bool IgnorePattern::read_class(std::string_view glob, std::size_t& at) {
  std::bitset<256> members;
  const bool negated = at < glob.size() && (glob[at] == '!' || glob[at] == '^');
  if (negated) ++at;
  char last = 0;  // what a range may start with
  for (bool first = true; at < glob.size() && (first || glob[at] != ']'); first = false) {
    char c = glob[at++];
    if (c == '-' && last != 0 && at < glob.size() && glob[at] != ']') {
      c = glob[at++];
      if (c == '\\' && at < glob.size()) c = glob[at++];
      for (std::size_t i = index_of(last); i <= index_of(c); ++i) members.set(i);
      last = 0;
      continue;
    }
    if (c == '[' && at < glob.size() && glob[at] == ':') {
      const std::size_t end = glob.find(']', at + 1);
      if (end == std::string_view::npos) return false;
      if (end > at + 1 && glob[end - 1] == ':') {
        if (!add_named(glob.substr(at + 1, end - at - 2), members)) return false;
        at = end + 1;
        last = 0;
        continue;
      }
    }
    if (c == '\\' && at < glob.size()) c = glob[at++];
    members.set(index_of(c));
    last = c;
  }
  if (at >= glob.size()) return false;
  ++at;
  if (negated) members.flip();
  members.reset(index_of('/'));
  parts_.push_back({Kind::kClass, 0, members});
  return true;
}

// All places in the pattern that the text so far can have come to, character by character.
bool IgnorePattern::matches(std::string_view path) const {
  if (!valid_) return false;
  const std::size_t count = parts_.size();
  std::vector<bool> at(count + 1, false);      // before part i
  std::vector<bool> within(count + 1, false);  // inside the folders of part i
  const auto skip_empty = [&] {
    for (std::size_t i = 0; i < count; ++i) {
      const Kind kind = parts_[i].kind;
      const bool may_be_empty =
          kind == Kind::kStar || kind == Kind::kFolders || kind == Kind::kRest;
      if (at[i] && may_be_empty) at[i + 1] = true;
    }
  };
  at[0] = true;
  skip_empty();
  for (const char c : path) {
    std::vector<bool> next(count + 1, false);
    std::vector<bool> next_within(count + 1, false);
    for (std::size_t i = 0; i < count; ++i) {
      const Part& part = parts_[i];
      if (part.kind == Kind::kFolders && (at[i] || within[i])) {
        next_within[i] = true;
        if (c == '/') next[i + 1] = true;
      }
      if (!at[i]) continue;
      if (part.kind == Kind::kRest || (part.kind == Kind::kStar && c != '/')) next[i] = true;
      const bool one = (part.kind == Kind::kCharacter && part.character == c) ||
                       (part.kind == Kind::kAny && c != '/') ||
                       (part.kind == Kind::kClass && part.members.test(index_of(c)));
      if (one) next[i + 1] = true;
    }
    at = std::move(next);
    within = std::move(next_within);
    skip_empty();
  }
  return at[count];
}

IgnoreRules::IgnoreRules() {
  add_line(".git");
}

void IgnoreRules::add(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    add_line(line);
  }
}

void IgnoreRules::add_line(std::string_view line) {
  if (line.starts_with('#')) return;
  line = without_trailing_blanks(line);
  const bool negated = line.starts_with('!');
  if (negated) line.remove_prefix(1);
  const bool folders_only = line.ends_with('/');
  if (folders_only) line.remove_suffix(1);
  if (line.empty()) return;
  const bool name_only = line.find('/') == std::string_view::npos;
  if (line.starts_with('/')) line.remove_prefix(1);
  rules_.push_back({IgnorePattern(line), negated, folders_only, name_only});
}

bool IgnoreRules::leaves_out(std::string_view path, bool is_folder) const {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && !is_folder) continue;
    if (rule->pattern.matches(rule->name_only ? name : path)) return !rule->negated;
  }
  return false;
}

}  // namespace trawl::cli
