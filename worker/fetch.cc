#include "worker/fetch.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <sys/statvfs.h>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/text.h"

namespace trawl::worker {
namespace {

constexpr int kTriesMax = 3;
constexpr std::chrono::seconds kPauses[kTriesMax - 1] = {std::chrono::seconds(1),
                                                         std::chrono::seconds(3)};
constexpr long kRedirectsMax = 10;
constexpr long kConnectTimeoutS = 30;
constexpr long kStandstillS = 60;

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
template <class T>
using Owned = std::unique_ptr<T, Closer>;

// One transfer, as libcurl's callbacks see it.
struct Transfer {
  CURL* curl{};
  std::FILE* file{};
  const std::string* path{};
  const std::stop_token* stop{};
  Fetched fetched;
  std::optional<Error> refused;  // why a callback ended the transfer
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

long status_of(CURL* curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

// Each line of each answer's head; those of a redirection are overwritten by the last answer's.
std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
  constexpr std::size_t kValidatorBytesMax = 1000;
  auto& transfer = *static_cast<Transfer*>(context);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) transfer.fetched = {};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  const std::string name = lowered(line.substr(0, colon));
  const std::string_view text = trimmed(line.substr(colon + 1));
  if (text.size() > kValidatorBytesMax) return line.size();
  if (name == "etag") transfer.fetched.etag = text;
  if (name == "last-modified") transfer.fetched.last_modified = text;
  return line.size();
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t bytes = size * count;
  if (status_of(transfer.curl) != 200) return bytes;  // an error's page is not the file
  if (std::fwrite(data, 1, bytes, transfer.file) == bytes) return bytes;
  transfer.refused = fail_errno("cannot write " + *transfer.path, errno).value();
  return 0;
}

// Called about once a second, and whenever bytes come.
int on_progress(void* context, curl_off_t total, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (transfer.stop->stop_requested()) return 1;
  struct statvfs disk {};
  if (total <= 0 || std::ftell(transfer.file) > 0 || status_of(transfer.curl) != 200) return 0;
  if (statvfs(transfer.path->c_str(), &disk) != 0) return 0;
  const auto room = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (room >= static_cast<std::uint64_t>(total)) return 0;
  transfer.refused =
      Error{ErrorCode::kSystem, fmt::format("it has {} MB, and the disk of {} has room for {} MB",
                                            total / 1'000'000, *transfer.path, room / 1'000'000)};
  return 1;
}

bool may_pass(long status) {
  return status == 408 || status == 429 || status >= 500;
}

bool may_pass(CURLcode code) {
  constexpr CURLcode kPassing[] = {CURLE_COULDNT_RESOLVE_HOST,
                                   CURLE_COULDNT_RESOLVE_PROXY,
                                   CURLE_COULDNT_CONNECT,
                                   CURLE_OPERATION_TIMEDOUT,
                                   CURLE_PARTIAL_FILE,
                                   CURLE_GOT_NOTHING,
                                   CURLE_SEND_ERROR,
                                   CURLE_RECV_ERROR,
                                   CURLE_HTTP2,
                                   CURLE_HTTP2_STREAM};
  return std::ranges::find(kPassing, code) != std::end(kPassing);
}

struct Failure {
  Error error;
  bool may_pass = false;
};

void configure(CURL* curl, const FetchRequest& request, Transfer& transfer) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kRedirectsMax);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutS);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStandstillS);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "trawl");
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
}

Owned<curl_slist> conditions(const FetchRequest& request) {
  curl_slist* headers = nullptr;
  if (!request.etag.empty()) {
    headers = curl_slist_append(headers, ("If-None-Match: " + request.etag).c_str());
  }
  if (!request.last_modified.empty()) {
    headers = curl_slist_append(headers, ("If-Modified-Since: " + request.last_modified).c_str());
  }
  return Owned<curl_slist>(headers);
}

tl::expected<Fetched, Failure> try_once(const FetchRequest& request, const std::stop_token& stop) {
  const auto failed = [](ErrorCode code, std::string message, bool passing) {
    return tl::unexpected(Failure{{code, std::move(message)}, passing});
  };
  const Owned<CURL> curl(curl_easy_init());
  const Owned<std::FILE> file(std::fopen(request.path.c_str(), "wbe"));
  if (file == nullptr) {
    return failed(ErrorCode::kSystem,
                  fmt::format("cannot make {}: {}", request.path, std::strerror(errno)), false);
  }
  if (curl == nullptr) return failed(ErrorCode::kSystem, "libcurl cannot be used", false);
  Transfer transfer{curl.get(), file.get(), &request.path, &stop, {}, std::nullopt};
  configure(curl.get(), request, transfer);
  const Owned<curl_slist> headers = conditions(request);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, detail);

  const CURLcode code = curl_easy_perform(curl.get());
  if (transfer.refused) return tl::unexpected(Failure{*transfer.refused, false});
  if (stop.stop_requested()) return failed(ErrorCode::kUnavailable, "canceled", false);
  if (code != CURLE_OK) {
    return failed(ErrorCode::kUnavailable, *detail != '\0' ? detail : curl_easy_strerror(code),
                  may_pass(code));
  }
  const long status = status_of(curl.get());
  if (status == 304 && headers != nullptr) return Fetched{};
  if (status != 200) {
    const ErrorCode kind = may_pass(status) ? ErrorCode::kUnavailable : ErrorCode::kNotFound;
    return failed(kind, fmt::format("HTTP status {}", status), may_pass(status));
  }
  if (std::fflush(file.get()) != 0) {
    return failed(ErrorCode::kSystem,
                  fmt::format("cannot write {}: {}", request.path, std::strerror(errno)), false);
  }
  transfer.fetched.changed = true;
  return transfer.fetched;
}

// False when `stop` was requested meanwhile.
bool pause(std::chrono::seconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

Result<Fetched> fetch(const FetchRequest& request, const std::stop_token& stop) {
  const std::string what = "cannot fetch " + shown_url(request.url) + ": ";
  for (int tries = 1;; ++tries) {
    auto fetched = try_once(request, stop);
    if (fetched) return *fetched;
    const Failure& failure = fetched.error();
    const bool again = failure.may_pass && tries < kTriesMax && pause(kPauses[tries - 1], stop);
    if (again) continue;
    const std::string count =
        failure.may_pass && tries > 1 ? fmt::format(" (tried {} times)", tries) : "";
    return fail(failure.error.code, what + failure.error.message + count);
  }
}

std::string shown_url(const std::string& url) {
  std::string shown = url.substr(0, url.find_first_of("?#"));
  const std::size_t host = shown.find("://");
  if (host == std::string::npos) return shown;
  const std::size_t begin = host + 3;
  const std::size_t end = std::min(shown.find('/', begin), shown.size());
  const std::size_t at = shown.rfind('@', end);
  if (at != std::string::npos && at >= begin && at < end) shown.erase(begin, at + 1 - begin);
  return shown;
}

}  // namespace trawl::worker
