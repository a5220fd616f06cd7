// search_space: the ten distributions, and conditional spaces inside choice. Parameters that Azure
// ML's client lets through and its service cannot draw from (min above max, q of 0) are errors.
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

constexpr std::array<std::string_view, 10> kDistributions = {
    "choice",      "randint", "uniform", "quniform",  "loguniform",
    "qloguniform", "normal",  "qnormal", "lognormal", "qlognormal"};

bool check_name(Context& context, const Entry& entry, std::string_view where) {
  if (is_identifier(entry.key)) return true;
  context.report.error(
      entry.where,
      fmt::format("'{}' cannot be a name in {}: letters, digits and underscores, no digit first",
                  entry.key, where));
  return false;
}

// Reads the numbers of one distribution.
class Parameters {
 public:
  Parameters(Context& context, Node& node, Scope scope)
      : context_(context), node_(node), scope_(std::move(scope)) {}

  bool check(Words known) { return check_keys(context_, node_, scope_, known); }
  double number(std::string_view key) {
    Node* value = require(context_, node_, scope_, key);
    if (value == nullptr) return 0;
    return read_number(context_, *value, fmt::format("{}.{}", scope_.name, key)).value_or(0);
  }
  // min_value and max_value, in that order.
  std::array<double, 2> bounds() {
    const bool complete =
        find(node_, "min_value") != nullptr && find(node_, "max_value") != nullptr;
    const std::array<double, 2> bounds = {number("min_value"), number("max_value")};
    if (complete && bounds[0] > bounds[1]) {
      error("min_value", fmt::format("min_value {} is above max_value {}", bounds[0], bounds[1]));
    }
    return bounds;
  }
  double quantum() {
    const double q = number("q");
    if (find(node_, "q") != nullptr && q <= 0)
      error("q", fmt::format("q must be above 0; it is {}", q));
    return q;
  }
  double deviation() {
    const double sigma = number("sigma");
    if (sigma < 0) error("sigma", fmt::format("sigma must be at least 0; it is {}", sigma));
    return sigma;
  }
  // Bounds of a log distribution: logarithms, which people forget.
  std::array<double, 2> log_bounds(double base) {
    const std::array<double, 2> bounds = this->bounds();
    if (!std::isfinite(std::pow(base, bounds[1]))) {
      error("max_value", fmt::format("the bounds are logarithms: {} to the power of {} is beyond "
                                     "every float",
                                     base_name(base), bounds[1]));
    } else if (bounds[0] > 0 && bounds[1] <= 1) {
      context_.report.warn(
          find(node_, "min_value")->where,
          fmt::format(
              "the bounds of {} are logarithms: values from {:.6g} to {:.6g} will be drawn; "
              "for values from {} to {} write min_value {:.6g} and max_value {:.6g}",
              scope_.name, std::pow(base, bounds[0]), std::pow(base, bounds[1]), bounds[0],
              bounds[1], std::log(bounds[0]) / std::log(base),
              std::log(bounds[1]) / std::log(base)));
    }
    return bounds;
  }

 private:
  static std::string base_name(double base) {
    return base == std::exp(1.0) ? "e" : fmt::format("{}", base);
  }
  void error(std::string_view key, const std::string& message) {
    const Node* value = find(node_, key);
    context_.report.error(value == nullptr ? node_.owner : value->where,
                          fmt::format("{}: {}", scope_.name, message));
  }

  Context& context_;
  Node& node_;
  Scope scope_;
};

Distribution read_distribution_of(Context& context, Node& node, const std::string& name,
                                  double base);

