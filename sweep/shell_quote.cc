// sweep/shell_quote.cc: see the header.
#include "sweep/shell_quote.h"

#include "base/text.h"

namespace trawl {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '(';
}

class Scanner {
 public:
  explicit Scanner(std::string_view command) : command_(command), quotes_(command.size()) {}

  std::vector<Quote> scan() {
    while (at_ < command_.size()) {
      if (const std::size_t end = expression_end(); end != 0) {
        while (at_ < end) pass(quote());
      } else if (quote() == Quote::kDouble) {
        in_double();
      } else {
        outside();
      }
    }
    return std::move(quotes_);
  }

 private:
  Quote quote() const {
    return !open_.empty() && open_.back() == '"' ? Quote::kDouble : Quote::kNone;
  }
  void pass(Quote quote) { quotes_[at_++] = quote; }
  void pass_escaped(Quote quote) {
    pass(quote);
    if (at_ < command_.size()) pass(quote);
  }

  std::size_t expression_end() const {
    if (!command_.substr(at_).starts_with("${{")) return 0;
    const std::size_t close = command_.find("}}", at_);
    return close == std::string_view::npos ? 0 : close + 2;
  }

  void in_double() {
    const char c = command_[at_];
    if (c == '\\') {
      pass_escaped(Quote::kDouble);
    } else if (command_.substr(at_).starts_with("$(")) {
      pass(Quote::kDouble);
      pass(Quote::kDouble);
      open_.push_back('(');
    } else {
      pass(Quote::kDouble);
      if (c == '"') open_.pop_back();
    }
  }

  void outside() {
    const char c = command_[at_];
    const bool starts_word = at_ == 0 || is_blank(command_[at_ - 1]);
    if (c == '\\') {
      pass_escaped(Quote::kNone);
    } else if (c == '\'') {
      pass(Quote::kNone);
      bool closed = false;
      while (at_ < command_.size() && !closed) {
        closed = command_[at_] == '\'';
        pass(Quote::kSingle);
      }
    } else if (c == '#' && starts_word) {
      while (at_ < command_.size() && command_[at_] != '\n') pass(Quote::kNone);
    } else {
      pass(Quote::kNone);
      if (c == '"' || c == '(') open_.push_back(c);
      if (c == ')' && !open_.empty()) open_.pop_back();
    }
  }

  const std::string_view command_;
  std::vector<Quote> quotes_;
  std::vector<char> open_;  // `"` and `(`, the innermost last
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Quote> quotes_of(std::string_view command) {
  return Scanner(command).scan();
}

std::string quoted_within(std::string_view text, Quote quote) {
  if (quote == Quote::kNone) return shell_quoted(text);
  std::string result;
  for (const char c : text) {
    const bool special = quote == Quote::kDouble && (c == '"' || c == '\\' || c == '$' || c == '`');
    if (special) result += '\\';
    if (quote == Quote::kSingle && c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace trawl
