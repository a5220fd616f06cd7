#include "worker/inputs.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "worker/file_copy.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

bool is_web(const std::string& uri) {
  return uri.starts_with("http://") || uri.starts_with("https://");
}

bool wants_copy(const Input& input) {
  return input.mode == "download" || input.mode == "eval_download";
}

bool stays(const Input& input) {
  return input.kind == Input::Kind::kLiteral || input.mode == "direct";
}

Result<void> make(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  return fail_errno("cannot make the folder " + folder.string(), error.value());
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(const std::string& text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (text[i] == '%' && high >= 0 && low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// A link that outlives the cache's next fetch of the URL, or a copy where there can be none.
Result<void> link_or_copy(const fs::path& from, const fs::path& to) {
  if (link(from.c_str(), to.c_str()) == 0) return {};
  return clone_file(from, to);
}

Result<std::string> place_fetched(const Input& input, const fs::path& folder,
                                  core::AttemptId attempt, DownloadCache& cache,
                                  const std::stop_token& stop) {
  const auto cached = cache.fetch(input.text, attempt, stop);
  if (!cached) return tl::unexpected(cached.error());
  auto made = make(folder);
  if (!made) return tl::unexpected(made.error());
  const fs::path target = folder / file_name_of(input.text);
  auto placed = wants_copy(input) ? clone_file(*cached, target) : link_or_copy(*cached, target);
  if (!placed) return tl::unexpected(placed.error());
  return input.type == "uri_file" ? target.string() : folder.string();
}

Result<std::string> place_copy(const Input& input, const fs::path& folder,
                               const std::stop_token& stop) {
  auto made = make(folder);
  if (!made) return tl::unexpected(made.error());
  const fs::path source = input.text;
  std::error_code error;
  if (fs::is_directory(source, error)) {
    auto copied = clone_folder(source, folder, stop);
    if (!copied) return tl::unexpected(copied.error());
    return folder.string();
  }
  const fs::path target = folder / source.filename();
  auto copied = clone_file(source, target);
  if (!copied) return tl::unexpected(copied.error());
  return target.string();
}

Result<std::string> place_one(const Input& input, const InputPlace& place, DownloadCache& cache,
                              const std::stop_token& stop) {
  const fs::path folder = fs::path(place.folder) / input.name;
  if (stays(input)) return input.text;
  if (input.kind == Input::Kind::kUri) {
    if (is_web(input.text)) return place_fetched(input, folder, place.attempt, cache, stop);
    return fail(ErrorCode::kInvalid, "only http and https URLs can be fetched, not " + input.text);
  }
  if (wants_copy(input)) return place_copy(input, folder, stop);
  std::error_code error;
  if (!fs::exists(input.text, error)) {
    return fail(ErrorCode::kNotFound, "its path is not there (any more): " + input.text);
  }
  return input.text;
}

}  // namespace

bool is_moved(const Input& input) {
  if (stays(input)) return false;
  return input.kind == Input::Kind::kUri || wants_copy(input);
}

Result<std::vector<Input>> place_inputs(const std::vector<Input>& inputs, const InputPlace& place,
                                        DownloadCache& cache, const std::stop_token& stop) {
  std::vector<Input> placed = inputs;
  for (Input& input : placed) {
    auto text = place_one(input, place, cache, stop);
    if (!text) {
      return fail(text.error().code,
                  fmt::format("input '{}': {}", input.name, text.error().message));
    }
    input.text = std::move(*text);
  }
  return placed;
}

std::string file_name_of(const std::string& url) {
  constexpr std::size_t kNameBytesMax = 255;
  const std::string path = url.substr(0, url.find_first_of("?#"));
  const std::size_t host = path.find("://");
  const std::size_t slash = path.rfind('/');
  const bool has_path =
      slash != std::string::npos && (host == std::string::npos || slash > host + 2);
  const std::string name = has_path ? percent_decoded(path.substr(slash + 1)) : "";
  const bool is_plain = std::ranges::none_of(
      name, [](char c) { return c == '/' || (static_cast<unsigned char>(c) < 0x20) || c == 0x7f; });
  const bool good =
      is_plain && !name.empty() && name != "." && name != ".." && name.size() <= kNameBytesMax;
  return good ? name : "data";
}

}  // namespace trawl::worker
