// command: every ${{...}} against what the job has, at its own column even in a folded or literal
// scalar. Old single braces are rewritten, with a warning. `$[[ ... ]]`, which components use for
// optional inputs, is resolved here, since a job knows which inputs it has.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "sweep/expression.h"
#include "sweep/jobfile/sections.h"
#include "sweep/shell_quote.h"

namespace trawl::jobfile {
namespace {

constexpr std::array<std::string_view, 3> kContexts = {"inputs", "outputs", "search_space"};
constexpr std::string_view kOpen = "${{";
constexpr std::size_t kBracesAt = 1;                     // where in kOpen the first brace is
constexpr std::size_t kLongestCommand = 128 * 1024 - 1;  // one argument of execve on Linux
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

// Text that a shell would not take as one plain word.
bool needs_quotes(std::string_view text) {
  return text.find_first_of(" \t\n|&;<>()$`\\\"'*?[]#~!{}") != std::string_view::npos;
}

// The first value that the shell would split or interpret, or nullptr. `value` is an input's text,
// or a distribution.
const std::string* awkward_text(const Node& value) {
  if (const std::string* text = text_of(value); text != nullptr && needs_quotes(*text)) return text;
  const Node* values = find(value, "values");
  if (values == nullptr) return nullptr;
  for (const Node& item : values->items) {
    const std::string* text = text_of(item);
    if (text != nullptr && needs_quotes(*text)) return text;
  }
  return nullptr;
}

// One command on its way from the file's text to what runs.
class Command {
 public:
  Command(Context& context, const Node& node, const CommandNames& names, std::string text)
      : context_(context),
        is_sweep_(names.is_sweep),
        node_(node),
        places_(context.report, node),
        text_(std::move(text)) {
    add("inputs", names.inputs);
    add("outputs", names.outputs);
    if (is_sweep_) add("search_space", names.search_space);
  }

  void check() {
    const ExpressionScan scan = scan_expressions(text_);
    for (const std::size_t offset : scan.unclosed) {
      context_.report.error(places_.at(offset, kBracesAt),
                            "this expression is never closed: write ${{context.name}}");
    }
    const std::vector<Quote> quotes = quotes_of(text_);
    for (const Expression& expression : scan.expressions) {
      if (context_.report.is_full()) return;
      check(expression, quotes[expression.begin] != Quote::kNone);
    }
  }

  std::string rewritten() {
    rewrite_single_braces();
    resolve_groups();
    return std::move(text_);
  }

 private:
  // What a context has, in file order and by name.
  struct Names {
    std::vector<std::string_view> keys;
    std::unordered_map<std::string_view, const Node*> values;
  };

  void add(std::string_view context, const Node* map) {
    Names& names = names_[context];
    if (map == nullptr) return;
    for (const Entry& entry : map->entries) {
      names.keys.push_back(entry.key);
      names.values.emplace(entry.key, &entry.value);
    }
  }

  const Node* value_of(const Expression& expression) const {
    const auto names = names_.find(expression.context);
    if (names == names_.end()) return nullptr;
    const auto value = names->second.values.find(expression.name);
    return value == names->second.values.end() ? nullptr : value->second;
  }

  // What is wrong with an expression, or nothing.
  std::string fault_of(const Expression& expression) const {
    const std::string& context = expression.context;
    const auto names = names_.find(context);
    if (names == names_.end()) {
      const Words allowed = Words(kContexts).first(is_sweep_ ? 3 : 2);
      return fmt::format("unknown context '{}' in an expression; allowed here: {}{}", context,
                         listed(allowed), guess(context, allowed));
    }
    if (expression.name.empty()) {
      return fmt::format("an expression names a value, as in ${{{{{}.NAME}}}}", context);
    }
    if (value_of(expression) != nullptr) return "";
    const std::vector<std::string_view>& keys = names->second.keys;
    if (keys.empty())
      return fmt::format("'{}' is not in {}: this job has none", expression.name, context);
    return fmt::format("'{}' is not in {}, which has: {}{}", expression.name, context, listed(keys),
                       guess(expression.name, keys));
  }

