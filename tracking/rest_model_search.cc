// tracking/rest_model_search.cc: searches of logged models: the keys of filter.h's language on a
// model, and the metrics on certain datasets that a search may be confined to.
#include <algorithm>
#include <limits>

#include "tracking/filter.h"
#include "tracking/messages.h"
#include "tracking/method.h"
#include "tracking/paging.h"
#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

constexpr PageLimits kModelPage{100, 50'000};

struct Dataset {
  std::string name;    // empty: any
  std::string digest;  // empty: any
};

struct ModelOrder {
  Order order;
  Dataset dataset;  // for a metric
};

struct ModelSearch {
  Filter filter;
  std::vector<ModelOrder> orders;
  std::vector<Dataset> datasets;  // empty: no confinement
  Page page;
};

Dataset read_dataset(FieldReader& reader) {
  return {reader.optional_text("dataset_name").value_or(""),
          reader.optional_text("dataset_digest").value_or("")};
}

ModelOrder read_order(FieldReader& reader) {
  ModelOrder result;
  const std::string field = reader.text("field_name");
  result.dataset = read_dataset(reader);
  const bool is_metric = field.starts_with("metrics.");
  if (is_metric) {
    result.order.key = {KeyKind::kMetric, field.substr(std::string_view("metrics.").size())};
  } else if (auto order = parse_order(field, model_language());
             order && order->key.kind == KeyKind::kAttribute) {
    result.order = *std::move(order);
  } else {
    reader.refuse(invalid_parameter("Invalid order by field name: " + cut(field, 200)));
  }
  result.order.is_descending = !reader.boolean("ascending", true);
  return result;
}

ModelSearch read_search(FieldReader& reader) {
  ModelSearch search;
  search.page = read_page(reader, kModelPage);
  auto filter = parse_filter(reader.optional_text("filter").value_or(""), model_language());
  if (filter) {
    search.filter = *std::move(filter);
  } else {
    reader.refuse(std::move(filter.error()));
  }
  if (reader.array("order_by").size() > kOrderCountMax) {
    reader.refuse(invalid_parameter("Too many order_by clauses."));
    return search;
  }
  for (const Json& element : reader.array("order_by")) {
    FieldReader order(element);
    search.orders.push_back(read_order(order));
    if (order.refusal()) reader.refuse(*order.refusal());
  }
  for (const Json& element : reader.array("datasets")) {
    FieldReader dataset(element);
    search.datasets.push_back(read_dataset(dataset));
    if (search.datasets.back().name.empty()) {
      dataset.refuse(
          invalid_parameter("`dataset_name` in the `datasets` clause must be specified."));
    }
    if (dataset.refusal()) reader.refuse(*dataset.refusal());
  }
  return search;
}

bool is_on(const Json& metric, const Dataset& dataset) {
  return (dataset.name.empty() || metric.value("dataset_name", "") == dataset.name) &&
         (dataset.digest.empty() || metric.value("dataset_digest", "") == dataset.digest);
}

double metric_value(const Json& metric) {
  const Json& value = metric["value"];
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

const Json& list_of(const Json& object, const char* name) {
  static const Json none = Json::array();
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::vector<SearchValue> pair_value(const Json& pairs, const std::string& key) {
  for (const Json& pair : pairs) {
    if (pair["key"] == key) return {pair.value("value", "")};
  }
  return {};
}

// `model` as model_json gives it. A metric counts where it was logged on one of `datasets`.
std::vector<SearchValue> values_of(const Json& model, const SearchKey& key,
                                   const std::vector<Dataset>& datasets) {
  const Json& info = model["info"];
  if (key.kind == KeyKind::kTag) return pair_value(list_of(info, "tags"), key.name);
  if (key.kind == KeyKind::kParam) return pair_value(list_of(model["data"], "params"), key.name);
  std::vector<SearchValue> values;
  if (key.kind == KeyKind::kMetric) {
    for (const Json& metric : list_of(model["data"], "metrics")) {
      const auto is_here = [&](const Dataset& dataset) { return is_on(metric, dataset); };
      const bool counts = datasets.empty() || std::ranges::any_of(datasets, is_here);
      if (counts && metric["key"] == key.name) values.emplace_back(metric_value(metric));
    }
    return values;
  }
  const auto found = info.find(key.name);
  if (found == info.end()) return values;
  if (found->is_number()) {
    values.emplace_back(found->get<double>());
  } else if (found->is_string()) {
    values.emplace_back(found->get<std::string>());
  }
  return values;
}

// The newest value of a metric, for the order.
std::vector<SearchValue> newest(const Json& model, const ModelOrder& order) {
  const Json* best = nullptr;
  const auto age = [](const Json& metric) {
    return std::pair(metric.value("timestamp", std::int64_t{0}),
                     metric.value("step", std::int64_t{0}));
  };
  for (const Json& metric : list_of(model["data"], "metrics")) {
    if (metric["key"] != order.order.key.name || !is_on(metric, order.dataset)) continue;
    if (best == nullptr || age(metric) > age(*best)) best = &metric;
  }
  if (best == nullptr) return {};
  return {metric_value(*best)};
}

bool is_wanted(const Json& model, const ModelSearch& search) {
  const auto is_metric = [](const Comparison& each) { return each.key.kind == KeyKind::kMetric; };
  if (!search.datasets.empty() && std::ranges::none_of(search.filter, is_metric)) {
    const Json& metrics = list_of(model["data"], "metrics");
    const bool has_any = std::ranges::any_of(metrics, [&](const Json& metric) {
      return std::ranges::any_of(search.datasets,
                                 [&](const Dataset& each) { return is_on(metric, each); });
    });
    if (!has_any) return false;
  }
  return matches(search.filter,
                 [&](const SearchKey& key) { return values_of(model, key, search.datasets); });
}

struct Found {
  Json model;
  SortKey key;
};

std::vector<Found> find_models(const Call& call, const ModelSearch& search,
                               const std::vector<std::string>& experiments) {
  std::vector<Found> found;
  for (const Document& document : call.state.find_documents("logged_model", "")) {
    Json model = Json::parse(document.json, nullptr, false);
    const std::string experiment = model["info"].value("experiment_id", "");
    if (std::ranges::find(experiments, experiment) == experiments.end()) continue;
    model = model_json(call, std::move(model));
    if (!is_wanted(model, search)) continue;
    SortKey key;
    for (const ModelOrder& order : search.orders) {
      key.push_back(order.order.key.kind == KeyKind::kMetric
                        ? newest(model, order)
                        : values_of(model, order.order.key, {}));
    }
    found.push_back({std::move(model), std::move(key)});
  }
  return found;
}

Answer search_models(Call& call, const Json& fields) {
  FieldReader reader(fields);
  ModelSearch search = read_search(reader);
  const auto experiments = reader.texts("experiment_ids");
  if (reader.refusal()) return refuse(*reader.refusal());
  // Ties: the newest first, then by id.
  search.orders.push_back({{{KeyKind::kAttribute, "creation_timestamp_ms"}, true}, {}});
  search.orders.push_back({{{KeyKind::kAttribute, "model_id"}, false}, {}});
  auto found = find_models(call, search, experiments);
  std::vector<Order> orders;
  for (const ModelOrder& order : search.orders) orders.push_back(order.order);
  std::ranges::stable_sort(
      found, [&](const Found& a, const Found& b) { return sorts_before(a.key, b.key, orders); });
  Json answer = Json::object();
  const Page& page = search.page;
  const std::size_t begin = std::min(page.offset, found.size());
  const std::size_t end = begin + std::min(page.count_max, found.size() - begin);
  for (std::size_t i = begin; i < end; ++i) {
    answer["models"].push_back(std::move(found[i].model));
  }
  if (end < found.size()) answer["next_page_token"] = page_token(end);
  return answer;
}

constexpr Route kRoutes[] = {
    {"POST", "logged-models/search", Effect::kReads, search_models},
};

}  // namespace

std::span<const Route> model_search_routes() {
  return kRoutes;
}

}  // namespace trawl::tracking
