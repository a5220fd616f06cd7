// sampling_algorithm: random, grid or bayesian, as a word or as a mapping. `logbase` is in Azure
// ML's schema but not in its reference: the base in which the log distributions are drawn.
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

constexpr std::array<std::string_view, 3> kAlgorithms = {"random", "grid", "bayesian"};
constexpr std::string_view kName = "sampling_algorithm";

void read_random(Context& context, Node& node, SamplingChoice& choice) {
  constexpr std::array<std::string_view, 2> kRules = {"random", "sobol"};
  if (Node* rule = find(node, "rule")) {
    const auto word = read_word(context, *rule, "sampling_algorithm.rule", kRules);
    if (word == "sobol") choice.sampling.rule = SamplingRule::kSobol;
  }
  if (Node* seed = find(node, "seed")) {
    const auto value = read_integer(context, *seed, "sampling_algorithm.seed", {.least = 0});
    choice.sampling.seed = static_cast<std::uint64_t>(value.value_or(0));
    choice.has_seed = true;
  }
  Node* base = find(node, "logbase");
  if (base == nullptr) return;
  if (const std::string* text = text_of(*base); text != nullptr && *text == "e") return;
  const auto value = read_number(context, *base, "sampling_algorithm.logbase");
  if (value && (*value <= 0 || *value == 1)) {
    context.report.error(base->where, fmt::format("sampling_algorithm.logbase must be e, or above "
                                                  "0 and not 1; it is {}",
                                                  *value));
  }
  choice.log_base = value.value_or(choice.log_base);
}

}  // namespace

SamplingChoice read_sampling(Context& context, Node& job) {
  SamplingChoice choice;
  choice.log_base = std::exp(1.0);
  Node* node = find(job, kName);
  if (node == nullptr) {
    context.report.warn(job.where, "no sampling_algorithm is given: random is used");
    return choice;
  }
  if (node->kind != Node::Kind::kMapping) {
    const Place place = node->where;
    if (!read_word(context, *node, kName, kAlgorithms)) return choice;
    Node algorithm;
    algorithm.kind = Node::Kind::kMapping;
    algorithm.where = algorithm.content = place;
    algorithm.owner = node->owner;
    algorithm.entries.push_back({"type", node->owner, *node});
    *node = std::move(algorithm);
  }
  const Scope scope{"sampling_algorithm", std::string(kName)};
  Node* type = require(context, *node, scope, "type");
  if (type == nullptr) return choice;
  const auto word = read_word(context, *type, "sampling_algorithm.type", kAlgorithms);
  if (!word) return choice;
  if (*word == "random") {
    constexpr std::array<std::string_view, 4> kKeys = {"type", "seed", "rule", "logbase"};
    if (check_keys(context, *node, scope, kKeys)) read_random(context, *node, choice);
    return choice;
  }
  constexpr std::array<std::string_view, 1> kKeys = {"type"};
  check_keys(context, *node, scope, kKeys);
  choice.sampling.rule = *word == "grid" ? SamplingRule::kGrid : SamplingRule::kBayesian;
  if (*word == "bayesian") {
    context.report.warn(type->where,
                        "bayesian sampling is not built yet: trials are drawn at random");
  }
  return choice;
}

}  // namespace trawl::jobfile