  void check(const Expression& expression, bool quoted) {
    if (is_in_absent_group(expression)) return;
    Place place = places_.at(expression.begin, kBracesAt);
    if (const std::string fault = fault_of(expression); !fault.empty()) {
      const std::string_view source = context_.report.source(place.source).text;
      if (source.substr(place.offset).starts_with(kOpen)) {
        place.offset = source.find_first_not_of(" \t\n", place.offset + kOpen.size());
      }
      context_.report.error(place, fault);
      return;
    }
    const std::string* text = quoted ? nullptr : awkward_text(*value_of(expression));
    if (text == nullptr) return;
    context_.report.warn(place, fmt::format("the value '{}' goes in without quotes, and the shell "
                                            "will take it apart: put the expression in quotes",
                                            *text));
  }

  // In `$[[ ... ]]` an input that the job lacks drops the group instead of being an error.
  bool is_in_absent_group(const Expression& expression) const {
    if (expression.context != "inputs" || value_of(expression) != nullptr) return false;
    const std::size_t open = text_.rfind(kGroupOpen, expression.begin);
    if (open == std::string::npos) return false;
    const std::size_t close = text_.find(kGroupClose, open);
    return close != std::string::npos && close >= expression.end;
  }

  void rewrite_single_braces() {
    std::string result;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = single_brace_end(text_, at);
      if (end == 0) {
        result += text_[at++];
        continue;
      }
      const std::string modern = "${" + text_.substr(at, end - at) + "}";
      const Place place = places_.at(at, 0);
      context_.report.warn(place, "single braces are deprecated: write " + modern);
      const ExpressionScan scan = scan_expressions(modern);
      const std::string fault = context_.report.is_full() ? "" : fault_of(scan.expressions.front());
      if (!fault.empty()) context_.report.error(place, fault);
      result += modern;
      at = end;
    }
    text_ = std::move(result);
  }

  // `$[[ ... ]]` becomes its content, or nothing where it names an input that the job lacks.
  void resolve_groups() {
    std::string result;
    std::size_t done = 0;
    for (std::size_t open = text_.find(kGroupOpen); open != std::string::npos;
         open = text_.find(kGroupOpen, done)) {
      const std::size_t close = text_.find(kGroupClose, open);
      if (close == std::string::npos) {
        context_.report.error(node_.where,
                              "an optional group of the command is never closed: write "
                              "$[[ ... ]]");
        return;
      }
      const std::size_t start = open + kGroupOpen.size();
      const std::string group = text_.substr(start, close - start);
      const ExpressionScan scan = scan_expressions(group);
      const bool complete = std::ranges::all_of(
          scan.expressions,
          [&](const Expression& expression) { return value_of(expression) != nullptr; });
      result += text_.substr(done, open - done) + (complete ? group : "");
      done = close + kGroupClose.size();
    }
    text_ = result + text_.substr(done);
  }

  Context& context_;
  bool is_sweep_;
  const Node& node_;
  BracePlaces places_;
  std::string text_;
  std::map<std::string_view, Names, std::less<>> names_;
};

}  // namespace

std::string read_command(Context& context, Node& node, const CommandNames& names) {
  const auto text = read_text(context, node, "command");
  if (!text) return "";
  if (text->find_first_not_of(" \t\n") == std::string::npos) {
    context.report.error(node.where, "command is empty");
    return "";
  }
  if (text->size() > kLongestCommand) {
    context.report.error(node.where, fmt::format("command is longer than {} bytes, the most that a "
                                                 "shell can be given",
                                                 kLongestCommand));
    return "";
  }
  Command command(context, node, names, *text);
  command.check();
  std::string rewritten = command.rewritten();
  set(node, rewritten);
  return rewritten;
}

}  // namespace trawl::jobfile
