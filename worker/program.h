// worker/program.h: which program an attempt runs: found as execvp would, or a shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "distribution/launch/plan.h"
#include "sweep/job.h"

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

/// The command's own words where a shell would add nothing, else the shell's.
std::vector<std::string> argv_of(const launch::ProcessPlan& plan,
                                 const std::vector<NamedText>& environment,
                                 ProgramFinder& programs);

}  // namespace trawl::worker
