// tests/unit/cli/watched.h: answers to WatchJob, as coordinator/store_reader.cc writes them, and
// the lines that views make of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/view/display_text.h"

namespace trawl::cli {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kStart = 1'700'000'000 * kSecond;  // of every sweep here

/// A running sweep `s` that maximizes accuracy under a bandit, 16 trials, up to 4 at once.
nlohmann::ordered_json sweep_job();

/// Trial `number` of `s`: started 10 s after the sweep, with learning_rate 0.1 and layers 2.
nlohmann::ordered_json sweep_trial(std::int64_t number, const std::string& status);

/// The same with a value at `step`, also as its best.
nlohmann::ordered_json reporting_trial(std::int64_t number, const std::string& status, double value,
                                       std::int64_t step);

nlohmann::ordered_json watched(const nlohmann::ordered_json& job,
                               const nlohmann::ordered_json& trials);

/// Lines as plain text, each with a newline.
std::string text_of(const std::vector<Line>& lines);

}  // namespace trawl::cli
