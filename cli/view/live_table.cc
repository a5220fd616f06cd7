// cli/view/live_table.cc: the view for a terminal: keeps the progress, and draws a frame at most
// ten times a second. What a frame shows is in sweep_frame.cc; how it replaces the last one in
// redraw.cc.
#include <chrono>
#include <string>

#include "cli/view/redraw.h"
#include "cli/view/sweep_frame.h"
#include "cli/view/sweep_progress.h"
#include "cli/view/sweep_summary.h"
#include "cli/view/terminal.h"
#include "cli/view/view.h"

namespace trawl::cli {
namespace {

using std::chrono::steady_clock;

constexpr auto kRedrawInterval = std::chrono::milliseconds(100);

class LiveTable final : public View {
 public:
  explicit LiveTable(std::FILE* out)
      : out_(out), has_colours_(colours_welcome(out)), redraw_(has_colours_) {}
  ~LiveTable() override { finish(); }
  LiveTable(const LiveTable&) = delete;
  LiveTable& operator=(const LiveTable&) = delete;

  void update(const nlohmann::ordered_json& watched) override {
    progress_.update(watched);
    // By the coordinator's clock, from which all other times are: this machine's may have jumped.
    const auto since_now = watched.find("now_us");
    if (since_now != watched.end() && since_now->is_number_integer()) {
      clock_us_ = since_now->get<std::int64_t>();
      clock_at_ = steady_clock::now();
    }
    has_progress_ = true;
  }

  void make_way() override {
    write(redraw_.next({}, terminal_size(out_).columns));
    drawn_at_ = {};
  }

  void tick() override {
    const auto now = steady_clock::now();
    if (!has_progress_ || is_finished_ || now - drawn_at_ < kRedrawInterval) return;
    drawn_at_ = now;
    const TerminalSize size = terminal_size(out_);
    write(redraw_.next(sweep_frame(progress_, size, now_us()), size.columns));
  }

  void finish() override {
    if (!has_progress_ || is_finished_) return;
    is_finished_ = true;
    const TerminalSize size = terminal_size(out_);
    if (!is_ended(progress_.sweep().status)) {
      write(redraw_.next(sweep_frame(progress_, size, now_us()), size.columns));
      return;
    }
    write(redraw_.next(final_frame(progress_, size.columns, now_us()), size.columns));
    std::string text = "\n";
    for (const Line& line : sweep_summary(progress_)) {
      text += (has_colours_ ? coloured(line) : plain(line)) + "\n";
    }
    write(text);
  }

 private:
  std::int64_t now_us() const {
    const auto passed = steady_clock::now() - clock_at_;
    return clock_us_ + std::chrono::duration_cast<std::chrono::microseconds>(passed).count();
  }

  void write(const std::string& bytes) {
    std::fwrite(bytes.data(), 1, bytes.size(), out_);
    std::fflush(out_);
  }

  std::FILE* out_;
  bool has_colours_;
  Redraw redraw_;
  SweepProgress progress_;
  bool has_progress_ = false;
  bool is_finished_ = false;
  steady_clock::time_point drawn_at_{};
  std::int64_t clock_us_ = 0;  // the coordinator's clock at clock_at_
  steady_clock::time_point clock_at_{};
};

}  // namespace

std::unique_ptr<View> make_live_table(std::FILE* out) {
  if (!can_redraw()) return make_event_lines(out);
  return std::make_unique<LiveTable>(out);
}

}  // namespace trawl::cli
