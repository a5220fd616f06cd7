#include "worker/process_tree.h"

#include <array>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <set>
#include <signal.h>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace trawl::worker {
namespace {

using Found = std::function<bool(const TreeProcess&)>;

struct Entry {
  TreeProcess process;
  pid_t parent{};
};

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

/// A number and what follows it; skips spaces. nullopt where there is none.
std::optional<pid_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  pid_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return number;
}

/// The process of /proc/<pid>/stat; none if it is gone or a zombie.
std::optional<Entry> read_entry(int proc, const char* pid_text) {
  constexpr std::size_t kBytesMax = 256;  // the first fields end long before
  constexpr std::size_t kNameMax = 32;
  std::array<char, kNameMax> path{};
  std::string_view pid_view(pid_text);
  const std::optional<pid_t> pid = take_number(pid_view);
  if (!pid || !pid_view.empty()) return std::nullopt;
  std::string_view tail = "/stat";
  char* end = std::to_chars(path.data(), path.data() + path.size(), *pid).ptr;
  tail.copy(end, tail.size());

  const int file = openat(proc, path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::array<char, kBytesMax> bytes{};
  const ssize_t count = read(file, bytes.data(), bytes.size());
  close(file);
  if (count <= 0) return std::nullopt;

  // pid (name) state parent group ...; a name may hold anything, also ") Z 1".
  std::string_view text(bytes.data(), static_cast<std::size_t>(count));
  const std::size_t end_of_name = text.rfind(") ");
  if (end_of_name == std::string_view::npos || end_of_name + 2 >= text.size()) return std::nullopt;
  const char state = text[end_of_name + 2];
  if (state == 'Z' || state == 'X') return std::nullopt;
  text.remove_prefix(end_of_name + 3);
  const std::optional<pid_t> parent = take_number(text);
  const std::optional<pid_t> group = take_number(text);
  if (!parent || !group) return std::nullopt;
  return Entry{{*pid, *group}, *parent};
}

/// Looks at every process. A child mostly has a higher number than its parent and follows it in
/// the folder, so that most are told at once; the others when all have been read.
void visit_by_scan(int proc, DIR* folder, pid_t root, const Found& found) {
  std::set<pid_t> parents = {root};
  std::vector<Entry> others;
  const auto take = [&](const Entry& entry) {
    if (!parents.contains(entry.parent)) return false;
    if (found(entry.process)) parents.insert(entry.process.pid);
    return true;
  };
  while (const dirent* file = readdir(folder)) {
    const std::optional<Entry> entry = read_entry(proc, file->d_name);
    if (entry && !take(*entry)) others.push_back(*entry);
  }
  while (std::erase_if(others, take) > 0) {
  }
}

std::vector<pid_t> read_children(int proc, pid_t pid) {
  std::vector<pid_t> children;
  const std::string tasks_path = std::to_string(pid) + "/task";
  const int descriptor = openat(proc, tasks_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return children;
  const Folder tasks(fdopendir(descriptor));
  if (!tasks) {
    close(descriptor);
    return children;
  }
  while (const dirent* task = readdir(tasks.get())) {
    if (task->d_name[0] == '.') continue;
    const std::string path = std::string(task->d_name) + "/children";
    const int file = openat(descriptor, path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    constexpr std::size_t kBlock = 4096;
    std::string text;
    std::array<char, kBlock> block{};
    while (true) {
      const ssize_t count = read(file, block.data(), block.size());
      if (count <= 0) break;
      text.append(block.data(), static_cast<std::size_t>(count));
    }
    close(file);
    std::string_view rest = text;
    while (const std::optional<pid_t> child = take_number(rest)) children.push_back(*child);
  }
  return children;
}

/// Follows the lists of children. They hold zombies too.
void visit_by_children(int proc, pid_t root, const Found& found) {
  std::vector<pid_t> parents = {root};
  std::set<pid_t> seen = {root};
  while (!parents.empty()) {
    const pid_t parent = parents.back();
    parents.pop_back();
    for (const pid_t child : read_children(proc, parent)) {
      if (!seen.insert(child).second) continue;
      const std::optional<Entry> entry = read_entry(proc, std::to_string(child).c_str());
      if (entry && found(entry->process)) parents.push_back(child);
    }
  }
}

}  // namespace

void ProcessTree::visit(pid_t root, const Found& found) const {
  const Folder folder(opendir(proc_.c_str()));
  if (!folder) return;
  const int proc = dirfd(folder.get());
  const std::string number = std::to_string(root);
  const std::string children = number + "/task/" + number + "/children";
  if (faccessat(proc, children.c_str(), R_OK, 0) == 0) {
    visit_by_children(proc, root, found);
  } else {
    visit_by_scan(proc, folder.get(), root, found);
  }
}

bool kill_below(const ProcessTree& tree, pid_t root, const std::function<bool(pid_t)>& spared) {
  const pid_t own_group = getpgrp();
  std::set<pid_t> groups;
  bool any = false;
  tree.visit(root, [&](const TreeProcess& process) {
    if (spared(process.pid)) return false;
    any = true;
    // A group is killed at one stroke: none of its members can fork meanwhile. A number that was
    // seen a moment ago has no new owner yet: the kernel gives all others first.
    const bool is_theirs = process.group > 1 && process.group != own_group;
    if (is_theirs && groups.insert(process.group).second) {
      kill(-process.group, SIGKILL);
    }
    kill(process.pid, SIGKILL);
    return true;
  });
  return any;
}

}  // namespace trawl::worker
