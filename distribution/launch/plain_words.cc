#include "distribution/launch/plain_words.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace trawl::launch {
namespace {

// Reserved words and builtins of bash 5.2, sorted; what POSIX adds for sh is among them.
constexpr auto kOfTheShell = std::to_array<std::string_view>(
    {".",      ":",       "[",     "alias",    "bg",      "bind",      "break",    "builtin",
     "caller", "case",    "cd",    "command",  "compgen", "complete",  "compopt",  "continue",
     "coproc", "declare", "dirs",  "disown",   "do",      "done",      "echo",     "elif",
     "else",   "enable",  "esac",  "eval",     "exec",    "exit",      "export",   "fc",
     "fg",     "fi",      "for",   "function", "getopts", "hash",      "help",     "history",
     "if",     "in",      "jobs",  "kill",     "let",     "local",     "logout",   "mapfile",
     "popd",   "printf",  "pushd", "pwd",      "read",    "readarray", "readonly", "return",
     "select", "set",     "shift", "shopt",    "source",  "suspend",   "test",     "then",
     "time",   "times",   "trap",  "type",     "typeset", "ulimit",    "umask",    "unalias",
     "unset",  "until",   "wait",  "while"});

bool is_of_the_shell(std::string_view word) {
  return std::ranges::binary_search(kOfTheShell, word);
}

bool is_plain(char c) {
  constexpr std::string_view kOthers = "_@%+:,./-=";
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || kOthers.find(c) != kOthers.npos;
}

}  // namespace

std::optional<std::vector<std::string>> plain_words(std::string_view command) {
  if (!std::ranges::all_of(command, [](char c) { return is_plain(c) || c == ' '; })) return {};
  std::vector<std::string> words;
  for (const std::string_view word : split(command, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  if (words.empty()) return {};
  const std::string& program = words.front();
  // NAME=value would be an assignment; a path may be a script that only a shell would run.
  const bool is_name = program.find_first_of("=/") == std::string::npos;
  if (!is_name || is_of_the_shell(program)) return {};
  return words;
}

}  // namespace trawl::launch
