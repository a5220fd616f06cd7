// cli/view/trial_table.cc: chooses the columns that fit, then fills the cells.
#include "cli/view/trial_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace trawl::cli {
namespace {

constexpr std::size_t kMarker = 2;  // "* " before the best trial
constexpr std::size_t kGap = 2;     // between columns
constexpr std::size_t kStatus = 9;  // "Completed"
constexpr std::size_t kParameterMax = 16;
constexpr std::size_t kHeadShort = 9;
constexpr std::size_t kHeadShortest = 6;
constexpr std::size_t kMetricMax = 16;
constexpr std::size_t kJoinedMin = 12;  // parameters in fewer columns say nothing
constexpr std::size_t kStep = 5;
constexpr std::size_t kElapsed = 7;

enum class Content { kName, kNumber, kStatus, kParameter, kParameters, kLast, kBest, kStep, kTime };

struct Column {
  Content content{};
  std::string head;
  std::size_t width = 0;
  std::size_t parameter = 0;  // for kParameter: an index of parameter_widths()
};

bool is_right(Content content) {
  using enum Content;
  return content == kNumber || content == kLast || content == kBest || content == kStep ||
         content == kTime;
}

std::size_t total_width(const std::vector<Column>& columns) {
  std::size_t width = kMarker;
  for (const Column& column : columns) width += column.width + kGap;
  return width - kGap;
}

Column column_of(Content content, std::string head, std::size_t width) {
  const std::size_t head_width = display_width(head);
  return {content, std::move(head), std::max(width, head_width), 0};
}

std::vector<Column> trailing_columns(const SweepProgress& progress) {
  std::vector<Column> columns;
  const std::string& metric = progress.sweep().primary_metric;
  if (!metric.empty()) {
    columns.push_back(column_of(Content::kLast, cut(metric, kMetricMax), progress.value_width()));
    columns.push_back(column_of(Content::kBest, "best", progress.value_width()));
    columns.push_back(column_of(Content::kStep, "step", kStep));
  }
  columns.push_back(column_of(Content::kTime, "elapsed", kElapsed));
  return columns;
}

// `head_max`: longer names are cut. Values are not, up to kParameterMax.
std::vector<Column> parameter_columns(const SweepProgress& progress, std::size_t head_max) {
  std::vector<Column> columns;
  for (const ParameterWidth& parameter : progress.parameter_widths()) {
    const std::string head = cut(parameter.name, head_max);
    const std::size_t width =
        std::max(display_width(head), std::min(parameter.value_width, kParameterMax));
    columns.push_back({Content::kParameter, head, width, columns.size()});
  }
  return columns;
}

// For when the parameters share a column: names in the head, values alone in the rows.
std::string joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& one : texts) {
    if (!text.empty()) text += ", ";
    text += one;
  }
  return text;
}

std::vector<std::string> parameter_names(const SweepProgress& progress) {
  std::vector<std::string> names;
  for (const ParameterWidth& parameter : progress.parameter_widths()) {
    names.push_back(parameter.name);
  }
  return names;
}

std::size_t joined_width(const SweepProgress& progress) {
  std::size_t width = 0;
  for (const ParameterWidth& parameter : progress.parameter_widths()) {
    width += parameter.value_width + std::string_view(", ").size();
  }
  return width;
}

