// command: every ${{...}} against what the job has, at its own column even in a folded or literal
// scalar. Old single braces are rewritten, with a warning. `$[[ ... ]]`, which components use for
// optional inputs, is resolved here, since a job knows which inputs it has.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sweep/expression.h"
#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

constexpr std::array<std::string_view, 3> kContexts = {"inputs", "outputs", "search_space"};
constexpr std::string_view kOpen = "${{";
constexpr std::string_view kGroupOpen = "$[[";
constexpr std::string_view kGroupClose = "]]";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// Past the end of `{context.name}` that starts at `at`, or 0 if there is none.
std::size_t single_brace_end(std::string_view text, std::size_t at) {
  if (text[at] != '{' || (at > 0 && text[at - 1] == '{')) return 0;
  for (const std::string_view context : kContexts) {
    std::size_t end = at + 1;
    if (!text.substr(end).starts_with(context)) continue;
    end += context.size();
    if (end >= text.size() || text[end] != '.') continue;
    const std::size_t name = ++end;
    while (end < text.size() && is_name_character(text[end])) ++end;
    if (end > name && end < text.size() && text[end] == '}') return end + 1;
  }
  return 0;
}

std::vector<std::string_view> keys_of(const Node* map) {
  std::vector<std::string_view> keys;
  if (map == nullptr) return keys;
  for (const Entry& entry : map->entries) keys.push_back(entry.key);
  return keys;
}

const Node* map_of(const CommandNames& names, std::string_view context) {
  if (context == "inputs") return names.inputs;
  return context == "outputs" ? names.outputs : names.search_space;
}

bool is_known(const CommandNames& names, const Expression& expression) {
  const Node* map = map_of(names, expression.context);
  return map != nullptr && find(*map, expression.name) != nullptr;
}

// What is wrong with an expression, or nothing.
std::string fault_of(const CommandNames& names, const Expression& expression) {
  const std::string& context = expression.context;
  const bool in_command_job = context == "search_space" && !names.is_sweep;
  if (std::ranges::find(kContexts, context) == kContexts.end() || in_command_job) {
    const Words allowed(kContexts.data(), names.is_sweep ? 3 : 2);
    return fmt::format("unknown context '{}' in an expression; allowed here: {}{}", context,
                       listed(allowed), guess(context, allowed));
  }
  if (expression.name.empty()) {
    return fmt::format("an expression names a value, as in ${{{{{}.NAME}}}}", context);
  }
  if (is_known(names, expression)) return "";
  const std::vector<std::string_view> keys = keys_of(map_of(names, context));
  const std::string has = keys.empty() ? "this job has none" : "it has: " + listed(keys);
  return fmt::format("'{}' is not among the {}; {}{}", expression.name, context, has,
                     guess(expression.name, keys));
}

// Is byte `offset` of a shell command inside quotes?
bool is_quoted_at(std::string_view command, std::size_t offset) {
  char quote = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    const char c = command[i];
    if (c == '\\' && quote != '\'') {
      ++i;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
  }
  return quote != 0;
}

// Text that a shell would not take as one plain word.
bool needs_quotes(std::string_view text) {
  return text.find_first_of(" \t\n|&;<>()$`\\\"'*?[]#~!{}") != std::string_view::npos;
}

// The first value of an expression that the shell would split or interpret, or nullptr.
const std::string* awkward_value(const CommandNames& names, const Expression& expression) {
  const Node* map = map_of(names, expression.context);
  const Node* value = map == nullptr ? nullptr : find(*map, expression.name);
  if (value == nullptr) return nullptr;
  if (const std::string* text = text_of(*value); text != nullptr && needs_quotes(*text))
    return text;
  const Node* values = find(*value, "values");
  if (expression.context != "search_space" || values == nullptr) return nullptr;
  for (const Node& item : values->items) {
    const std::string* text = text_of(item);
    if (text != nullptr && needs_quotes(*text)) return text;
  }
  return nullptr;
}

// One command on its way from the file's text to what runs. Offsets in messages are those of the
// text as it stands in the file.
class Command {
 public:
  Command(Context& context, const Node& node, const CommandNames& names, std::string text)
      : context_(context), node_(node), names_(names), text_(std::move(text)) {}

