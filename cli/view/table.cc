// cli/view/table.cc: which columns, then the layout that all tables share.
#include "cli/view/table.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "cli/view/display_text.h"
#include "cli/view/sweep_progress.h"

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

constexpr std::size_t kCellMax = 60;  // `-o json` has the whole text

struct Table {
  Row heads;
  std::vector<Row> rows;
};

std::string scalar_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return escaped(value.get_ref<const std::string&>());
  return escaped(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// The value at a path of keys; "" if there is none.
std::string text_at(const Json& object, std::initializer_list<const char*> path) {
  const Json* at = &object;
  for (const char* key : path) {
    const auto found = at->find(key);
    if (found == at->end()) return "";
    at = &*found;
  }
  return at->is_number_float() ? value_text(at->get<double>()) : scalar_text(*at);
}

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

// 2026-07-01T12:00:00.123456+00:00 to 2026-07-01T12:00:00Z
std::string short_time(const std::string& iso) {
  constexpr std::size_t kToSeconds = 19;
  const bool is_utc = iso.size() > kToSeconds && iso.substr(iso.size() - 6) == "+00:00";
  return is_utc ? iso.substr(0, kToSeconds) + "Z" : iso;
}

bool is_job(const Json& json) {
  return json.is_object() && json.contains("name") && json.contains("type") &&
         json.contains("status");
}

// Columns that are empty in every row say nothing.
void drop_empty_columns(Table& table) {
  for (std::size_t i = table.heads.size(); i-- > 0;) {
    const bool is_empty =
        std::ranges::all_of(table.rows, [i](const Row& row) { return row[i].empty(); });
    if (!is_empty || table.rows.empty()) continue;
    const auto offset = static_cast<std::ptrdiff_t>(i);
    table.heads.erase(table.heads.begin() + offset);
    for (Row& row : table.rows) row.erase(row.begin() + offset);
  }
}

Table table_of_jobs(const Json& jobs) {
  Table table{{"Name", "Type", "Status", "Experiment", "Created", "Trials", "Best"}, {}};
  for (const Json& job : jobs) {
    std::int64_t trials = 0;
    const Json properties = job.value("properties", Json::object());
    if (const auto counts = properties.find("trials");
        counts != properties.end() && counts->is_object()) {
      for (const Json& count : *counts) trials += count.is_number() ? count.get<std::int64_t>() : 0;
    }
    std::string best = text_at(properties, {"score"});
    if (!best.empty()) best += " (" + text_at(properties, {"best_child_run_id"}) + ")";
    table.rows.push_back({text_at(job, {"name"}), text_at(job, {"type"}), text_at(job, {"status"}),
                          text_at(job, {"experiment_name"}),
                          short_time(text_at(job, {"creation_context", "created_at"})),
                          trials == 0 ? "" : std::to_string(trials), best});
  }
  drop_empty_columns(table);
  return table;
}

// The keys of all trials' parameters, in order of first appearance.
std::vector<std::string> parameter_names(const Json& trials) {
  std::vector<std::string> names;
  for (const Json& trial : trials) {
    const Json parameters = trial.value(Json::json_pointer("/properties/parameters"), Json());
    if (!parameters.is_object()) continue;
    for (const auto& [name, value] : parameters.items()) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

Table table_of_trials(const Json& trials) {
  const std::vector<std::string> parameters = parameter_names(trials);
  std::string metric;
  for (const Json& trial : trials) {
    if (metric.empty()) metric = text_at(trial, {"properties", "primary_metric"});
  }
  Table table{{"Name", "Status", metric.empty() ? "Best" : "Best " + metric}, {}};
  for (const std::string& name : parameters) table.heads.push_back(escaped(name));
  table.heads.emplace_back("Reason");
  for (const Json& trial : trials) {
    Row row = {text_at(trial, {"name"}), text_at(trial, {"status"}),
               text_at(trial, {"properties", "best_value"})};
    for (const std::string& name : parameters) {
      row.push_back(text_at(trial, {"properties", "parameters", name.c_str()}));
    }
    row.push_back(text_at(trial, {"properties", "reason"}));
    table.rows.push_back(std::move(row));
  }
  drop_empty_columns(table);
  return table;
}

Table table_of_objects(const Json& objects) {
  std::vector<std::string> keys;
  for (const Json& object : objects) {
    for (const auto& [key, value] : object.items()) {
      if (value.is_structured() || std::ranges::find(keys, key) != keys.end()) continue;
      keys.push_back(key);
    }
  }
  Table table;
  for (const std::string& key : keys) table.heads.push_back(capitalized(escaped(key)));
  for (const Json& object : objects) {
    Row row;
    for (const std::string& key : keys) row.push_back(text_at(object, {key.c_str()}));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table table_of_arrays(const Json& arrays) {
  Table table;
  for (const Json& array : arrays) {
    Row row;
    for (const Json& value : array) row.push_back(scalar_text(value));
    while (table.heads.size() < row.size()) {
      table.heads.push_back(fmt::format("Column{}", table.heads.size() + 1));
    }
    table.rows.push_back(std::move(row));
  }
  for (Row& row : table.rows) row.resize(table.heads.size());
  return table;
}

Table table_of_list(const Json& list) {
  const auto all = [&list](auto&& is_such) { return std::ranges::all_of(list, is_such); };
  const auto is_trial = [](const Json& json) {
    return is_job(json) && json.contains("parent_job_name");
  };
  if (all(is_trial)) return table_of_trials(list);
  if (all(is_job)) return table_of_jobs(list);
  if (all([](const Json& json) { return json.is_object(); })) return table_of_objects(list);
  if (all([](const Json& json) { return json.is_array(); })) return table_of_arrays(list);
  Table table{{"Result"}, {}};
  for (const Json& value : list) table.rows.push_back({scalar_text(value)});
  return table;
}

// Objects within become dotted keys, lists one cell.
void add_members(const Json& object, const std::string& prefix, Table& table) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + escaped(key);
    if (value.is_object()) {
      add_members(value, name + ".", table);
    } else {
      table.rows.push_back({name, scalar_text(value)});
    }
  }
}

void put_row(const Row& row, const std::vector<std::size_t>& widths, std::string& out) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += "  ";
    line += padded(row[i], widths[i]);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

std::string laid_out(Table table) {
  std::vector<std::size_t> widths;
  for (const std::string& head : table.heads) widths.push_back(display_width(head));
  for (Row& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      // The last column may be as long as it is: nothing stands behind it.
      if (i + 1 < row.size()) row[i] = cut(row[i], kCellMax);
      widths[i] = std::max(widths[i], std::min(display_width(row[i]), kCellMax));
    }
  }
  Row rule;
  for (const std::size_t width : widths) rule.emplace_back(width, '-');
  std::string out;
  put_row(table.heads, widths, out);
  put_row(rule, widths, out);
  for (const Row& row : table.rows) put_row(row, widths, out);
  return out;
}

}  // namespace

std::string table_text(const Json& json) {
  if (json.is_null()) return "";
  if (json.is_array()) return json.empty() ? "" : laid_out(table_of_list(json));
  if (!json.is_object()) return laid_out({{"Result"}, {{scalar_text(json)}}});
  Table table{{"Key", "Value"}, {}};
  add_members(json, "", table);
  return laid_out(std::move(table));
}

std::string tsv_text(const Json& json) {
  if (json.is_null()) return "";
  const Json list = json.is_array() ? json : Json::array({json});
  std::string out;
  for (const Json& element : list) {
    std::string line;
    if (element.is_structured()) {
      bool is_first = true;
      for (const Json& value : element) {
        if (!is_first) line += "\t";
        line += scalar_text(value);
        is_first = false;
      }
    } else {
      line = scalar_text(element);
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace trawl::cli
