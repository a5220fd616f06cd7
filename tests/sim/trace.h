// tests/sim/trace.h: what happened in a run, line by line: a hash of all of it, the last lines for
// a person, and the faults found. The first fault ends the run.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/instant.h"

namespace trawl::sim {

enum class Echo { kOff, kOn };  // print every line at once

class Trace {
 public:
  explicit Trace(Echo echo) : echo_(echo) {}

  void line(Instant at, const std::string& who, const std::string& what);
  void fault(const std::string& what) { faults_.push_back(what); }

  std::uint64_t hash() const { return hash_; }
  std::uint64_t line_count() const { return line_count_; }
  const std::deque<std::string>& last_lines() const { return last_lines_; }
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  Echo echo_;
  std::uint64_t hash_ = 14695981039346656037ULL;  // FNV-1a, 64 bits
  std::uint64_t line_count_ = 0;
  std::deque<std::string> last_lines_;
  std::vector<std::string> faults_;
};

}  // namespace trawl::sim
