// cli/view/query.h: the part of JMESPath (jmespath.org) that people use with `az --query` most:
// names joined by dots, "quoted names", [n], [-n], [*] and []. No filters, functions, slices,
// multiselects or pipes; each of them is refused by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace trawl::cli {

struct Field {
  std::string name;
  friend bool operator==(const Field&, const Field&) = default;
};
struct Index {
  std::int64_t index = 0;  // from the end where negative
  friend bool operator==(const Index&, const Index&) = default;
};
struct Project {  // [*]
  friend bool operator==(const Project&, const Project&) = default;
};
struct Flatten {  // []
  friend bool operator==(const Flatten&, const Flatten&) = default;
};
using QueryStep = std::variant<Field, Index, Project, Flatten>;
using Query = std::vector<QueryStep>;

/// kInvalid: the column (from 1) of the fault, what stands there, and what is supported.
Result<Query> parse_query(std::string_view text);

/// JMESPath's semantics: what is missing or of another type is null, and a projection leaves out
/// the nulls.
nlohmann::ordered_json apply_query(const Query& query, const nlohmann::ordered_json& json);

}  // namespace trawl::cli
