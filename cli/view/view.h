// cli/view/view.h: how a followed job is shown: a live table on a terminal, one line for each event
// elsewhere. Both are fed the answers to WatchJob in order.
#pragma once

#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

namespace trawl::cli {

class View {
 public:
  virtual ~View() = default;

  /// One answer to WatchJob: {"last_event", "complete", "job": {...}, "trials": [...changed...],
  /// "events": [...new...]}; see coordinator/store_reader.cc for the keys.
  virtual void update(const nlohmann::ordered_json& watched) = 0;

  /// A line for standard error follows: a view that redraws makes way for it.
  virtual void make_way() {}

  /// Between answers: time passes (elapsed, ETA), the terminal may have another size.
  virtual void tick() = 0;

  /// The job has ended, or the person leaves: leaves the terminal as a plain text.
  virtual void finish() = 0;
};

/// Redraws in place; `out` is a terminal. Honours NO_COLOR and the terminal's width.
std::unique_ptr<View> make_live_table(std::FILE* out);

/// One line for each event, at once.
std::unique_ptr<View> make_event_lines(std::FILE* out);

}  // namespace trawl::cli
