// sweep/value.h: one value of a hyperparameter, and how it is written into a command.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace trawl {

struct NamedValue;

/// What a draw yields. A mapping comes from a conditional choice: one option's constants and inner
/// draws, in file order.
struct Value {
  std::variant<std::int64_t, double, std::string, std::vector<NamedValue>> data;
};

struct NamedValue {
  std::string name;
  Value value;
};

bool operator==(const Value& a, const Value& b);
bool operator==(const NamedValue& a, const NamedValue& b);

/// A trial's parameters in search-space order.
using ParameterSet = std::vector<NamedValue>;

/// What `str(value)` gives in Python for numbers and strings, which is what Azure ML puts into a
/// command; compact JSON for a mapping. Also for MLflow params, environment variables and tables.
std::string plain_text(const Value& value);

/// JSON text of the value: numbers stay numbers.
std::string json_text(const Value& value);

}  // namespace trawl
