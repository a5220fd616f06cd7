// worker/program.h: finds a program as execvp would.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trawl::worker {

/// The first executable file `name` (no slash in it) in the folders of `search_path` (as PATH; only
/// absolute ones) that the kernel can run itself: a binary, or a script with `#!`. Nothing where a
/// shell is better asked, for its error or its way of running scripts.
std::optional<std::string> find_program(std::string_view name, std::string_view search_path);

/// find_program() that remembers its last find, as a shell does: asked the same again, it looks
/// only whether that file can still be executed. One thread.
class ProgramFinder {
 public:
  std::optional<std::string> find(std::string_view name, std::string_view search_path);

 private:
  std::string name_;
  std::string search_path_;
  std::string found_;  // empty: nothing yet
};

}  // namespace trawl::worker
