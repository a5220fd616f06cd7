// objective and early_termination. Azure ML's reference wants exactly one slack of a bandit; its
// client lets none and both through.
#include <array>

#include <fmt/format.h>

#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

std::optional<double> read_slack(Context& context, Node& node, std::string_view key) {
  Node* slack = find(node, key);
  if (slack == nullptr || is_null(*slack)) return std::nullopt;
  const std::string name = fmt::format("early_termination.{}", key);
  const auto value = read_number(context, *slack, name);
  if (value && *value < 0) {
    context.report.error(slack->where,
                         fmt::format("{} must be at least 0; it is {}", name, *value));
  }
  return value;
}

Bandit read_bandit(Context& context, Node& node) {
  const Node* factor = find(node, "slack_factor");
  const Node* amount = find(node, "slack_amount");
  const bool has_factor = factor != nullptr && !is_null(*factor);
  const bool has_amount = amount != nullptr && !is_null(*amount);
  if (has_factor && has_amount) {
    context.report.error(amount->owner,
                         "a bandit takes slack_factor or slack_amount, not both: remove one");
  }
  if (!has_factor && !has_amount) {
    context.report.error(node.owner, "a bandit needs slack_factor or slack_amount");
  }
  return {read_slack(context, node, "slack_factor"), read_slack(context, node, "slack_amount")};
}

TruncationSelection read_truncation(Context& context, Node& node, const Scope& scope) {
  Node* percentage = require(context, node, scope, "truncation_percentage");
  if (percentage == nullptr) return {};
  const auto value = read_integer(context, *percentage, "early_termination.truncation_percentage",
                                  {.least = 1, .most = 99});
  return {static_cast<int>(value.value_or(1))};
}

std::int64_t read_interval(Context& context, Node& node, std::string_view key,
                           std::int64_t absent) {
  Node* interval = find(node, key);
  if (interval == nullptr || is_null(*interval)) return absent;
  return read_integer(context, *interval, fmt::format("early_termination.{}", key), {.least = 0})
      .value_or(absent);
}

std::vector<std::string_view> keys_of(std::string_view type) {
  std::vector<std::string_view> keys = {"type", "evaluation_interval", "delay_evaluation"};
  if (type == "bandit") keys.insert(keys.end(), {"slack_factor", "slack_amount"});
  if (type == "truncation_selection") keys.push_back("truncation_percentage");
  return keys;
}

}  // namespace

Objective read_objective(Context& context, Node& node) {
  constexpr std::array<std::string_view, 2> kKeys = {"goal", "primary_metric"};
  constexpr std::array<std::string_view, 2> kGoals = {"minimize", "maximize"};
  const Scope scope{"objective", "objective"};
  Objective objective;
  if (!check_keys(context, node, scope, kKeys)) return objective;
  if (Node* goal = require(context, node, scope, "goal")) {
    const auto word = read_word(context, *goal, "objective.goal", kGoals);
    objective.goal = word == "maximize" ? Goal::kMaximize : Goal::kMinimize;
  }
  if (Node* metric = require(context, node, scope, "primary_metric")) {
    objective.primary_metric = read_text(context, *metric, "objective.primary_metric").value_or("");
    if (text_of(*metric) != nullptr && objective.primary_metric.empty()) {
      context.report.error(metric->where,
                           "objective.primary_metric is empty: name a metric that "
                           "the trial logs");
    }
  }
  return objective;
}

Policy read_early_termination(Context& context, Node& node, SamplingRule rule) {
  constexpr std::array<std::string_view, 3> kTypes = {"bandit", "median_stopping",
                                                      "truncation_selection"};
  const Scope scope{"early_termination", "early_termination"};
  Policy policy;
  if (const std::string* word = text_of(node)) {
    context.report.error(node.where, fmt::format("early_termination must be a mapping: write "
                                                 "'type: {}' under it",
                                                 *word));
    return policy;
  }
  if (node.kind != Node::Kind::kMapping) {
    check_keys(context, node, scope, keys_of(""));
    return policy;
  }
  if (find(node, "type") == nullptr) {
    std::vector<std::string_view> all = keys_of("bandit");
    all.push_back("truncation_percentage");
    check_keys(context, node, scope, all);
  }
  Node* type = require(context, node, scope, "type");
  const auto word =
      type == nullptr ? std::nullopt : read_word(context, *type, "early_termination.type", kTypes);
  if (!word) return policy;
  check_keys(context, node, scope, keys_of(*word));
  if (*word == "bandit") policy.rule = read_bandit(context, node);
  if (*word == "median_stopping") policy.rule = MedianStopping{};
  if (*word == "truncation_selection") policy.rule = read_truncation(context, node, scope);
  const std::int64_t interval = read_interval(context, node, "evaluation_interval", 1);
  policy.evaluation_interval = interval == 0 ? 1 : interval;  // Azure ML's client sends 0 for unset
  policy.delay_evaluation = read_interval(context, node, "delay_evaluation", 0);
  if (rule == SamplingRule::kBayesian) {
    context.report.warn(type->where,
                        "older Azure ML refuses early termination with bayesian "
                        "sampling; Trawl applies it");
  }
  return policy;
}

}  // namespace trawl::jobfile
