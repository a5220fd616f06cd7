// tests/stories/story.h: plays a golden story against the coordinator's core. A story is prose with
// blocks of commands, `----`, and what the core decided: the facts, then what follows their commit.
//
//   at 12.5                              the clock goes to 12.5 s
//   submit NAME [key=value ...]          total concurrent trial_timeout timeout policy; command
//   join NAME link=1 slots=2 incarnation=1 [known=1.0.1,...] [leased=1] [spool=N]
//   heard link=1 [orders=N] [spooled=N]  a heartbeat; as one that has taken every order
//   lost link=1
//   suggested JOB [available=N]          answers the sampler's question
//   started ATTEMPT [link=1]             likewise logged ATTEMPT VALUE..., ended ATTEMPT OUTCOME
//   cancel NAME                          a job or a trial
//   timer                                fires
//   crash                                the coordinator, which comes back from its journal
//   bound JOB                            what keeps the job from running more
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/coordinator.h"

namespace trawl::core {

class Story {
 public:
  Story();

  /// The story's text with every trace made anew.
  std::string play(const std::string& text);

 private:
  /// One command's words after the first, by key; those without a key are numbered.
  struct Words {
    std::vector<std::string> plain;
    std::map<std::string, std::string> named;
    std::string get(const std::string& key, const std::string& otherwise) const;
    std::int64_t number(const std::string& key, std::int64_t otherwise) const;
  };

  std::string run(const std::string& line);
  std::string submit(const Words& words);
  std::string join(const Words& words);
  std::string heard(const Words& words);
  std::string suggested(const Words& words);
  std::string report(const Words& words, const ReportBody& body);
  std::string logged(const Words& words);
  std::string crash();
  std::string step(const EventBody& event);
  std::string tell(const Decision& decision);
  static Words parse(const std::string& line);

  CoordinatorOptions options_;
  Coordinator core_;
  Instant now_;
  std::vector<Fact> journal_;
  std::int64_t request_count_ = 0;
  std::map<std::string, std::uint64_t> sequences_;    // worker name -> last report
  std::map<std::int64_t, std::string> worker_names_;  // link -> worker name
  std::map<std::int64_t, Session> sessions_;          // link -> its last
  std::uint64_t hello_count_ = 0;
  std::map<Session, Instant> beats_;  // the last heartbeat
  std::map<std::int64_t, Suggest> asked_;
};

}  // namespace trawl::core
