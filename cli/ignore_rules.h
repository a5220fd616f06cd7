// cli/ignore_rules.h: the patterns of a `.amlignore` or `.gitignore` file: what of a code folder is
// left out of a job's snapshot. Behaviour matched: gitignore(5) and git's wildmatch, for one file
// at the folder's root (which is what Azure ML reads).
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace trawl::cli {

/// One pattern, taken apart.
class IgnorePattern {
 public:
  /// `glob` without `!`, the trailing `/` and escaped blanks, as git leaves it.
  explicit IgnorePattern(std::string_view glob);

  /// Whether the whole of `path` matches. A pattern that git finds invalid matches nothing. Cost:
  /// at most the product of the lengths.
  bool matches(std::string_view path) const;

 private:
  enum class Kind { kCharacter, kAny, kClass, kStar, kFolders, kRest };
  struct Part {
    Kind kind{};
    char character{};
    std::bitset<256> members;
  };
  // From byte `at`, behind the `[`, on: the class, or false where it is never closed.
  bool read_class(std::string_view glob, std::size_t& at);
  void add(Kind kind, char character = 0) { parts_.push_back({kind, character, {}}); }

  std::vector<Part> parts_;
  bool valid_ = true;
};

class IgnoreRules {
 public:
  /// No rule but the first: `.git` is left out, until a later rule has `!.git`.
  IgnoreRules();

  /// Adds the lines of an ignore file.
  void add(std::string_view text);

  /// Whether `path`, relative to the root, with `/` between and no `/` at either end, is left out.
  /// What lies in a folder that is left out is left out with it: ask for the folder first.
  bool leaves_out(std::string_view path, bool is_folder) const;

 private:
  struct Rule {
    IgnorePattern pattern;
    bool negated{};
    bool folders_only{};
    bool name_only{};  // no slash in it: matches the last part of a path, at any depth
  };
  void add_line(std::string_view line);

  std::vector<Rule> rules_;  // the last one that matches decides
};

}  // namespace trawl::cli
