// tracking/rest_logs.cc: what is logged to a run: metrics and their history, params, batches.
//
// Two rules are Trawl's own. A param that the sampler chose keeps its value when the script logs
// another text for it (str() of a float may differ): the answer is 200 and a warning goes to the
// trial's log, where the server would refuse. And a metric's model and dataset are kept as a
// document of the logged model, beside the run's own row.
#include <algorithm>
#include <set>

#include "tracking/method.h"
#include "tracking/paging.h"
#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

struct Metric {
  std::string key;
  MetricRow row;
  std::string model_id;
  std::string dataset_name;
  std::string dataset_digest;
};

struct Param {
  std::string key;
  std::string value;
};

Metric read_metric(FieldReader& reader) {
  Metric metric;
  metric.key = reader.key("metric");
  metric.row = {reader.number("value"), reader.integer("timestamp"),
                reader.optional_integer("step").value_or(0)};
  metric.model_id = reader.optional_text("model_id").value_or("");
  metric.dataset_name = reader.optional_text("dataset_name").value_or("");
  metric.dataset_digest = reader.optional_text("dataset_digest").value_or("");
  if (metric.row.timestamp_ms < 0) {
    reader.refuse(invalid_parameter(
        "Got invalid timestamp " + std::to_string(metric.row.timestamp_ms) + " for metric '" +
        metric.key + "'. Timestamp must be a nonnegative long (64-bit integer)."));
  }
  return metric;
}

Param read_param(FieldReader& reader) {
  std::string key = reader.key("param");
  return {std::move(key), cut(reader.optional_text("value").value_or(""), kParamCharactersMax)};
}

void record_metric(Call& call, const std::string& run_id, Metric metric) {
  if (!metric.model_id.empty() && call.state.find_document("logged_model", metric.model_id)) {
    Json row = {{"key", metric.key},
                {"value", number_json(metric.row.value)},
                {"timestamp", metric.row.timestamp_ms},
                {"step", metric.row.step},
                {"model_id", metric.model_id},
                {"run_id", run_id}};
    if (!metric.dataset_name.empty()) row["dataset_name"] = metric.dataset_name;
    if (!metric.dataset_digest.empty()) row["dataset_digest"] = metric.dataset_digest;
    std::string text = row.dump();
    call.record(DocumentStored{"model_metric", metric.model_id + "/" + text, text});
  }
  call.record(MetricLogged{run_id, std::move(metric.key), metric.row.value, metric.row.timestamp_ms,
                           metric.row.step});
}

bool is_sampled(const Call& call, const std::string& run_id, const std::string& key) {
  const auto& fixed = call.policy.fixed_params;
  return run_id == call.policy.run_id && std::ranges::find(fixed, key) != fixed.end();
}

// The value that stands against `param`, or null where the param may be logged. A sampled param
// stands, but only with a warning.
const std::string* conflict(const Call& call, const Run& run, const Param& param) {
  const auto found = run.params.find(param.key);
  if (found == run.params.end() || found->second == param.value) return nullptr;
  if (!is_sampled(call, run.run_id, param.key)) return &found->second;
  call.policy.warn("The script logged param '" + param.key + "' as '" + param.value +
                   "', but the trial was given '" + found->second +
                   "'. The sampled value is kept.");
  return nullptr;
}

Answer log_metric(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  Metric metric = read_metric(reader);
  if (reader.refusal()) return refuse(*reader.refusal());
  if (const auto run = active_run(call, run_id, RunDetail::kInfo); !run) {
    return refuse(run.error());
  }
  record_metric(call, run_id, std::move(metric));
  return Json::object();
}

Answer log_parameter(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  Param param = read_param(reader);
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto run = active_run(call, run_id, RunDetail::kAll);
  if (!run) return refuse(run.error());
  if (const std::string* standing = conflict(call, **run, param)) {
    return refuse(invalid_parameter("Changing param values is not allowed. Param with key='" +
                                    param.key + "' was already logged with value='" + *standing +
                                    "' for run ID='" + run_id + "'. Attempted logging new value '" +
                                    param.value + "'."));
  }
  call.record(ParamLogged{run_id, std::move(param.key), std::move(param.value)});
  return Json::object();
}

std::optional<Refusal> check_count(std::string_view what, std::size_t count, std::size_t most) {
  if (count <= most) return std::nullopt;
  const std::string noun(what);
  return invalid_parameter("A batch logging request can contain at most " + std::to_string(most) +
                           " " + noun + ". Got " + std::to_string(count) + " " + noun +
                           ". Please split up " + noun +
                           " across multiple requests and try again.");
}

struct Batch {
  std::vector<Metric> metrics;
  std::vector<Param> params;
  std::vector<Param> tags;
};