SearchSpace read_conditional(Context& context, Node& node, const std::string& name, double base) {
  SearchSpace space;
  if (node.entries.empty()) {
    context.report.error(node.where, fmt::format("{}: a mapping among the values of a choice needs "
                                                 "at least one key",
                                                 name));
  }
  for (Entry& entry : node.entries) {
    check_name(context, entry, name);
    Node& value = entry.value;
    const std::string inner = fmt::format("{}.{}", name, entry.key);
    if (value.kind == Node::Kind::kMapping) {
      space.push_back({entry.key, read_distribution_of(context, value, inner, base)});
      continue;
    }
    Choice constant;
    if (const auto* whole = std::get_if<std::int64_t>(&value.scalar)) {
      constant.options.push_back({*whole});
    } else if (const auto* number = std::get_if<double>(&value.scalar);
               number != nullptr && std::isfinite(*number)) {
      constant.options.push_back({*number});
    } else if (const std::string* text = text_of(value); text != nullptr) {
      constant.options.push_back({*text});
    } else {
      context.report.error(value.where,
                           fmt::format("{} must be an integer, a float, text or a distribution; it "
                                       "is {}{}",
                                       inner, kind_name(value),
                                       value.kind == Node::Kind::kScalar && !is_null(value)
                                           ? ": put it in quotes to pass it as text"
                                           : ""));
    }
    space.push_back({entry.key, std::move(constant)});
  }
  return space;
}

std::optional<ChoiceOption> read_option(Context& context, Node& node, const std::string& name,
                                        double base) {
  if (node.kind == Node::Kind::kMapping) {
    return ChoiceOption{read_conditional(context, node, name, base)};
  }
  if (const auto* whole = std::get_if<std::int64_t>(&node.scalar)) return ChoiceOption{*whole};
  if (const auto* number = std::get_if<double>(&node.scalar)) {
    if (std::isfinite(*number)) return ChoiceOption{*number};
  }
  if (text_of(node) != nullptr) {
    if (read_text(context, node, fmt::format("a value of {}", name))) {
      return ChoiceOption{*text_of(node)};
    }
    return std::nullopt;
  }
  const bool quotable = node.kind == Node::Kind::kScalar && !is_null(node);
  context.report.error(
      node.where,
      fmt::format("a value of {} cannot be {}: integers, finite floats, text and "
                  "mappings can be drawn{}",
                  name, kind_name(node), quotable ? "; put it in quotes to pass it as text" : ""));
  return std::nullopt;
}

Choice read_choice(Context& context, Node& node, const std::string& name, double base) {
  const Scope scope{"search_space", name};
  Choice choice;
  Node* values = require(context, node, scope, "values");
  if (values == nullptr) return choice;
  if (values->kind != Node::Kind::kList) {
    context.report.error(values->where, fmt::format("{}.values must be a list, as in [16, 32]; it "
                                                    "is {}",
                                                    name, kind_name(*values)));
    return choice;
  }
  if (values->items.empty()) {
    context.report.error(
        values->where, fmt::format("{}.values is empty: a choice needs at least one value", name));
  }
  for (Node& item : values->items) {
    if (auto option = read_option(context, item, name, base)) {
      choice.options.push_back(std::move(*option));
    }
  }
  return choice;
}

std::vector<std::string_view> parameter_keys(std::string_view type) {
  if (type == "choice") return {"type", "values"};
  if (type == "randint") return {"type", "upper"};
  std::vector<std::string_view> keys = {"type"};
  const bool normal = type.ends_with("normal");
  keys.push_back(normal ? "mu" : "min_value");
  keys.push_back(normal ? "sigma" : "max_value");
  if (type.starts_with('q')) keys.push_back("q");
  return keys;
}

Distribution read_numeric(Context& context, Node& node, const Scope& scope, std::string_view type,
                          double base) {
  Parameters parameters(context, node, scope);
  if (type == "uniform" || type == "quniform") {
    const auto [low, high] = parameters.bounds();
    if (type == "uniform") return Uniform{low, high};
    return QUniform{low, high, parameters.quantum()};
  }
  if (type == "loguniform" || type == "qloguniform") {
    const auto [low, high] = parameters.log_bounds(base);
    if (type == "loguniform") return LogUniform{low, high, base};
    return QLogUniform{low, high, parameters.quantum(), base};
  }
  const double mu = parameters.number("mu");
  const double sigma = parameters.deviation();
  if (type == "normal") return Normal{mu, sigma};
  if (type == "qnormal") return QNormal{mu, sigma, parameters.quantum()};
  if (type == "lognormal") return LogNormal{mu, sigma, base};
  return QLogNormal{mu, sigma, parameters.quantum(), base};
}

