#include "worker/code_copy.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

Result<void> checked(const fs::path& at, std::error_code error) {
  if (!error) return {};
  return fail(ErrorCode::kSystem,
              fmt::format("cannot copy the code {}: {}", at.string(), error.message()));
}

std::error_code copy_entry(const fs::directory_entry& entry, const fs::path& target) {
  std::error_code error;
  if (entry.is_symlink(error)) {
    fs::copy_symlink(entry.path(), target, error);
  } else if (entry.is_directory(error)) {
    fs::create_directory(target, entry.path(), error);  // with its mode
  } else if (entry.is_regular_file(error)) {
    fs::copy_file(entry.path(), target, error);
  }
  return error;
}

}  // namespace

Result<void> copy_code(const fs::path& code, const fs::path& target,
                       const std::vector<fs::path>& without) {
  std::error_code error;
  if (!fs::is_directory(code, error)) {
    fs::copy(code, target / code.filename(), error);
    return checked(code, error);
  }
  fs::path at = code;  // what an error is about
  fs::recursive_directory_iterator entry(code, error);
  while (!error && entry != fs::recursive_directory_iterator()) {
    at = entry->path();
    const bool is_left_out = std::ranges::any_of(without, [&](const fs::path& folder) {
      std::error_code none;  // what cannot be compared is another folder
      return fs::equivalent(at, folder, none);
    });
    if (is_left_out) {
      entry.disable_recursion_pending();
    } else {
      error = copy_entry(*entry, target / at.lexically_relative(code));
    }
    if (!error) entry.increment(error);
  }
  return checked(at, error);
}

}  // namespace trawl::worker
