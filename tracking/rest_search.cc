// tracking/rest_search.cc: searches of runs and of experiments. The language is filter.h's; this is
// what its keys mean on a run and on an experiment, and the order and the pages of what was found.
#include <algorithm>
#include <array>

#include "tracking/filter.h"
#include "tracking/messages.h"
#include "tracking/method.h"
#include "tracking/paging.h"
#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

constexpr PageLimits kRunPage{1000, 50'000};
constexpr PageLimits kExperimentPage{0, 50'000};  // a count is required

struct Search {
  Filter filter;
  std::vector<Order> orders;
  Page page;
  View view = View::kActive;
};

Search read_search(FieldReader& reader, const SearchLanguage& language, const PageLimits& limits) {
  Search search;
  search.page = read_page(reader, limits);
  auto filter = parse_filter(reader.optional_text("filter").value_or(""), language);
  if (filter)
    search.filter = *std::move(filter);
  else
    reader.refuse(std::move(filter.error()));
  const auto clauses = reader.texts("order_by");
  if (clauses.size() > kOrderCountMax) {
    reader.refuse(
        invalid_parameter("More than " + std::to_string(kOrderCountMax) + " order_by clauses."));
    return search;
  }
  for (const std::string& clause : clauses) {
    auto order = parse_order(clause, language);
    if (order)
      search.orders.push_back(*std::move(order));
    else
      reader.refuse(std::move(order.error()));
  }
  return search;
}

// An unknown word counts as the default.
View read_view(FieldReader& reader, std::string_view field) {
  const std::string word = reader.optional_text(field).value_or("");
  if (word == "ALL") return View::kAll;
  return word == "DELETED_ONLY" ? View::kDeleted : View::kActive;
}

std::vector<SearchValue> value_of(const std::map<std::string, std::string, std::less<>>& texts,
                                  const std::string& key) {
  const auto found = texts.find(key);
  if (found == texts.end()) return {};
  return {found->second};
}

std::vector<SearchValue> attribute_of(const Run& run, const std::string& name) {
  if (name == "run_id") return {run.run_id};
  if (name == "run_name") return {run.name};
  if (name == "status") return {run.status};
  if (name == "user_id") return {run.user_id};
  if (name == "artifact_uri") return {artifact_uri(run)};
  if (name == "start_time") return {static_cast<double>(run.start_time_ms)};
  if (name == "end_time" && run.end_time_ms) return {static_cast<double>(*run.end_time_ms)};
  return {};
}

// The names, digests or contexts (a tag) of the run's datasets.
std::vector<SearchValue> datasets_of(const Call& call, const Run& run, const std::string& name) {
  std::vector<SearchValue> values;
  for (const Document& document : call.state.find_documents("dataset_input", run.run_id + "/")) {
    const Json input = Json::parse(document.json, nullptr, false);
    if (name != "context") {
      values.emplace_back(input["dataset"].value(name, ""));
      continue;
    }
    for (const Json& tag : input["tags"]) {
      if (tag["key"] == "mlflow.data.context") {
        values.emplace_back(tag["value"].get<std::string>());
      }
    }
  }
  return values;
}

std::vector<SearchValue> values_of(const Call& call, const Run& run, const SearchKey& key) {
  switch (key.kind) {
    case KeyKind::kAttribute:
      return attribute_of(run, key.name);
    case KeyKind::kMetric: {
      const auto found = run.latest.find(key.name);
      if (found == run.latest.end()) return {};
      return {found->second.value};
    }
    case KeyKind::kParam:
      return value_of(run.params, key.name);
    case KeyKind::kTag:
      return value_of(run.tags, key.name);
    case KeyKind::kDataset:
      return datasets_of(call, run, key.name);
  }
  return {};
}

// What the filter and the order look at.
RunKeys keys_of(const Search& search) {
  RunKeys keys;
  const auto add = [&](const SearchKey& key) {
    if (key.kind == KeyKind::kParam) keys.params.push_back(key.name);
    if (key.kind == KeyKind::kTag) keys.tags.push_back(key.name);
    if (key.kind == KeyKind::kMetric) keys.metrics.push_back(key.name);
  };
  for (const Comparison& comparison : search.filter) add(comparison.key);
  for (const Order& order : search.orders) add(order.key);
  return keys;
}

struct Found {
  std::string id;
  SortKey key;
};

// The ids of the page, and whether more follow. `found` is in the default order.
struct FoundPage {
  std::vector<std::string> ids;
  bool has_more = false;
};

FoundPage take_page(std::vector<Found> found, const Search& search) {
  std::ranges::stable_sort(found, [&](const Found& a, const Found& b) {
    return sorts_before(a.key, b.key, search.orders);
  });
  FoundPage page;
  const Page& wanted = search.page;
  if (wanted.offset >= found.size()) return page;
  const std::size_t end = wanted.offset + std::min(wanted.count_max, found.size() - wanted.offset);
  for (std::size_t i = wanted.offset; i < end; ++i) page.ids.push_back(std::move(found[i].id));
  page.has_more = end < found.size();
  return page;
}

FoundPage find_runs(const Call& call, const Search& search, const RunQuery& query) {
  std::vector<Found> found;
  // In the default order the search ends one run behind the page.
  const std::size_t enough = search.page.offset + search.page.count_max;
  call.state.visit_runs(query, [&](const Run& run) {
    const Lookup lookup = [&](const SearchKey& key) { return values_of(call, run, key); };
    if (matches(search.filter, lookup)) {
      found.push_back({run.run_id, sort_key(search.orders, lookup)});
    }
    return !search.orders.empty() || found.size() <= enough;
  });
  return take_page(std::move(found), search);
}

Answer search_runs(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const Search search = read_search(reader, run_language(), kRunPage);
  const RunQuery query{reader.texts("experiment_ids"), read_view(reader, "run_view_type"),
                       keys_of(search)};
  if (reader.refusal()) return refuse(*reader.refusal());
  const FoundPage found = find_runs(call, search, query);
  Json answer = Json::object();
  for (const std::string& id : found.ids) {
    if (const auto run = call.state.find_run(id, RunDetail::kAll)) {
      answer["runs"].push_back(run_json(call, *run));
    }
  }
  if (found.has_more) {
    answer["next_page_token"] = page_token(search.page.offset + found.ids.size());
  }
  return answer;
}

std::vector<SearchValue> values_of(const Call& call, const Experiment& experiment,
                                   const SearchKey& key) {
  if (key.kind == KeyKind::kTag) {
    const auto tag =
        call.state.find_document("experiment_tag", experiment.experiment_id + "/" + key.name);
    if (!tag) return {};
    return {Json::parse(*tag, nullptr, false).value("value", "")};
  }
  if (key.name == "name") return {experiment.name};
  if (key.name == "creation_time") return {static_cast<double>(experiment.creation_time_ms)};
  if (key.name == "last_update_time") return {static_cast<double>(experiment.last_update_time_ms)};
  return {experiment.experiment_id};
}

// Ids are decimal numbers and are ordered so.
bool precedes_by_id(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

FoundPage find_experiments(const Call& call, const Search& search) {
  auto experiments = call.state.experiments();
  const auto is_out = [&](const Experiment& experiment) {
    return search.view != View::kAll && experiment.is_deleted != (search.view == View::kDeleted);
  };
  std::erase_if(experiments, is_out);
  const bool default_order = search.orders.empty();
  std::ranges::sort(experiments, [&](const Experiment& a, const Experiment& b) {
    if (default_order && a.creation_time_ms != b.creation_time_ms) {
      return a.creation_time_ms > b.creation_time_ms;
    }
    return default_order ? precedes_by_id(a.experiment_id, b.experiment_id)
                         : precedes_by_id(b.experiment_id, a.experiment_id);
  });
  std::vector<Found> found;
  for (const Experiment& experiment : experiments) {
    const Lookup lookup = [&](const SearchKey& key) { return values_of(call, experiment, key); };
    if (matches(search.filter, lookup)) {
      found.push_back({experiment.experiment_id, sort_key(search.orders, lookup)});
    }
  }
  return take_page(std::move(found), search);
}

Answer search_experiments(Call& call, const Json& fields) {
  FieldReader reader(fields);
  Search search = read_search(reader, experiment_language(), kExperimentPage);
  search.view = read_view(reader, "view_type");
  if (reader.refusal()) return refuse(*reader.refusal());
  const FoundPage found = find_experiments(call, search);
  Json answer = Json::object();
  for (const std::string& id : found.ids) {
    if (const auto experiment = call.state.find_experiment(id)) {
      answer["experiments"].push_back(experiment_json(call, *experiment));
    }
  }
  if (found.has_more) {
    answer["next_page_token"] = page_token(search.page.offset + found.ids.size());
  }
  return answer;
}

constexpr Route kRoutes[] = {
    {"POST", "runs/search", Effect::kReads, search_runs},
    {"POST", "experiments/search", Effect::kReads, search_experiments},
    {"GET", "experiments/search", Effect::kReads, search_experiments},
};

}  // namespace

std::span<const Route> search_routes() {
  return kRoutes;
}

}  // namespace trawl::tracking
