#include "tests/unit/cli/watched.h"

namespace trawl::cli {

using Json = nlohmann::ordered_json;

Json sweep_job() {
  return {{"name", "s"},
          {"type", "sweep"},
          {"status", "Running"},
          {"created_us", kStart},
          {"started_us", kStart},
          {"max_total_trials", 16},
          {"max_concurrent_trials", 4},
          {"primary_metric", "accuracy"},
          {"goal", "maximize"},
          {"policy", "bandit"}};
}

Json sweep_trial(std::int64_t number, const std::string& status) {
  Json trial = {{"number", number}, {"name", "s_" + std::to_string(number)},
                {"status", status}, {"parameters", {{"learning_rate", 0.1}, {"layers", 2}}},
                {"attempt", 1},     {"reports", 0}};
  if (status != "Queued") trial["started_us"] = kStart + 10 * kSecond;
  const bool is_ended = status == "Completed" || status == "Failed" || status == "Canceled";
  if (is_ended) trial["ended_us"] = kStart + (20 + number) * kSecond;
  return trial;
}

Json reporting_trial(std::int64_t number, const std::string& status, double value,
                     std::int64_t step) {
  Json trial = sweep_trial(number, status);
  trial["reports"] = step;
  trial["last_value"] = value;
  trial["last_step"] = step;
  trial["best_value"] = value;
  return trial;
}

Json watched(const Json& job, const Json& trials) {
  return {{"last_event", 1},
          {"complete", true},
          {"job", job},
          {"trials", trials},
          {"events", Json::array()}};
}

std::string text_of(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) text += plain(line) + "\n";
  return text;
}

}  // namespace trawl::cli
