// sweep/search_space.h: the ten distributions of Azure ML v2 and the spaces made of them, as data.
// Parameters are checked when the job file is read (sweep/jobfile), never here.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sweep/value.h"

namespace trawl {

struct Hyperparameter;

/// File order; a grid runs through the first name slowest.
using SearchSpace = std::vector<Hyperparameter>;

/// One element of a choice: a constant, or a conditional space of which every member is drawn when
/// the element is. A constant inside a conditional space is a Choice of one option.
struct ChoiceOption {
  std::variant<std::int64_t, double, std::string, SearchSpace> data;
};

bool operator==(const ChoiceOption& a, const ChoiceOption& b);
bool operator==(const Hyperparameter& a, const Hyperparameter& b);

struct Choice {
  std::vector<ChoiceOption> options;  // at least one
  friend bool operator==(const Choice&, const Choice&) = default;
};
struct RandInt {
  std::int64_t upper{};  // exclusive, >= 1
  friend bool operator==(const RandInt&, const RandInt&) = default;
};
struct Uniform {
  double min_value{}, max_value{};  // min <= max
  friend bool operator==(const Uniform&, const Uniform&) = default;
};
struct QUniform {
  double min_value{}, max_value{}, q{};  // q > 0
  friend bool operator==(const QUniform&, const QUniform&) = default;
};
/// base^U(min, max): the bounds are logarithms. `base` is e unless `logbase` says otherwise.
struct LogUniform {
  double min_value{}, max_value{}, base{};
  friend bool operator==(const LogUniform&, const LogUniform&) = default;
};
struct QLogUniform {
  double min_value{}, max_value{}, q{}, base{};
  friend bool operator==(const QLogUniform&, const QLogUniform&) = default;
};
struct Normal {
  double mu{}, sigma{};  // sigma >= 0
  friend bool operator==(const Normal&, const Normal&) = default;
};
struct QNormal {
  double mu{}, sigma{}, q{};
  friend bool operator==(const QNormal&, const QNormal&) = default;
};
struct LogNormal {
  double mu{}, sigma{}, base{};
  friend bool operator==(const LogNormal&, const LogNormal&) = default;
};
struct QLogNormal {
  double mu{}, sigma{}, q{}, base{};
  friend bool operator==(const QLogNormal&, const QLogNormal&) = default;
};

using Distribution = std::variant<Choice, RandInt, Uniform, QUniform, LogUniform, QLogUniform,
                                  Normal, QNormal, LogNormal, QLogNormal>;

struct Hyperparameter {
  std::string name;
  Distribution distribution;
};

}  // namespace trawl
