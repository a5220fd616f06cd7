#include "cli/submitted.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/connection_key.h"
#include "cli/view/sweep_progress.h"
#include "cluster/file_lock.h"
#include "protocol/key_file.h"

namespace trawl::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJobFile = "/job";

// Whether the coordinator with that key has this state folder, on a file system that is shared.
bool is_home_of(const std::string& home, const std::string& coordinator_key) {
  const auto own = protocol::read_key_file(home + "/keys/coordinator.key");
  return own && own->own.public_key == coordinator_key;
}

// One folder for each coordinator: only it knows which of them have ended.
std::string folder_for(const std::string& home, const std::string& coordinator_key) {
  constexpr std::size_t kCharacters = 16;
  std::string name;
  for (const char c : coordinator_key.substr(0, kCharacters)) {
    name += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return home + "/submitted/" + name;
}

bool has_ended(const Context& context, const std::string& job) {
  const auto answer = ask_coordinator(context, protocol::ShowJob{job});
  if (!answer) return answer.error().code == ErrorCode::kNotFound;
  return is_ended(nlohmann::json::parse(*answer).at("status").get<std::string>());
}

// A few at a time, so that no submission waits for many.
void remove_ended(const Context& context, const std::string& folder) {
  int asked = 20;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::string job;
    std::ifstream in(entry.path().string() + kJobFile);
    if (!std::getline(in, job)) continue;  // its submission is under way, or broke off
    if (asked-- == 0) return;
    if (has_ended(context, job)) fs::remove_all(entry.path(), error);
  }
}

}  // namespace

Result<SnapshotPlace> snapshot_place(const Context& context) {
  const SnapshotPlace local{context.home, cluster::snapshots_folder(context.home)};
  if (context.coordinator.empty()) return local;
  const auto key = read_submitter_key(target_of(context));
  if (!key) return tl::unexpected(key.error());
  if (is_home_of(context.home, key->keys.coordinator)) return local;
  SnapshotPlace place{context.home, folder_for(context.home, key->keys.coordinator)};
  remove_ended(context, place.folder);
  return place;
}

void note_job(const Context& context, const Snapshot& snapshot, const std::string& job) {
  const bool is_local = snapshot.folder.starts_with(cluster::snapshots_folder(context.home) + "/");
  if (!is_local) std::ofstream(snapshot.folder + kJobFile) << job << '\n';
}

}  // namespace trawl::cli
