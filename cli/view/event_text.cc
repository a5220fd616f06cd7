// cli/view/event_text.cc: the words for each kind of event that coordinator/store_writer.cc
// journals.
#include "cli/view/event_text.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>

#include "cli/view/display_text.h"

namespace trawl::cli {
namespace {

std::string clock_text(std::int64_t at_us) {
  constexpr std::int64_t kUsPerSecond = 1'000'000;
  const std::time_t at = at_us / kUsPerSecond;
  std::tm local{};
  std::array<char, 16> text{};
  if (localtime_r(&at, &local) == nullptr) return "--:--:--";
  std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
  return text.data();
}

std::string words(const std::string& kind, const std::string& text, const SweepState& sweep) {
  if (kind == "trial_suggested") return "queued " + text;
  if (kind == "new_best") return fmt::format("best so far: {} = {}", sweep.primary_metric, text);
  if (kind == "stop_decided") return "is being stopped: " + text;
  if (kind == "cancel_requested") return "is being canceled: " + text;
  return text;
}

}  // namespace

std::string event_text(const SweepState& sweep, const nlohmann::ordered_json& event) {
  constexpr std::int64_t kNumbered = 99'999;  // a larger sweep's first lines are not padded for it
  const std::int64_t last = std::clamp(sweep.max_total_trials - 1, std::int64_t{0}, kNumbered);
  const std::size_t width = display_width(sweep.name) + 1 + std::to_string(last).size();
  const auto trial = event.find("trial");
  const std::string name =
      trial == event.end() ? sweep.name : escaped(trial->get_ref<const std::string&>());
  const std::string text = escaped(event.at("text").get_ref<const std::string&>());
  return fmt::format("{}  {}  {}", clock_text(event.at("at_us").get<std::int64_t>()),
                     padded(name, width), words(event.at("kind").get<std::string>(), text, sweep));
}

}  // namespace trawl::cli