  void check() {
    const ExpressionScan scan = scan_expressions(text_);
    for (const std::size_t offset : scan.unclosed) {
      context_.report.error(place_in(context_.report, node_, offset, kOpen),
                            "this expression is never closed: write ${{context.name}}");
    }
    for (const Expression& expression : scan.expressions) check(expression);
  }

  std::string rewritten() {
    rewrite_single_braces();
    resolve_groups();
    return std::move(text_);
  }

 private:
  void check(const Expression& expression) {
    if (is_in_absent_group(expression)) return;
    Place place = place_in(context_.report, node_, expression.begin, kOpen);
    const std::string fault = fault_of(names_, expression);
    if (!fault.empty()) {
      const std::size_t inner = text_.find_first_not_of(" \t\n", expression.begin + kOpen.size());
      if (is_expression_at(place)) place.offset += inner - expression.begin;
      context_.report.error(place, fault);
      return;
    }
    const std::string* value = awkward_value(names_, expression);
    if (value == nullptr || is_quoted_at(text_, expression.begin)) return;
    context_.report.warn(place, fmt::format("the value '{}' goes in without quotes, and the shell "
                                            "will take it apart: put the expression in quotes",
                                            *value));
  }

  bool is_expression_at(const Place& place) const {
    return std::string_view(context_.report.source(place.source).text)
        .substr(place.offset)
        .starts_with(kOpen);
  }

  // In `$[[ ... ]]` an input that the job lacks drops the group instead of being an error.
  bool is_in_absent_group(const Expression& expression) const {
    const std::size_t open = text_.rfind(kGroupOpen, expression.begin);
    if (open == std::string::npos || expression.context != "inputs") return false;
    const std::size_t close = text_.find(kGroupClose, open);
    return close != std::string::npos && close >= expression.end && !is_known(names_, expression);
  }

  void rewrite_single_braces() {
    std::string result;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = single_brace_end(text_, at);
      if (end == 0) {
        result += text_[at++];
        continue;
      }
      const std::string inner = text_.substr(at + 1, end - at - 2);
      const Place place = place_in(context_.report, node_, at, text_.substr(at, end - at));
      context_.report.warn(place,
                           fmt::format("single braces are deprecated: write ${{{{{}}}}}", inner));
      const ExpressionScan scan = scan_expressions("${{" + inner + "}}");
      for (const Expression& expression : scan.expressions) {
        const std::string fault = fault_of(names_, expression);
        if (!fault.empty()) context_.report.error(place, fault);
      }
      result += "${{" + inner + "}}";
      at = end;
    }
    text_ = std::move(result);
  }

  void resolve_groups() {
    for (std::size_t open = text_.find(kGroupOpen); open != std::string::npos;
         open = text_.find(kGroupOpen, open)) {
      const std::size_t close = text_.find(kGroupClose, open);
      if (close == std::string::npos) {
        context_.report.error(
            place_in(context_.report, node_, node_.written.find(kGroupOpen), kGroupOpen),
            "this optional group is never closed: write $[[ ... ]]");
        return;
      }
      const std::size_t start = open + kGroupOpen.size();
      const std::string group = text_.substr(start, close - start);
      const ExpressionScan scan = scan_expressions(group);
      const bool complete = std::ranges::all_of(
          scan.expressions,
          [&](const Expression& expression) { return is_known(names_, expression); });
      text_.replace(open, close + kGroupClose.size() - open, complete ? group : "");
    }
  }

  Context& context_;
  const Node& node_;
  const CommandNames& names_;
  std::string text_;
};

}  // namespace

std::string read_command(Context& context, Node& node, const CommandNames& names) {
  const auto text = read_text(context, node, "command");
  if (!text) return "";
  if (text->find_first_not_of(" \t\n") == std::string::npos) {
    context.report.error(node.where, "command is empty");
    return "";
  }
  Command command(context, node, names, *text);
  command.check();
  std::string rewritten = command.rewritten();
  set(node, rewritten);
  return rewritten;
}

}  // namespace trawl::jobfile
