// bench/fake_workers.h: thousands of workers in one process, for the benchmarks: each with a
// connection of its own and the real agent (core/agent.h), whose trials are no processes.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/agent.h"
#include "protocol/keys.h"

namespace trawl::bench {

struct FakeWorkersOptions {
  std::string endpoint;
  std::optional<protocol::PeerKeys> keys = std::nullopt;  // for TCP
  std::int32_t count = 1;
  std::int32_t slot_count = 1;  // of each
  bool ends_at_once = true;  // its trials, with exit code 0; else they run until they are stopped
  Duration told_duration{};  // how long its trials say that they lasted
};

/// One thread. The process ends with a message where ZeroMQ or the machine does not play along.
class FakeWorkers {
 public:
  explicit FakeWorkers(const FakeWorkersOptions& options);
  ~FakeWorkers();
  FakeWorkers(const FakeWorkers&) = delete;
  FakeWorkers& operator=(const FakeWorkers&) = delete;

  /// Works until `is_done`, which is asked after everything that happens and every 100 ms.
  void run_until(const std::function<bool()>& is_done);

  std::int64_t count() const { return static_cast<std::int64_t>(workers_.size()); }
  std::int64_t welcomed_count() const { return welcomed_count_; }  // now
  std::int64_t running_count() const { return running_count_; }
  std::int64_t started_count() const { return started_count_; }  // launches ever carried out
  /// Ends that the coordinator has acknowledged.
  std::int64_t acknowledged_count() const { return acknowledged_count_; }

 private:
  struct Worker {
    explicit Worker(core::AgentIdentity identity) : agent(std::move(identity)) {}
    core::Agent agent;
    void* socket = nullptr;
    bool link_is_up = false;
    bool was_welcome = false;
    std::uint64_t seq_last = 0;
    std::deque<core::Report> spool;  // not acknowledged yet
    std::optional<Instant> timer;
  };

  void connect(Worker& worker, std::size_t index);
  void look(std::size_t index);
  bool receive(std::size_t index);  // false: there was nothing
  void happened(std::size_t index, decltype(core::AgentEvent::body) body);
  void perform(std::size_t index, const core::AgentCommand& command);
  void set_timer(std::size_t index, Instant at);
  void spawn(std::size_t index, const core::LaunchOrder& order);
  void append(std::size_t index, const core::ReportBody& body);
  void discard(Worker& worker, std::uint64_t committed);
  static void send(Worker& worker, const core::FromWorker& message);
  void fire_timers();

  const FakeWorkersOptions options_;
  void* context_ = nullptr;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::set<std::pair<Instant, std::size_t>> timers_;
  std::int64_t welcomed_count_ = 0;
  std::int64_t running_count_ = 0;
  std::int64_t started_count_ = 0;
  std::int64_t acknowledged_count_ = 0;
};

}  // namespace trawl::bench