Distribution read_distribution_of(Context& context, Node& node, const std::string& name,
                                  double base) {
  const Scope scope{"search_space", name};
  if (node.kind != Node::Kind::kMapping) {
    context.report.error(
        node.where, fmt::format("{} must be a mapping with 'type' and its parameters; it is {}",
                                name, kind_name(node)));
    return Choice{};
  }
  if (find(node, "type") == nullptr && find(node, "spec") != nullptr) {
    constexpr std::array<std::string_view, 8> kAnyParameter = {
        "type", "values", "upper", "min_value", "max_value", "mu", "sigma", "q"};
    check_keys(context, node, scope, kAnyParameter);  // says what 'spec' is called now
    return Choice{};
  }
  Node* written = require(context, node, scope, "type");
  if (written == nullptr) return Choice{};
  const std::optional<std::string> type =
      read_word(context, *written, name + ".type", kDistributions);
  if (!type) return Choice{};
  check_keys(context, node, scope, parameter_keys(*type));
  if (*type == "choice") return read_choice(context, node, name, base);
  if (*type != "randint") return read_numeric(context, node, scope, *type, base);
  Node* upper = require(context, node, scope, "upper");
  if (upper == nullptr) return Choice{};
  return RandInt{read_integer(context, *upper, name + ".upper", {.least = 1}).value_or(1)};
}

// Calls `visit` with the type of every distribution, conditional ones included.
template <class Visit>
void visit_distributions(const Node& node, Visit visit) {
  const Node* type = find(node, "type");
  const std::string* name = type == nullptr ? nullptr : text_of(*type);
  if (name == nullptr) return;
  visit(*name, *type);
  const Node* values = *name == "choice" ? find(node, "values") : nullptr;
  if (values == nullptr) return;
  for (const Node& item : values->items) {
    for (const Entry& entry : item.entries) visit_distributions(entry.value, visit);
  }
}

}  // namespace

SearchSpace read_search_space(Context& context, Node& node, double log_base) {
  SearchSpace space;
  if (node.kind != Node::Kind::kMapping || node.entries.empty()) {
    context.report.error(node.kind == Node::Kind::kMapping ? node.owner : node.where,
                         "search_space must be a mapping from names to distributions, with at "
                         "least one");
    return space;
  }
  for (Entry& entry : node.entries) {
    check_name(context, entry, "search_space");
    space.push_back({entry.key, read_distribution_of(context, entry.value,
                                                     "search_space." + entry.key, log_base)});
  }
  return space;
}

void check_space_for_sampler(Context& context, const Node& space, SamplingRule rule) {
  for (const Entry& entry : space.entries) {
    visit_distributions(entry.value, [&](const std::string& type, const Node& where) {
      if (rule == SamplingRule::kGrid && type != "choice") {
        const std::string message = fmt::format(
            "a grid takes only choice; {} is {}: list its values, or use sampling_algorithm random",
            "search_space." + entry.key, type);
        if (context.options.resolve_inputs) {
          context.report.error(where.where, message);
        } else {
          context.report.warn(where.where, message);
        }
      }
      if (rule == SamplingRule::kBayesian && type != "choice" && type != "uniform" &&
          type != "quniform") {
        context.report.warn(where.where,
                            fmt::format("Azure ML's bayesian sampling takes choice, uniform and "
                                        "quniform; {} is {}, which only Trawl accepts",
                                        "search_space." + entry.key, type));
      }
    });
  }
}

}  // namespace trawl::jobfile
