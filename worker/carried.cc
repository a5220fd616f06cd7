#include "worker/carried.h"

#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "protocol/codec.h"

namespace trawl::worker {
namespace {

constexpr std::string_view kShell = "shell";
constexpr std::string_view kPlain = "plain";

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ptr == end && parsed.ec == std::errc();
}

}  // namespace

// A line of words, the folder, then the launch as it came over the wire, with its protocol version.
std::string encode(const Carried& carried) {
  return fmt::format("{} {} {} {}\n{}", carried.token, carried.start_time_ms,
                     carried.of_shell ? kShell : kPlain, carried.jobs_folder.size(),
                     carried.jobs_folder) +
         protocol::encode(core::ToWorker{{}, 0, core::Launch{carried.order, std::nullopt}});
}

Result<Carried> decode_carried(std::string_view bytes) {
  const auto damaged = fail(ErrorCode::kInvalid, "what the keeper carries is damaged");
  const std::size_t line_end = bytes.find('\n');
  if (line_end == std::string_view::npos) return damaged;
  const std::vector<std::string_view> words = split(bytes.substr(0, line_end), ' ');
  constexpr std::size_t kWordCount = 4;
  if (words.size() != kWordCount || words[0].empty()) return damaged;
  Carried carried;
  std::size_t folder_size = 0;
  if (!read_number(words[1], carried.start_time_ms) || !read_number(words[3], folder_size)) {
    return damaged;
  }
  const std::string_view rest = bytes.substr(line_end + 1);
  if (rest.size() < folder_size) return damaged;
  carried.token = words[0];
  carried.of_shell = words[2] == kShell;
  carried.jobs_folder = rest.substr(0, folder_size);
  auto message = protocol::decode_to_worker(rest.substr(folder_size));
  if (!message && message.error().code == ErrorCode::kUnavailable) {
    return fail(ErrorCode::kUnavailable,
                "its worker was a build of trawl that speaks another protocol version");
  }
  if (!message) return tl::unexpected(message.error());
  auto* const launch = std::get_if<core::Launch>(&message->body);
  if (launch == nullptr) return damaged;
  carried.order = std::move(launch->order);
  return carried;
}

}  // namespace trawl::worker
