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
    for (const auto& event : watched.at("events")) {
      const Listing listing = listing_of(event);
      if (listing != Listing::kLeftOut) print(event_text(progress_.sweep(), event));
      if (listing == Listing::kLast)
        print("          (and so on: trials like these are not listed)");
    }
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
  // Once so many trials in a row failed for one reason, their lines tell nobody anything new, until
  // a trial ends otherwise. The summary counts them.
  static constexpr int kAlikeMax = 10;
  enum class Listing { kListed, kLast, kLeftOut };

  Listing listing_of(const nlohmann::ordered_json& event) {
    const std::string kind = event.at("kind").get<std::string>();
    const bool is_quiet = alike_count_ >= kAlikeMax;
    if (kind == "trial_ended") {
      const std::string text = event.at("text").get<std::string>();
      const bool is_alike = text == last_end_ && text.rfind("Failed", 0) == 0;
      alike_count_ = is_alike ? alike_count_ + 1 : 1;
      last_end_ = text;
      if (!is_alike) return Listing::kListed;
      if (!is_quiet) return alike_count_ == kAlikeMax ? Listing::kLast : Listing::kListed;
      return Listing::kLeftOut;
    }
    const bool is_usual = kind == "trial_suggested" || kind == "attempt_running";
    return is_quiet && is_usual ? Listing::kLeftOut : Listing::kListed;
  }

  void print(std::string line) {
    line += "\n";
    std::fwrite(line.data(), 1, line.size(), out_);
  }

  std::FILE* out_;
  SweepProgress progress_;
  std::string last_end_;  // of a trial
  int alike_count_ = 0;   // trials in a row that ended so
  bool has_progress_ = false;
  bool is_finished_ = false;
};

}  // namespace

std::unique_ptr<View> make_event_lines(std::FILE* out) {
  return std::make_unique<EventLines>(out);
}

}  // namespace trawl::cli
