// tracking/rest_runs.cc: runs as a whole: create, get, update, tags. What is logged to a run is in
// rest_logs.cc.
#include <algorithm>
#include <array>

#include "tracking/messages.h"
#include "tracking/method.h"
#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

constexpr std::array<std::string_view, 5> kStatuses = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED",
                                                       "KILLED"};

struct Tag {
  std::string key;
  std::string value;
};

Tag read_tag(FieldReader& reader) {
  std::string key = reader.key("tag");
  return {std::move(key), cut(reader.optional_text("value").value_or(""), kTagCharactersMax)};
}

Answer get_run(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto run = known_run(call, run_id, RunDetail::kAll);
  if (!run) return refuse(run.error());
  return Json{{"run", run_json(call, **run)}};
}

// Experiment "0" is what a client names when nobody told it better, so it stands for the trial's
// own.
Answer create_run(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string asked = reader.optional_text("experiment_id").value_or("0");
  const std::string name = reader.optional_text("run_name").value_or("");
  RunCreated created{call.policy.new_id(), asked, name,
                     reader.optional_text("user_id").value_or(""),
                     reader.optional_integer("start_time").value_or(0)};
  std::vector<Tag> tags;
  for (const Json& element : reader.array("tags")) {
    FieldReader tag_reader(element);
    tags.push_back(read_tag(tag_reader));
    if (tag_reader.refusal()) reader.refuse(*tag_reader.refusal());
    if (tags.back().key == "mlflow.runName" && name.empty()) created.run_name = tags.back().value;
  }
  if (reader.refusal()) return refuse(*reader.refusal());
  if (call.policy.is_confined() && asked == "0") created.experiment_id = call.policy.experiment_id;
  const auto experiment = active_experiment(call, created.experiment_id);
  if (!experiment) return refuse(experiment.error());
  if (created.run_name.empty()) created.run_name = made_up_name(created.run_id);
  const std::string run_id = created.run_id;
  call.record(std::move(created));
  for (Tag& tag : tags) call.record(TagSet{run_id, std::move(tag.key), std::move(tag.value)});
  return Json{{"run", run_json(call, *call.state.find_run(run_id, RunDetail::kAll))}};
}

// An unknown status word is ignored, as the server does.
Answer update_run(Call& call, const Json& fields) {
  FieldReader reader(fields);
  RunUpdated updated;
  updated.run_id = reader.run_id();
  updated.status = reader.optional_text("status");
  updated.end_time_ms = reader.optional_integer("end_time");
  updated.run_name = reader.optional_text("run_name");
  if (reader.refusal()) return refuse(*reader.refusal());
  const std::string run_id = updated.run_id;
  if (const auto run = active_run(call, run_id, RunDetail::kInfo); !run) {
    return refuse(run.error());
  }
  if (updated.status && std::ranges::find(kStatuses, *updated.status) == kStatuses.end()) {
    updated.status.reset();
  }
  if (updated.run_name && updated.run_name->empty()) updated.run_name.reset();
  call.record(std::move(updated));
  return Json{{"run_info", run_info_json(*call.state.find_run(run_id, RunDetail::kInfo))}};
}

Answer set_tag(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  Tag tag = read_tag(reader);
  if (reader.refusal()) return refuse(*reader.refusal());
  if (const auto run = active_run(call, run_id, RunDetail::kInfo); !run) {
    return refuse(run.error());
  }
  call.record(TagSet{run_id, std::move(tag.key), std::move(tag.value)});
  return Json::object();
}

Answer delete_tag(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  std::string key = reader.text("key");
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto run = active_run(call, run_id, RunDetail::kAll);
  if (!run) return refuse(run.error());
  if (!(*run)->tags.contains(key)) {
    return refuse(resource_missing("No tag with name: " + key + " in run with id " + run_id));
  }
  call.record(TagDeleted{run_id, std::move(key)});
  return Json::object();
}

Answer delete_run(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto run = known_run(call, run_id, RunDetail::kInfo);
  if (!run) return refuse(run.error());
  call.record(RunDeleted{run_id});
  return Json::object();
}

Answer restore_run(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto run = known_run(call, run_id, RunDetail::kInfo);
  if (!run) return refuse(run.error());
  call.record(RunRestored{run_id});
  return Json::object();
}

constexpr Route kRoutes[] = {
    {"GET", "runs/get", Effect::kReads, get_run},
    {"POST", "runs/create", Effect::kWrites, create_run},
    {"POST", "runs/update", Effect::kWrites, update_run},
    {"POST", "runs/delete", Effect::kWrites, delete_run},
    {"POST", "runs/restore", Effect::kWrites, restore_run},
    {"POST", "runs/set-tag", Effect::kWrites, set_tag},
    {"POST", "runs/delete-tag", Effect::kWrites, delete_tag},
};

}  // namespace

std::span<const Route> run_routes() {
  return kRoutes;
}

KnownRun known_run(const Call& call, std::string_view run_id, RunDetail detail) {
  auto run = call.state.find_run(run_id, detail);
  if (run) return run;
  return refuse(resource_missing("Run with id=" + cut(std::string(run_id), 64) + " not found"));
}

KnownRun active_run(const Call& call, std::string_view run_id, RunDetail detail) {
  auto run = known_run(call, run_id, detail);
  if (!run || !(*run)->is_deleted) return run;
  return refuse(invalid_parameter("The run " + std::string(run_id) +
                                  " must be in the 'active' state. Current state is deleted."));
}

// The server's own form, word-animal-number, from the digits of an id that was random already.
std::string made_up_name(std::string_view id) {
  constexpr std::array<std::string_view, 16> words = {
      "able", "bold",    "calm",   "deep",  "eager", "fair",  "gentle", "honest",
      "keen", "likable", "mighty", "noble", "quiet", "rapid", "sunny",  "wise"};
  constexpr std::array<std::string_view, 16> animals = {
      "carp", "cod",   "crab",  "dolphin", "eel",   "gull",  "heron",    "lobster",
      "orca", "otter", "perch", "seal",    "shark", "squid", "sturgeon", "whale"};
  std::uint32_t number = 0;
  for (const char c : id) number = number * 31 + static_cast<unsigned char>(c);
  return std::string(words[number % 16]) + "-" + std::string(animals[number / 16 % 16]) + "-" +
         std::to_string(number / 256 % 1000);
}

}  // namespace trawl::tracking
