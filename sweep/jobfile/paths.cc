// A scheme is letters, digits, '+', '-' and '.' before "://"; `azureml:` and `runs:/` are the two
// that go without slashes.
#include "sweep/jobfile/paths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace trawl::jobfile {
namespace {

constexpr std::string_view kFile = "file:";

bool has_scheme(std::string_view path) {
  const std::size_t end = path.find("://");
  if (end == std::string_view::npos || end == 0) return false;
  return std::ranges::all_of(path.substr(0, end), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  });
}

}  // namespace

bool is_remote(std::string_view path) {
  if (path.starts_with(kFile)) return false;
  return path.starts_with("azureml:") || path.starts_with("runs:/") || path.starts_with("git+") ||
         path.starts_with("/subscriptions/") || has_scheme(path);
}

bool is_web(std::string_view path) {
  return path.starts_with("http://") || path.starts_with("https://");
}

bool is_uri(std::string_view path) {
  return has_scheme(path);
}

std::string local_path(const Context& context, Place place, std::string_view written) {
  if (written.starts_with(kFile)) {
    written.remove_prefix(kFile.size());
    if (written.starts_with("///")) written.remove_prefix(2);
  }
  const std::filesystem::path folder = context.report.source(place.source).folder;
  std::string path = (folder / std::filesystem::path(written)).lexically_normal().string();
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

PathKind path_kind(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (error || !std::filesystem::exists(status)) return PathKind::kAbsent;
  return std::filesystem::is_directory(status) ? PathKind::kFolder : PathKind::kFile;
}

}  // namespace trawl::jobfile
