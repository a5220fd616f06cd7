// tracking/file_answer.cc: see file_answer.h. Ranges are read here and not by cpp-httplib 0.11,
// which answers one past the end of the file with a length of nearly 2^64.
#include "tracking/file_answer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace trawl::tracking {
namespace {

constexpr std::size_t kBlockBytes = 64 << 10;
constexpr const char* kType = "application/octet-stream";

struct Span {
  std::size_t first{};
  std::size_t length{};  // 0: nothing of the file is in the range
};

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// "bytes=A-B", "bytes=A-", "bytes=-N".
std::optional<Span> parse_range(std::string_view range, std::size_t size) {
  constexpr std::string_view unit = "bytes=";
  const std::size_t dash = range.find('-');
  if (!range.starts_with(unit) || dash == range.npos) return std::nullopt;
  const auto first = number(range.substr(unit.size(), dash - unit.size()));
  const auto last = number(range.substr(dash + 1));
  if (dash == unit.size()) {
    if (!last) return std::nullopt;
    const std::size_t length = std::min(*last, size);
    return Span{size - length, length};
  }
  if (!first || (!last && dash + 1 < range.size()) || (last && *last < *first)) return std::nullopt;
  if (*first >= size) return Span{};
  const std::size_t end = last && *last < size ? *last + 1 : size;
  return Span{*first, end - *first};
}

// A name that may stand between quotes in a header.
std::string disposition(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  std::ranges::replace_if(
      name, [](char c) { return c < ' ' || c == '"' || c == '\\' || c == 0x7f; }, '_');
  return "attachment; filename=\"" + name + "\"";
}

// One block of the file; false where it has become shorter, or cannot be read.
bool send_block(int descriptor, std::size_t offset, std::size_t length, httplib::DataSink& sink) {
  std::array<char, kBlockBytes> block;
  ssize_t count = -1;
  do {
    count =
        pread(descriptor, block.data(), std::min(length, block.size()), static_cast<off_t>(offset));
  } while (count < 0 && errno == EINTR);
  return count > 0 && sink.write(block.data(), static_cast<std::size_t>(count));
}

}  // namespace

bool answer_with_file(const std::string& path, const std::string& range,
                      httplib::Response& response) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    close(descriptor);
    return false;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  const auto part = parse_range(range, size);
  const Span span = part.value_or(Span{0, size});
  response.status = part ? 206 : 200;
  response.set_header("Accept-Ranges", "bytes");
  response.set_header("Content-Disposition", disposition(path));
  if (span.length == 0) {
    close(descriptor);
    if (part) {
      response.status = 416;
      response.set_header("Content-Range", "bytes */" + std::to_string(size));
    }
    response.set_content("", kType);
    return true;
  }
  if (part) {
    response.set_header("Content-Range", "bytes " + std::to_string(span.first) + "-" +
                                             std::to_string(span.first + span.length - 1) + "/" +
                                             std::to_string(size));
  }
  response.set_content_provider(
      span.length, kType,
      [descriptor, first = span.first](std::size_t offset, std::size_t length,
                                       httplib::DataSink& sink) {
        return send_block(descriptor, first + offset, length, sink);
      },
      [descriptor](bool) { close(descriptor); });
  return true;
}

}  // namespace trawl::tracking
