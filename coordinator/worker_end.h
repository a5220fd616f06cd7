// coordinator/worker_end.h: what can be said of a worker's end from what it wrote to its log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trawl::coordinator {

/// A worker that this coordinator started, and that has ended.
struct WorkerEnd {
  int code{};              // as cluster::reap() gives it
  std::string log_path;    // its log, to which earlier workers wrote too
  std::int64_t log_begin;  // the log's size when it was started
};

/// "cannot open ...: the file is damaged (exit code 5, /home/worker.log)"; without what is before
/// the parentheses where its log does not say why it ended. Reads the log.
std::string to_text(const WorkerEnd& end);

/// The last words of a worker: the last line of what it wrote, where that is an error or no line of
/// our logs (the loader's, an assertion's), without time and level. "" where it is a note of what
/// happened before.
std::string last_words(std::string_view log);

}  // namespace trawl::coordinator
