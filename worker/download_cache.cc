#include "worker/download_cache.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <curl/curl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "worker/fetch.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

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
  const std::string part = path + ".part";
  std::ofstream out(part, std::ios::trunc);
  out << json.dump(-1, ' ', false, Json::error_handler_t::replace);
  out.close();
  if (!out) return fail(ErrorCode::kSystem, "cannot write " + part);
  return rename(part, path);
}

}  // namespace

DownloadCache::DownloadCache(std::string folder) : folder_(std::move(folder)) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

Result<std::string> DownloadCache::fetch(const std::string& url, core::JobId job,
                                         const std::stop_token& stop) {
  const std::string path = folder_ + "/" + sha256(url);
  {
    std::unique_lock lock(mutex_);
    const bool mine = released_.wait(lock, stop, [&] { return !busy_.contains(url); });
    if (!mine) return fail(ErrorCode::kUnavailable, "canceled");
    const auto fresh = fresh_.find(url);
    std::error_code error;
    if (fresh != fresh_.end() && fresh->second == job && fs::exists(path, error)) return path;
    busy_.insert(url);
  }
  const Result<void> refreshed = refresh(url, path, stop);
  const std::lock_guard lock(mutex_);
  busy_.erase(url);
  released_.notify_all();
  if (!refreshed) return tl::unexpected(refreshed.error());
  fresh_[url] = job;
  return path;
}

Result<void> DownloadCache::refresh(const std::string& url, const std::string& path,
                                    const std::stop_token& stop) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    return fail(ErrorCode::kSystem,
                fmt::format("cannot make the folder {}: {}", folder_, error.message()));
  }
  const std::string notes = path + ".json";
  FetchRequest request{url, path + ".part", "", ""};
  if (fs::exists(path, error)) {
    const Json known = read_json(notes);
    request.etag = text_in(known, "etag");
    request.last_modified = text_in(known, "last_modified");
  }
  const auto fetched = worker::fetch(request, stop);
  if (!fetched || !fetched->changed) fs::remove(request.path, error);
  if (!fetched) return tl::unexpected(fetched.error());
  if (!fetched->changed) return {};
  // Notes never describe another file than the one that is there.
  fs::remove(notes, error);
  if (chmod(request.path.c_str(), S_IRUSR) != 0) {
    return fail_errno("cannot set the permissions of " + request.path, errno);
  }
  auto renamed = rename(request.path, path);
  if (!renamed) return renamed;
  return write_json(notes, {{"etag", fetched->etag}, {"last_modified", fetched->last_modified}});
}

}  // namespace trawl::worker