std::vector<Column> concatenated(std::vector<Column> front, const std::vector<Column>& middle,
                                 const std::vector<Column>& back) {
  front.insert(front.end(), middle.begin(), middle.end());
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

void drop(Content content, std::vector<Column>& columns) {
  std::erase_if(columns, [content](const Column& column) { return column.content == content; });
}

// For when the parameters cannot have a column each.
std::vector<Column> narrow_columns(const SweepProgress& progress, const Column& number,
                                   std::size_t available) {
  const std::vector<Column> front = {number, column_of(Content::kStatus, "status", kStatus)};
  std::vector<Column> back = trailing_columns(progress);
  drop(Content::kBest, back);
  const std::size_t wanted = std::max(joined_width(progress), std::size_t{1});
  const auto room = [&] {
    const std::size_t used = total_width(concatenated(front, {}, back)) + kGap;
    return available > used ? available - used : 0;
  };
  for (const Content expendable : {Content::kStep, Content::kTime}) {
    if (room() >= std::min(wanted, kJoinedMin)) break;
    drop(expendable, back);
  }
  if (progress.parameter_widths().empty() || room() < std::min(wanted, kJoinedMin)) {
    return concatenated(front, {}, back);
  }
  const std::size_t width = std::min(room(), std::max(wanted, kJoinedMin));
  return concatenated(
      front, {{Content::kParameters, cut(joined(parameter_names(progress)), width), width, 0}},
      back);
}

std::vector<Column> columns_within(const SweepProgress& progress, std::size_t available) {
  const std::int64_t last = progress.trials().empty() ? 0 : progress.trials().rbegin()->first;
  const Column name = column_of(Content::kName, "trial", progress.name_width());
  const Column number = column_of(Content::kNumber, "trial", std::to_string(last).size());
  const Column status =
      column_of(Content::kStatus, "status", std::max(kStatus, progress.status_width()));
  std::vector<Column> back = trailing_columns(progress);
  const auto layout = [&](const Column& front, std::size_t head_max) {
    return concatenated({front, status}, parameter_columns(progress, head_max), back);
  };
  auto columns = layout(name, kParameterMax);
  for (const std::size_t head_max : {kParameterMax, kHeadShort, kHeadShortest}) {
    if (total_width(columns) <= available) return columns;
    columns = layout(number, head_max);
  }
  if (total_width(columns) <= available) return columns;
  drop(Content::kBest, back);
  columns = layout(number, kHeadShortest);
  if (total_width(columns) <= available) return columns;
  return narrow_columns(progress, number, available);
}

std::string parameter_text(const TrialProgress& trial, const std::string& name) {
  const auto found = std::ranges::find(trial.parameters, name,
                                       [](const auto& parameter) { return parameter.first; });
  return found == trial.parameters.end() ? "" : found->second;
}

std::string joined_parameters(const SweepProgress& progress, const TrialProgress& trial) {
  std::vector<std::string> values;
  for (const ParameterWidth& parameter : progress.parameter_widths()) {
    const std::string value = parameter_text(trial, parameter.name);
    values.push_back(value.empty() ? "-" : value);
  }
  return joined(values);
}

std::string elapsed_text(const TrialProgress& trial, std::int64_t now_us) {
  if (!trial.started_us || trial.status == "Queued") return "-";
  return duration_text(trial.ended_us.value_or(now_us) - *trial.started_us);
}

std::string cell_text(const SweepProgress& progress, const TrialProgress& trial,
                      const Column& column, std::int64_t now_us) {
  switch (column.content) {
    case Content::kName:
      return trial.name;
    case Content::kNumber:
      return std::to_string(trial.number);
    case Content::kStatus:
      return trial.status;
    case Content::kParameter:
      return parameter_text(trial, progress.parameter_widths()[column.parameter].name);
    case Content::kParameters:
      return joined_parameters(progress, trial);
    case Content::kLast:
      return trial.last_value ? value_text(*trial.last_value) : "-";
    case Content::kBest:
      return trial.best_value ? value_text(*trial.best_value) : "-";
    case Content::kStep:
      return trial.last_step ? std::to_string(*trial.last_step) : "-";
    case Content::kTime:
      return elapsed_text(trial, now_us);
  }
  return "";
}

std::string fitted(const std::string& text, const Column& column) {
  const std::string within = cut(text, column.width);
  return is_right(column.content) ? padded_left(within, column.width)
                                  : padded(within, column.width);
}

Line head_line(const std::vector<Column>& columns) {
  std::string text(kMarker, ' ');
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) text.append(kGap, ' ');
    text += fitted(columns[i].head, columns[i]);
  }
  return {{text, Style::kDim}};
}

}  // namespace

std::vector<Line> trial_table(const SweepProgress& progress,
                              const std::vector<const TrialProgress*>& shown, std::size_t columns,
                              std::int64_t now_us) {
  const std::vector<Column> layout = columns_within(progress, columns);
  std::vector<Line> lines = {cut(head_line(layout), columns)};
  const TrialProgress* best = progress.best();
  for (const TrialProgress* trial : shown) {
    const bool is_best = trial == best;
    const Style base = is_best ? Style::kBold : Style::kPlain;
    Line line = {{is_best ? "* " : "  ", base}};
    for (std::size_t i = 0; i < layout.size(); ++i) {
      const bool is_status = layout[i].content == Content::kStatus;
      if (i > 0) line.push_back({std::string(kGap, ' ')});
      line.push_back({fitted(cell_text(progress, *trial, layout[i], now_us), layout[i]),
                      is_status ? style_of_status(trial->status) : base});
    }
    lines.push_back(cut(line, columns));
  }
  return lines;
}

}  // namespace trawl::cli
