#include "worker/program.h"

#include <array>
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"

namespace trawl::worker {
namespace {

bool is_runnable(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  std::array<char, 4> magic{};
  const ssize_t count = read(descriptor, magic.data(), magic.size());
  close(descriptor);
  const std::string_view head(magic.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  return head ==
             "\x7f"
             "ELF" ||
         head.starts_with("#!");
}

}  // namespace

std::optional<std::string> find_program(std::string_view name, std::string_view search_path) {
  for (const std::string_view folder : split(search_path, ':')) {
    if (!folder.starts_with('/')) return std::nullopt;  // where the command stands decides
    std::string path(folder);
    path += '/';
    path += name;
    if (access(path.c_str(), X_OK) != 0) continue;
    if (is_runnable(path)) return path;
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> ProgramFinder::find(std::string_view name,
                                               std::string_view search_path) {
  const bool is_same = !found_.empty() && name == name_ && search_path == search_path_;
  if (is_same && access(found_.c_str(), X_OK) == 0) return found_;
  auto found = find_program(name, search_path);
  name_ = name;
  search_path_ = search_path;
  found_ = found.value_or("");
  return found;
}

std::vector<std::string> argv_of(const launch::ProcessPlan& plan,
                                 const std::vector<NamedText>& environment,
                                 ProgramFinder& programs) {
  if (plan.words.empty()) return plan.argv;
  std::string_view search_path;
  for (const NamedText& variable : environment) {
    if (variable.name == "PATH") search_path = variable.text;
    // bash would read a file first, or find a function of that name.
    if (variable.name == "BASH_ENV" || variable.name.starts_with("BASH_FUNC_")) return plan.argv;
  }
  auto program = programs.find(plan.words.front(), search_path);
  if (!program) return plan.argv;
  std::vector<std::string> argv = plan.words;
  argv.front() = *std::move(program);
  return argv;
}

}  // namespace trawl::worker
