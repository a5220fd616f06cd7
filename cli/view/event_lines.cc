// cli/view/event_lines.cc: the view for pipes, files and simple terminals: one plain line for each
// event, flushed at once, and a summary at the end.
#include <string>

#include "cli/view/event_text.h"
#include "cli/view/sweep_progress.h"
#include "cli/view/sweep_summary.h"
#include "cli/view/view.h"

namespace trawl::cli {
namespace {

class EventLines final : public View {
 public:
  explicit EventLines(std::FILE* out) : out_(out) {}

  void update(const nlohmann::ordered_json& watched) override {
    progress_.update(watched);
    has_progress_ = true;
    for (const auto& event : watched.at("events")) print(event_text(progress_.sweep(), event));
    std::fflush(out_);
  }

  void tick() override {}

  void finish() override {
    if (!has_progress_ || is_finished_ || !is_ended(progress_.sweep().status)) return;
    is_finished_ = true;
    for (const Line& line : sweep_summary(progress_)) print(plain(line));
    std::fflush(out_);
  }

 private:
  void print(std::string line) {
    line += "\n";
    std::fwrite(line.data(), 1, line.size(), out_);
  }

  std::FILE* out_;
  SweepProgress progress_;
  bool has_progress_ = false;
  bool is_finished_ = false;
};

}  // namespace

std::unique_ptr<View> make_event_lines(std::FILE* out) {
  return std::make_unique<EventLines>(out);
}

}  // namespace trawl::cli
