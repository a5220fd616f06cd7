// tracking/validation.h: reading the fields of a request as the MLflow server does, and its limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "tracking/rest.h"

namespace trawl::tracking {

inline constexpr std::size_t kKeyCharactersMax = 250;
inline constexpr std::size_t kParamCharactersMax = 6000;  // longer values are cut
inline constexpr std::size_t kTagCharactersMax = 8000;    // longer values are cut
inline constexpr std::size_t kExperimentNameCharactersMax = 500;
inline constexpr std::size_t kBatchMetricCountMax = 1000;
inline constexpr std::size_t kBatchParamCountMax = 100;
inline constexpr std::size_t kBatchTagCountMax = 100;
inline constexpr std::size_t kBatchItemCountMax = 1000;

/// Reads fields of one JSON object and keeps the first thing that is wrong, so that a method reads
/// all it needs and asks once. A null counts as absent. The object outlives the reader.
class FieldReader {
 public:
  explicit FieldReader(const nlohmann::json& object);

  /// Required; empty after a refusal. An empty string counts as missing.
  std::string text(std::string_view name);
  std::optional<std::string> optional_text(std::string_view name);

  /// A number, an integral float or a decimal string.
  std::int64_t integer(std::string_view name);
  std::optional<std::int64_t> optional_integer(std::string_view name);

  /// A number, a string ("2.5", "NaN", "-Infinity") or a boolean; infinities become the largest
  /// finite values, as the server stores them.
  double number(std::string_view name);

  /// The elements of an array, none where it is absent.
  const nlohmann::json& array(std::string_view name);

  /// An array of strings, or one string (a query that holds the field once); none where absent.
  std::vector<std::string> texts(std::string_view name);

  bool boolean(std::string_view name, bool value_if_absent);

  /// `run_id`, or `run_uuid` of old clients.
  std::string run_id();

  /// A key of a metric, param or tag (`kind` names it): length, characters, and no path that
  /// resolves to another name.
  std::string key(std::string_view kind, std::string_view name = "key");

  const std::optional<Refusal>& refusal() const { return refusal_; }
  void refuse(Refusal refusal);

 private:
  const nlohmann::json* find(std::string_view name) const;
  void refuse_value(std::string_view name, const nlohmann::json& value);

  const nlohmann::json& object_;
  std::optional<Refusal> refusal_;
};

/// Why `key` cannot name a `kind`, or nothing.
std::optional<Refusal> check_key(std::string_view kind, std::string_view key);

/// The first `count_max` characters (code points) of UTF-8 text.
std::string cut(std::string text, std::size_t count_max);

std::size_t character_count(std::string_view utf8);

/// A double as the wire wants it: a number, or "NaN".
nlohmann::json number_json(double value);

}  // namespace trawl::tracking
