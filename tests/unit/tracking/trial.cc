// tests/unit/tracking/trial.cc: see trial.h.
#include "tests/unit/tracking/trial.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>

namespace trawl::tracking {

Result<void> MemorySink::commit(std::span<const Record> records) {
  std::unique_lock lock(mutex_);
  ++commit_count_;
  ++held_count_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !is_holding_; });
  --held_count_;
  const bool fails = fail_count_ > 0;
  if (fails) --fail_count_;
  if (!fails || keeps_) records_.insert(records_.end(), records.begin(), records.end());
  if (fails) return fail(ErrorCode::kSystem, "No space left on device.");
  return {};
}

void MemorySink::fail_next(int count, bool keep) {
  const std::lock_guard lock(mutex_);
  fail_count_ = count;
  keeps_ = keep;
}

void MemorySink::hold() {
  const std::lock_guard lock(mutex_);
  is_holding_ = true;
}

void MemorySink::release() {
  const std::lock_guard lock(mutex_);
  is_holding_ = false;
  changed_.notify_all();
}

bool MemorySink::wait_until_holding() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return held_count_ > 0; });
}

std::vector<Record> MemorySink::records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

int MemorySink::commit_count() const {
  const std::lock_guard lock(mutex_);
  return commit_count_;
}

Folder::Folder() {
  path_ = (std::filesystem::temp_directory_path() / "trawl-tracking-XXXXXX").native();
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TrialSettings settings_of(MemorySink& sink, const Folder& folder,
                          std::vector<std::string>& warnings) {
  TrialSettings settings;
  settings.trial = "sweep_3";
  settings.token = "secret";
  settings.run_id = kRun;
  settings.run_name = "sweep_3";
  settings.user = "ada";
  settings.start_time_ms = 500;
  settings.experiment_id = std::string("7");
  settings.experiment_name = "mnist";
  settings.experiment_creation_ms = 400;
  settings.tags = {{"mlflow.user", "ada"}};
  settings.params = {{"lr", "0.1"}};
  settings.artifacts_root = folder.path() + "/artifacts";
  settings.sink = &sink;
  settings.reload = [&sink] { return Result<std::vector<Record>>(sink.records()); };
  settings.now_ms = [] { return std::int64_t{1000}; };
  settings.new_id = [count = std::make_shared<int>(0)] { return fmt::format("{:032x}", ++*count); };
  settings.warn = [&warnings](const std::string& text) { warnings.push_back(text); };
  return settings;
}

Trial::Trial() {
  auto opened = TrialSession::open(settings_of(sink, folder, warnings));
  if (!opened) throw std::runtime_error(opened.error().message);
  session = *std::move(opened);
}

Reply Trial::send(Request request) {
  const Response response = session->handle(request);
  return {response.status, nlohmann::json::parse(response.body, nullptr, false)};
}

Reply Trial::post_text(const std::string& method, const std::string& body) {
  return send({"POST", "/api/2.0/mlflow/" + method, "", "application/json", body});
}

Reply Trial::post(const std::string& method, const nlohmann::json& body) {
  return post_text(method, body.dump());
}

Reply Trial::get(const std::string& method, const std::string& query) {
  return send({"GET", "/api/2.0/mlflow/" + method, query, "", ""});
}

nlohmann::json Trial::run() {
  return get("runs/get", "run_id=" + kRun).body["run"];
}

nlohmann::json Trial::listed(const std::string& list) {
  nlohmann::json by_key = nlohmann::json::object();
  const nlohmann::json shown = run();
  if (!shown["data"].contains(list)) return by_key;
  for (const auto& element : shown["data"][list]) {
    by_key[element["key"].get<std::string>()] = element["value"];
  }
  return by_key;
}

}  // namespace trawl::tracking
