// cli/event_lines.cc: the view for pipes and files: one plain line for each event, at once.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/view.h"

namespace trawl::cli {
namespace {

constexpr std::int64_t kUsPerSecond = 1'000'000;

class EventLines final : public View {
 public:
  explicit EventLines(std::FILE* out) : out_(out) {}

  void update(const nlohmann::ordered_json& watched) override {
    const std::string job = watched.at("job").at("name").get<std::string>();
    for (const auto& event : watched.at("events")) {
      const std::time_t at = event.at("at_us").get<std::int64_t>() / kUsPerSecond;
      fmt::print(out_, "{:%H:%M:%S} {} {}\n", fmt::localtime(at), event.value("trial", job),
                 event.at("text").get<std::string>());
    }
    std::fflush(out_);
  }

  void tick() override {}
  void finish() override {}

 private:
  std::FILE* out_;
};

}  // namespace

std::unique_ptr<View> make_event_lines(std::FILE* out) {
  return std::make_unique<EventLines>(out);
}

}  // namespace trawl::cli
