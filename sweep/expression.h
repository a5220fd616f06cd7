// sweep/expression.h: `${{ context.name }}` in a command. The deprecated single-brace form
// `{inputs.n}` is rewritten when the file is read, so only the double form arrives here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sweep/job.h"
#include "sweep/value.h"

namespace trawl {

/// One `${{...}}` in a text: byte offsets of its first character and past its last.
struct Expression {
  std::size_t begin{};
  std::size_t end{};
  std::string context;  // "inputs", "outputs", "search_space", or whatever was written
  std::string name;     // after the first dot; empty if there was none
};

struct ExpressionScan {
  std::vector<Expression> expressions;  // in order
  std::vector<std::size_t> unclosed;    // offsets of `${{` without `}}`
};

/// Finds every expression of `text`. Inner blanks around `context.name` are allowed.
ExpressionScan scan_expressions(std::string_view text);

/// `command` with each expression replaced: inputs and outputs by the texts given (literals, or
/// local paths that the worker chose), search_space by plain_text of the trial's value. Values go
/// in unquoted, as in Azure ML, except a mapping: its JSON is one argument of the shell, whether
/// the expression stands in quotes or not. kInvalid names an expression that has no value (a defect
/// of the job file's check, or a hand-made message).
Result<std::string> substitute(std::string_view command, const std::vector<NamedText>& inputs,
                               const std::vector<NamedText>& outputs,
                               const ParameterSet& parameters);

}  // namespace trawl
