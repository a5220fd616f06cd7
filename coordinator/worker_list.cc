#include "coordinator/worker_list.h"

#include <chrono>

#include <nlohmann/json.hpp>

namespace trawl::coordinator {
namespace {

using Json = nlohmann::ordered_json;

Json heard_ago(const core::Runtime& runtime, const std::string& name, Instant at) {
  const auto lease = runtime.leases.find(name);
  if (lease == runtime.leases.end()) return nullptr;
  return std::chrono::duration<double>(at - lease->second.heard).count();
}

const char* state_of(const core::Worker& worker) {
  if (worker.is_silent) return "silent";
  return worker.is_leaving ? "leaving" : "ready";
}

}  // namespace

std::string worker_list(const core::Runtime& runtime,
                        const std::map<core::WorkerId, std::string>& addresses, Instant at) {
  std::map<std::string, Json> rows;
  for (const auto& [id, worker] : runtime.workers) {
    const auto address = addresses.find(id);
    rows[worker.name] = {{"name", worker.name},
                         {"state", state_of(worker)},
                         {"address", address == addresses.end() ? "" : address->second},
                         {"slots", worker.slot_count},
                         {"attempts", worker.holds.size()},
                         {"waiting", worker.successors.size()},
                         {"heard_s", heard_ago(runtime, worker.name, at)}};
  }
  for (const auto& [name, lease] : runtime.leases) {
    if (rows.contains(name)) continue;
    const auto attempts = runtime.attempts.find(name);
    rows[name] = {{"name", name},
                  {"state", "away"},
                  {"address", ""},
                  {"slots", 0},
                  {"attempts", attempts == runtime.attempts.end() ? 0 : attempts->second.size()},
                  {"waiting", 0},
                  {"heard_s", heard_ago(runtime, name, at)}};
  }
  Json list = Json::array();
  for (auto& [name, row] : rows) list.push_back(std::move(row));
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace trawl::coordinator
