// sweep/expression.cc: finds and replaces `${{ context.name }}`. There is nothing to escape: a
// shell has no `${{` of its own. An opening that meets another opening before its `}}` is unclosed,
// so that one forgotten `}}` is one error, at its own place.
//
// Behaviour matched: Azure ML v2 expressions in `command`; values go in unquoted.
#include "sweep/expression.h"

#include <optional>

#include "sweep/shell_quote.h"

namespace trawl {
namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kClose = "}}";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

Expression expression_at(std::string_view text, std::size_t begin, std::size_t close) {
  const std::size_t inner = begin + kOpen.size();
  const std::string_view written = trimmed(text.substr(inner, close - inner));
  const std::size_t dot = written.find('.');
  Expression expression{begin, close + kClose.size(), std::string(written.substr(0, dot)), {}};
  if (dot != std::string_view::npos) expression.name = written.substr(dot + 1);
  return expression;
}

std::optional<std::string> text_of(const std::vector<NamedText>& texts, const std::string& name) {
  for (const NamedText& candidate : texts) {
    if (candidate.name == name) return candidate.text;
  }
  return std::nullopt;
}

// A mapping (of a conditional choice) is one argument, whatever quotes its place has; all else goes
// in as it is.
std::optional<std::string> text_of(const ParameterSet& parameters, const std::string& name,
                                   Quote quote) {
  for (const NamedValue& candidate : parameters) {
    if (candidate.name != name) continue;
    const std::string text = plain_text(candidate.value);
    const bool is_mapping = std::holds_alternative<std::vector<NamedValue>>(candidate.value.data);
    return is_mapping ? quoted_within(text, quote) : text;
  }
  return std::nullopt;
}

}  // namespace

ExpressionScan scan_expressions(std::string_view text) {
  ExpressionScan scan;
  std::size_t begin = text.find(kOpen);
  while (begin != std::string_view::npos) {
    const std::size_t close = text.find(kClose, begin + kOpen.size());
    const std::size_t next = text.find(kOpen, begin + kOpen.size());
    if (close == std::string_view::npos || close > next) {
      scan.unclosed.push_back(begin);
      begin = next;
      continue;
    }
    scan.expressions.push_back(expression_at(text, begin, close));
    begin = text.find(kOpen, close + kClose.size());
  }
  return scan;
}

Result<std::string> substitute(std::string_view command, const std::vector<NamedText>& inputs,
                               const std::vector<NamedText>& outputs,
                               const ParameterSet& parameters) {
  const ExpressionScan scan = scan_expressions(command);
  if (!scan.unclosed.empty()) {
    return fail(ErrorCode::kInvalid, "the command has a `${{` without `}}` at byte " +
                                         std::to_string(scan.unclosed.front()) +
                                         "; close it with `}}`");
  }
  const std::vector<Quote> quotes = quotes_of(command);
  std::string out;
  std::size_t copied = 0;
  for (const Expression& expression : scan.expressions) {
    std::optional<std::string> text;
    if (expression.context == "inputs") text = text_of(inputs, expression.name);
    if (expression.context == "outputs") text = text_of(outputs, expression.name);
    if (expression.context == "search_space") {
      text = text_of(parameters, expression.name, quotes[expression.begin]);
    }
    if (!text) {
      const std::size_t size = expression.end - expression.begin;
      return fail(ErrorCode::kInvalid,
                  "the command uses `" + std::string(command.substr(expression.begin, size)) +
                      "`, which has no value; define it in the job's inputs, outputs or "
                      "search_space, or remove it");
    }
    out += command.substr(copied, expression.begin - copied);
    out += *text;
    copied = expression.end;
  }
  out += command.substr(copied);
  return out;
}

}  // namespace trawl
