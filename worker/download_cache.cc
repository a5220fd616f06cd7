#include "worker/download_cache.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <spdlog/spdlog.h>

#include "worker/fetch.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kNotes = ".json";
constexpr const char* kPart = ".part";

std::string sha256(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

// Empty where nothing useful is there: then the file is fetched anew.
Json read_json(const std::string& path) {
  std::ifstream in(path);
  Json json = Json::parse(in, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string text_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<void> rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail_errno("cannot rename " + from + " to " + to, errno);
}

Result<void> write_json(const std::string& path, const Json& json) {
  const std::string part = path + kPart;
  std::ofstream out(part, std::ios::trunc);
  out << json.dump(-1, ' ', false, Json::error_handler_t::replace);
  out.close();
  if (!out) return fail(ErrorCode::kSystem, "cannot write " + part);
  return rename(part, path);
}

// The finest time there is, so that two uses are in order.
void note_use(const std::string& path) {
  std::array<timespec, 2> times{};
  clock_gettime(CLOCK_REALTIME, &times[0]);
  times[1] = times[0];
  utimensat(AT_FDCWD, (path + kNotes).c_str(), times.data(), 0);  // else it counts as older
}

struct Kept {
  std::string path;
  std::uint64_t bytes{};
  fs::file_time_type used;
};

// Without notes it is as old as can be: it would be fetched anew.
std::vector<Kept> kept_files(const std::string& folder) {
  std::vector<Kept> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (entry->path().has_extension() || !entry->is_regular_file(gone)) continue;
    const std::string path = entry->path();
    const std::uintmax_t bytes = entry->file_size(gone);
    if (gone) continue;
    const auto used = fs::last_write_time(path + kNotes, gone);
    files.push_back({path, bytes, gone ? fs::file_time_type::min() : used});
  }
  return files;
}

}  // namespace

DownloadCache::DownloadCache(std::string folder, std::uint64_t bytes_max)
    : folder_(std::move(folder)), bytes_max_(bytes_max) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  std::error_code error;
  fs::directory_iterator entry(folder_, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;  // it only costs space
    if (entry->path().extension() == kPart) fs::remove(entry->path(), ignored);
  }
}

Result<std::string> DownloadCache::fetch(const std::string& url, core::AttemptId attempt,
                                         const std::stop_token& stop) {
  const core::JobId job = attempt.trial.job;
  const std::string path = folder_ + "/" + sha256(url);
  {
    std::unique_lock lock(mutex_);
    const bool mine = released_.wait(lock, stop, [&] { return !busy_.contains(path); });
    if (!mine) return fail(ErrorCode::kUnavailable, "canceled");
    const auto fresh = fresh_.find(path);
    std::error_code error;
    if (fresh != fresh_.end() && fresh->second == job && fs::exists(path, error)) {
      uses_[attempt].insert(path);
      note_use(path);
      return path;
    }
    busy_.insert(path);
  }
  const Result<bool> changed = refresh(url, path, stop);
  const std::lock_guard lock(mutex_);
  busy_.erase(path);
  released_.notify_all();
  if (!changed) return tl::unexpected(changed.error());
  fresh_[path] = job;
  uses_[attempt].insert(path);
  note_use(path);
  if (*changed) make_room(path);
  return path;
}

void DownloadCache::hold(const std::string& url, core::AttemptId attempt) {
  const std::lock_guard lock(mutex_);
  const std::string path = folder_ + "/" + sha256(url);
  std::error_code error;
  if (fs::exists(path, error)) uses_[attempt].insert(path);
}

void DownloadCache::release(core::AttemptId attempt) {
  const std::lock_guard lock(mutex_);
  uses_.erase(attempt);
}

bool DownloadCache::is_used(const std::string& path) const {
  return busy_.contains(path) ||
         std::ranges::any_of(uses_, [&](const auto& use) { return use.second.contains(path); });
}

void DownloadCache::make_room(const std::string& newest) {
  std::vector<Kept> files = kept_files(folder_);
  std::uint64_t bytes = 0;
  for (const Kept& file : files) bytes += file.bytes;
  std::ranges::sort(files, {}, &Kept::used);
  for (const Kept& file : files) {
    if (bytes <= bytes_max_) return;
    if (file.path == newest || is_used(file.path)) continue;
    std::error_code error;
    fs::remove(file.path + kNotes, error);  // never notes without their file
    if (!error) fs::remove(file.path, error);
    if (error) {
      spdlog::warn("cannot remove {}: {}", file.path, error.message());
      continue;
    }
    fresh_.erase(file.path);
    bytes -= file.bytes;
  }
}

Result<bool> DownloadCache::refresh(const std::string& url, const std::string& path,
                                    const std::stop_token& stop) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    return fail(ErrorCode::kSystem,
                fmt::format("cannot make the folder {}: {}", folder_, error.message()));
  }
  const std::string notes = path + kNotes;
  FetchRequest request{url, path + kPart, "", ""};
  if (fs::exists(path, error)) {
    const Json known = read_json(notes);
    request.etag = text_in(known, "etag");
    request.last_modified = text_in(known, "last_modified");
  }
  const auto fetched = worker::fetch(request, stop);
  if (!fetched || !fetched->changed) fs::remove(request.path, error);
  if (!fetched) return tl::unexpected(fetched.error());
  if (!fetched->changed) return false;
  // Notes never describe another file than the one that is there.
  fs::remove(notes, error);
  if (chmod(request.path.c_str(), S_IRUSR) != 0) {
    return fail_errno("cannot set the permissions of " + request.path, errno);
  }
  auto renamed = rename(request.path, path);
  if (renamed) {
    renamed =
        write_json(notes, {{"etag", fetched->etag}, {"last_modified", fetched->last_modified}});
  }
  if (!renamed) return tl::unexpected(renamed.error());
  return true;
}

}  // namespace trawl::worker
