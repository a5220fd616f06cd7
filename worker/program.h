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

}  // namespace trawl::worker