template <class Item, class Read>
void read_items(FieldReader& reader, const Json& elements, std::vector<Item>& items, Read read) {
  items.reserve(elements.size());
  for (const Json& element : elements) {
    FieldReader item_reader(element);
    items.push_back(read(item_reader));
    if (!item_reader.refusal()) continue;
    reader.refuse(*item_reader.refusal());
    return;
  }
}

Batch read_batch(FieldReader& reader) {
  const Json& metrics = reader.array("metrics");
  const Json& params = reader.array("params");
  const Json& tags = reader.array("tags");
  const std::size_t item_count = metrics.size() + params.size() + tags.size();
  for (auto why : {check_count("metrics", metrics.size(), kBatchMetricCountMax),
                   check_count("params", params.size(), kBatchParamCountMax),
                   check_count("tags", tags.size(), kBatchTagCountMax),
                   check_count("metrics, params, and tags", item_count, kBatchItemCountMax)}) {
    if (why) reader.refuse(*std::move(why));
  }
  Batch batch;
  if (reader.refusal()) return batch;
  read_items(reader, metrics, batch.metrics, read_metric);
  read_items(reader, params, batch.params, read_param);
  read_items(reader, tags, batch.tags, [](FieldReader& item) {
    std::string key = item.key("tag");
    return Param{std::move(key), cut(item.optional_text("value").value_or(""), kTagCharactersMax)};
  });
  return batch;
}

std::optional<Refusal> check_duplicates(const std::vector<Param>& params) {
  std::set<std::string_view> keys;
  std::string repeated;
  for (const Param& param : params) {
    if (keys.insert(param.key).second) continue;
    repeated += (repeated.empty() ? "'" : ", '") + param.key + "'";
  }
  if (repeated.empty()) return std::nullopt;
  return invalid_parameter("Duplicate parameter keys have been submitted: [" + repeated +
                           "]. Please ensure the request contains only one param value per param "
                           "key.");
}

std::optional<Refusal> check_conflicts(const Call& call, const Run& run,
                                       const std::vector<Param>& params) {
  std::string conflicts;
  for (const Param& param : params) {
    const std::string* standing = conflict(call, run, param);
    if (standing == nullptr) continue;
    if (!conflicts.empty()) conflicts += ", ";
    conflicts += "{'key': '" + param.key + "', 'old_value': '" + *standing + "', 'new_value': '" +
                 param.value + "'}";
  }
  if (conflicts.empty()) return std::nullopt;
  return invalid_parameter("Changing param values is not allowed. Params were already logged='[" +
                           conflicts + "]' for run ID='" + run.run_id + "'.");
}

Answer log_batch(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  Batch batch = read_batch(reader);
  if (auto why = check_duplicates(batch.params)) reader.refuse(*std::move(why));
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto detail = batch.params.empty() ? RunDetail::kInfo : RunDetail::kAll;
  const auto run = active_run(call, run_id, detail);
  if (!run) return refuse(run.error());
  if (auto why = check_conflicts(call, **run, batch.params)) return refuse(*std::move(why));
  call.records.reserve(batch.metrics.size() + batch.params.size() + batch.tags.size());
  for (Param& param : batch.params) {
    call.record(ParamLogged{run_id, std::move(param.key), std::move(param.value)});
  }
  for (Metric& metric : batch.metrics) record_metric(call, run_id, std::move(metric));
  for (Param& tag : batch.tags) {
    call.record(TagSet{run_id, std::move(tag.key), std::move(tag.value)});
  }
  return Json::object();
}

// An unknown run or key has an empty history, as on the server.
Answer get_history(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  const std::string key = reader.text("metric_key");
  const auto page = read_page(reader, {});
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto rows = call.state.metric_rows(run_id, key, page.offset, page.count_max + 1);
  Json answer = Json::object();
  const std::size_t count = std::min(rows.size(), page.count_max);
  for (std::size_t i = 0; i < count; ++i) {
    answer["metrics"].push_back({{"key", key},
                                 {"value", number_json(rows[i].value)},
                                 {"timestamp", rows[i].timestamp_ms},
                                 {"step", rows[i].step}});
  }
  if (count < rows.size()) answer["next_page_token"] = page_token(page.offset + count);
  return answer;
}

constexpr Route kRoutes[] = {
    {"POST", "runs/log-metric", Effect::kWrites, log_metric},
    {"POST", "runs/log-parameter", Effect::kWrites, log_parameter},
    {"POST", "runs/log-batch", Effect::kWrites, log_batch},
    {"GET", "metrics/get-history", Effect::kReads, get_history},
};

}  // namespace

std::span<const Route> log_routes() {
  return kRoutes;
}

}  // namespace trawl::tracking
