#include "coordinator/loop.h"

#include <algorithm>
#include <fstream>
#include <ranges>
#include <set>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "cluster/file_lock.h"
#include "coordinator/turn.h"
#include "coordinator/worker_end.h"
#include "coordinator/worker_list.h"
#include "core/lease.h"
#include "protocol/clock.h"
#include "samplers/sampler.h"

namespace trawl::coordinator {
namespace {

using protocol::now;
using Json = nlohmann::ordered_json;

constexpr Duration kWorkerBackoffMin = std::chrono::milliseconds(500);
constexpr Duration kWorkerBackoffMax = std::chrono::seconds(30);
constexpr int kIdleEndsTold = 2;
constexpr Duration kAdoptedCheck = std::chrono::seconds(1);
constexpr Duration kLeaveMax = std::chrono::seconds(1);  // for the worker to leave first
constexpr Duration kLeavePoll = std::chrono::milliseconds(20);
constexpr std::int64_t kLogBytesMax = std::int64_t{1} << 20;  // an answer to ReadLog
// A client that follows a running job is answered at most this often, unless it has a backlog.
constexpr Duration kWatchInterval = std::chrono::milliseconds(50);
constexpr std::int64_t kBacklogMin = 1000;
constexpr int kMessagesMax = 1000;  // of a turn, so that commits and timers get theirs

std::vector<ParameterSet> suggestions(const SweepSpec& sweep, std::int64_t first,
                                      std::int64_t count) {
  std::vector<ParameterSet> made;
  for (std::int64_t index = first; index < first + count; ++index) {
    auto parameters = samplers::suggest(sweep, index);
    if (!parameters) break;
    made.push_back(std::move(*parameters));
  }
  return made;
}

}  // namespace

Loop::Loop(const CoordinatorOptions& options, std::string endpoint, Parts parts)
    : options_(options),
      endpoint_(std::move(endpoint)),
      listen_(std::move(parts.listen)),
      worker_home_(cluster::local_worker_home(options.home)),
      worker_log_(options.home + "/worker.log"),
      committed_(std::make_unique<protocol::Mailbox<Result<void>>>()),
      store_(std::move(parts.store)),
      tracking_(std::move(parts.tracking)),
      router_(std::move(parts.router)),
      core_({.stop_grace = options.stop_grace,
             .store = store_->id(),
             .lease = options.lease,
             .lease_wait_before = store_->kept_lease_wait()}),
      clock_(anchor_at_start(read_clocks(), {}, {})),
      worker_process_(parts.worker),
      active_(now()),
      started_(now()) {}

Loop::~Loop() {
  if (worker_process_) close(worker_process_->pidfd);
}

Result<void> Loop::run() {
  const auto newest = store_->reader().replay(core_);
  if (!newest) return tl::unexpected(newest.error());
  clock_ = JournalClock(anchor_at_start(read_clocks(), store_->kept_clock(), *newest));
  keep_clock();
  keep_longer_lease();
  const core::Decision owed = core_.recover(clock_.now());
  for (const core::Command& command : owed.commands) perform(command);
  remove_unneeded_snapshots();
  if (options_.on_ready) options_.on_ready(listen_);
  spdlog::info("serving {} with {} unfinished jobs", options_.home, core_.state().jobs.size());
  while (!stopping_ && !failure_) {
    keep_worker();
    commit_turn();
    protocol::Waiter waiter;
    waiter.add(*router_);
    waiter.add(committed_->descriptor());
    waiter.add(store_->trouble().descriptor());
    if (worker_process_) waiter.add(worker_process_->pidfd);
    waiter.wait(wait_time());
    mind_clock();
    keep_shorter_lease();
    take_committed();
    take_trouble();
    read_router();
    if (timer_ && *timer_ <= now()) {
      timer_.reset();
      happened(core::TimerFired{});
    }
    commit_turn();
    answer_watchers();
    leave_if_idle();
    commit_turn();
  }
  if (failure_) return tl::unexpected(*failure_);
  return {};
}

// A suggestion has no effect on the world, so it is drawn before its question's facts are on disk,
// and its own facts go with them.
void Loop::happened(decltype(core::Event::body) body) {
  std::deque<decltype(core::Event::body)> events;
  events.push_back(std::move(body));
  for (; !events.empty(); events.pop_front()) {
    core::Decision decision = core_.step({clock_.now(), std::move(events.front())});
    std::ranges::move(decision.facts, std::back_inserter(facts_));
    for (core::Command& command : decision.commands) {
      const auto* send = std::get_if<core::Send>(&command);
      if (send != nullptr && send->is_free()) {
        perform(command);
        continue;
      }
      const auto* ask = std::get_if<core::Suggest>(&command);
      if (ask == nullptr) {
        turn_.push_back(std::move(command));
        continue;
      }
      const core::Job& job = core_.state().jobs.at(ask->job);
      events.emplace_back(core::Suggested{ask->job, ask->first, ask->count,
                                          suggestions(*job.spec.sweep, ask->first, ask->count)});
    }
  }
}

// Hands the turn's facts to the store as one piece, so that a busy turn costs one commit.
void Loop::commit_turn() {
  if (facts_.empty() && turn_.empty()) return;
  drop_repeated_acknowledgements(turn_);
  if (facts_.empty() && decided_.empty()) {
    release(std::exchange(turn_, {}));  // nothing before it waits for the disk
    return;
  }
  const auto urgency = is_urgent(facts_, turn_) ? sqlite::GroupCommit::Urgency::kUrgent
                                                : sqlite::GroupCommit::Urgency::kLazy;
  decided_.push_back(std::exchange(turn_, {}));
  store_->append(
      std::exchange(facts_, {}),
      [mailbox = committed_.get()](const auto& result) { mailbox->push(result); }, urgency);
}

void Loop::take_committed() {
  for (const Result<void>& result : committed_->take()) {
    if (!result) {
      failure_ = result.error();  // nothing after it may take effect
      return;
    }
    news_ = true;
    const Decided decided = std::move(decided_.front());
    decided_.pop_front();
    release(decided);
  }
}

void Loop::take_trouble() {
  for (std::string& text : store_->trouble().take()) {
    store_trouble_ = std::move(text);
    if (store_trouble_.empty()) {
      spdlog::info("there is room on the disk again");
      continue;
    }
    spdlog::error("{}; trying again", store_trouble_);
    for (const auto& [id, asker] : askers_) {
      answer(asker.peer, asker.request,
             fail(ErrorCode::kFull, store_trouble_ + "; `trawl job list` says whether it was "
                                                     "done, once there is room again"));
    }
    askers_.clear();
  }
}

// While nothing is unfinished, the journal follows the machine's clock.
void Loop::mind_clock() {
  static constexpr Duration kStepMin = std::chrono::milliseconds(100);  // NTP smooths what is less
  const auto differs = [](Duration a, Duration b) { return std::chrono::abs(a - b) >= kStepMin; };
  Duration ahead = clock_.wall_ahead();
  if (core_.state().jobs.empty() && differs(ahead, {})) {
    clock_.follow_wall();
    keep_clock();
    ahead = {};
  }
  if (!differs(ahead, wall_ahead_)) return;
  wall_ahead_ = ahead;
  clock_trouble_ = jump_text(ahead);
  if (!clock_trouble_.empty()) spdlog::warn("{}", clock_trouble_);
}

void Loop::keep_clock() {
  decided_.emplace_back();  // nothing waits for it
  store_->keep_clock(clock_.anchor(),
                     [mailbox = committed_.get()](const auto& result) { mailbox->push(result); });
}

void Loop::keep_lease(Duration wait) {
  decided_.emplace_back();  // nothing waits for it but what is decided later
  store_->keep_lease_wait(
      wait, [mailbox = committed_.get()](const auto& result) { mailbox->push(result); });
}

// Before it is promised to anybody.
void Loop::keep_longer_lease() {
  const Duration before = store_->kept_lease_wait();
  const Duration own = core::lease_wait(options_.lease, options_.stop_grace);
  if (listen_.empty() || own == before) return;
  if (own > before) {
    keep_lease(own);
  } else {
    shorter_lease_at_ = now() + before;
  }
}

// Once what was promised before is over.
void Loop::keep_shorter_lease() {
  if (!shorter_lease_at_ || now() < *shorter_lease_at_) return;
  shorter_lease_at_.reset();
  keep_lease(core::lease_wait(options_.lease, options_.stop_grace));
}

std::string Loop::trouble() const {
  if (!store_trouble_.empty()) return store_trouble_;
  for (const auto& [id, text] : worker_trouble_) {
    if (!text.empty()) return text;
  }
  return start_trouble_.empty() ? clock_trouble_ : start_trouble_;
}

void Loop::release(const Decided& decided) {
  for (const core::Command& command : decided) perform(command);
}

void Loop::perform(const core::Command& command) {
  if (const auto* send = std::get_if<core::Send>(&command)) {
    const auto peer = peer_of_.find(send->worker);
    if (peer != peer_of_.end()) router_->send(peer->second, protocol::encode(send->message));
  } else if (const auto* reply = std::get_if<core::Reply>(&command)) {
    const auto asker = askers_.find(reply->request);
    if (asker == askers_.end()) return;
    Result<std::string> json = reply->answer;
    if (json) json = asker->second.of_worker ? list_workers() : show(*reply->answer);
    answer(asker->second.peer, asker->second.request, std::move(json));
    askers_.erase(asker);
  } else if (const auto* timer = std::get_if<core::SetTimer>(&command)) {
    timer_ = now() + (timer->at - clock_.now());
  } else if (const auto* drop = std::get_if<core::DropSnapshot>(&command)) {
    std::string snapshot = snapshot_around(options_.home, drop->shell_environment);
    if (!snapshot.empty()) snapshots_.remove(std::move(snapshot));
  } else if (const auto* dismissed = std::get_if<core::Dismiss>(&command)) {
    dismiss(dismissed->worker);
  } else if (const auto* tell = std::get_if<core::Tell>(&command)) {
    spdlog::warn("{}", tell->sentence);
  }
}

void Loop::dismiss(core::WorkerId worker) {
  worker_trouble_.erase(worker);
  local_workers_.erase(worker);
  address_of_.erase(worker);
  const auto peer = peer_of_.extract(worker);
  if (!peer.empty()) worker_of_.erase(peer.mapped());
}

// Of jobs that ended while no coordinator lived to remove theirs, and of submissions that broke
// off.
void Loop::remove_unneeded_snapshots() {
  std::set<std::string> needed;
  for (const auto& [id, job] : core_.state().jobs) {
    needed.insert(job.spec.command.shell_environment);
  }
  for (std::string& snapshot : unneeded_snapshots(options_.home, needed)) {
    snapshots_.remove(std::move(snapshot));
  }
}

void Loop::read_router() {
  faults_.tell_refusals(*router_);
  for (int count = 0; count < kMessagesMax; ++count) {
    auto received = router_->receive();
    if (!received) return;
    auto message = protocol::decode_inbound(received->frame);
    if (!message) {
      faults_.take_undecoded(*router_, *received, message.error());
    } else if (const std::string fault = fault_of(received->role, *message); !fault.empty()) {
      faults_.drop(*router_, *received, fault);
    } else if (auto* from_worker = std::get_if<core::FromWorker>(&*message)) {
      read_worker(*received, std::move(*from_worker));
    } else {
      active_ = now();
      read_client(received->peer, std::move(std::get<protocol::ClientEnvelope>(*message)));
    }
  }
}

void Loop::read_worker(const protocol::Received& from, core::FromWorker message) {
  const std::string& peer = from.peer;
  if (auto* hello = std::get_if<core::Hello>(&message.body)) {
    const bool is_local = from.role == protocol::Role::kLocal;
    const auto [known, is_new] = worker_of_.try_emplace(peer);
    if (is_new) {
      known->second = core::WorkerId{++worker_id_last_};
      peer_of_[known->second] = peer;
      address_of_[known->second] = from.address;
      if (is_local) local_workers_.insert(known->second);
    }
    worker_trouble_.erase(known->second);
    worker_was_here_ = true;
    if (idle_ends_ < kIdleEndsTold) start_trouble_.clear();
    spdlog::info("worker {} is here: {} slots, {} attempts", hello->worker_name, hello->slot_count,
                 hello->known.size());
    happened(core::WorkerJoined{known->second, message.session, std::move(*hello), is_local});
    return;
  }
  const auto worker = worker_of_.find(peer);
  if (worker == worker_of_.end()) return;  // it will say hello
  if (auto* report = std::get_if<core::Report>(&message.body)) {
    worker_backoff_ = {};
    idle_ends_ = 0;
    start_trouble_.clear();
    happened(core::ReportArrived{worker->second, message.session, std::move(*report)});
  } else if (auto* beat = std::get_if<core::Heartbeat>(&message.body)) {
    worker_trouble_[worker->second] = beat->trouble;
    happened(core::WorkerHeard{worker->second, message.session, std::move(*beat)});
  } else {
    happened(core::WorkerLeft{worker->second, message.session});
  }
}

void Loop::read_client(const std::string& peer, protocol::ClientEnvelope envelope) {
  const std::uint64_t request = envelope.request;
  const bool changes = std::holds_alternative<protocol::SubmitJob>(envelope.body) ||
                       std::holds_alternative<protocol::CancelJob>(envelope.body);
  if (changes && !store_trouble_.empty()) {
    answer(peer, request, fail(ErrorCode::kFull, store_trouble_ + "; nothing was done"));
  } else if (auto* submit = std::get_if<protocol::SubmitJob>(&envelope.body)) {
    const core::RequestId id{++request_id_last_};
    askers_[id] = {peer, request};
    happened(core::SubmitRequested{id, std::move(submit->spec)});
  } else if (auto* cancel = std::get_if<protocol::CancelJob>(&envelope.body)) {
    const core::RequestId id{++request_id_last_};
    askers_[id] = {peer, request};
    happened(core::CancelRequested{id, std::move(cancel->name)});
  } else if (auto* update = std::get_if<protocol::UpdateJob>(&envelope.body)) {
    const core::RequestId id{++request_id_last_};
    askers_[id] = {peer, request};
    happened(core::UpdateRequested{id, std::move(update->name), std::move(update->update)});
  } else if (auto* drained = std::get_if<protocol::DrainWorker>(&envelope.body)) {
    const core::RequestId id{++request_id_last_};
    askers_[id] = {peer, request, true};
    happened(core::DrainRequested{id, std::move(drained->name)});
  } else if (std::holds_alternative<protocol::ListWorkers>(envelope.body)) {
    answer(peer, request, list_workers());
  } else if (const auto* watched = std::get_if<protocol::WatchJob>(&envelope.body)) {
    watch(peer, request, *watched);
  } else if (const auto* shown = std::get_if<protocol::ShowJob>(&envelope.body)) {
    answer(peer, request, show(shown->name));
  } else if (const auto* listed = std::get_if<protocol::ListJobs>(&envelope.body)) {
    answer(peer, request, store_->reader().list(*listed));
  } else if (const auto* log = std::get_if<protocol::ReadLog>(&envelope.body)) {
    answer(peer, request, read_log(*log));
  } else if (std::holds_alternative<protocol::GetStatus>(envelope.body)) {
    answer(peer, request, status());
  } else {
    answer(peer, request, "{}");
    stopping_ = true;
  }
}

void Loop::answer(const std::string& peer, std::uint64_t request, Result<std::string> json) {
  router_->send(peer, protocol::encode(protocol::ClientAnswer{request, std::move(json)}));
}

Result<std::string> Loop::show(const std::string& name) {
  const auto job = store_->reader().job_number(name);
  if (!job) return tl::unexpected(job.error());
  return store_->reader().show(
      name, {core::concurrency_bound(core_.state(), core_.runtime(), core::JobId{*job}),
             tracking_ != nullptr ? tracking_->uri() : ""});
}

Result<std::string> Loop::read_log(const protocol::ReadLog& request) {
  const auto folder = store_->reader().folder(request.name);
  if (!folder) return tl::unexpected(folder.error());
  std::ifstream in(folder->path + "/std_log.txt", std::ios::binary | std::ios::ate);
  const std::int64_t size = in ? static_cast<std::int64_t>(in.tellg()) : 0;
  const std::int64_t offset =
      std::clamp<std::int64_t>(request.offset, 0, std::max<std::int64_t>(size, 0));
  std::string text(static_cast<std::size_t>(std::min(size - offset, kLogBytesMax)), '\0');
  in.seekg(offset);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  const Json json = {{"text", text},
                     {"next_offset", offset + static_cast<std::int64_t>(text.size())},
                     {"ended", folder->ended}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Loop::list_workers() const {
  return worker_list(core_.runtime(), address_of_, clock_.now());
}

Result<std::string> Loop::status() {
  std::int64_t slots = 0;
  for (const auto& [id, worker] : core_.runtime().workers) slots += worker.slot_count;
  Json json = {{"pid", getpid()},
               {"uptime_s", std::chrono::duration<double>(now() - started_).count()},
               {"home", options_.home},
               {"address", endpoint_},
               {"unfinished_jobs", core_.state().jobs.size()},
               {"workers", core_.runtime().workers.size()},
               {"slots", slots}};
  if (!listen_.empty()) json["listen"] = listen_;
  if (tracking_ != nullptr) json["tracking"] = tracking_->uri();
  if (!trouble().empty()) json["trouble"] = trouble();
  return json.dump();
}

void Loop::watch(const std::string& peer, std::uint64_t request, const protocol::WatchJob& watch) {
  const auto newest = store_->reader().last_event(watch.name);
  if (!newest) {
    answer(peer, request, tl::unexpected(newest.error()));
    return;
  }
  if (watch.wait_ms <= 0) {
    answer(peer, request,
           store_->reader().watch(watch.name, watch.after, {clock_.now(), trouble()}));
    return;
  }
  constexpr std::int64_t kWaitMsMax = 60'000;
  const Duration wait = std::chrono::milliseconds(std::min(watch.wait_ms, kWaitMsMax));
  const Instant at = now();
  const bool asks_on = watch.after > 0 && *newest - watch.after < kBacklogMin;
  watchers_.push_back(
      {peer, request, watch.name, watch.after, asks_on ? at + kWatchInterval : at, at + wait});
  news_ = true;
}

void Loop::answer_watchers() {
  if (watchers_.empty()) return;
  const Instant at = now();
  news_due_.reset();
  const auto is_due = [&](const Watcher& watcher) {
    if (watcher.until <= at) return true;
    if (!news_) return false;
    const auto job = core_.state().names.find(watcher.name);
    const bool runs = job != core_.state().names.end() && core_.state().jobs.contains(job->second);
    if (runs && at < watcher.not_before) {
      news_due_ = std::min(news_due_.value_or(watcher.not_before), watcher.not_before);
      return false;
    }
    const auto newest = store_->reader().last_event(watcher.name);
    return !newest || *newest > watcher.after;
  };
  std::erase_if(watchers_, [&](const Watcher& watcher) {
    if (!is_due(watcher)) return false;
    active_ = at;
    answer(watcher.peer, watcher.request,
           store_->reader().watch(watcher.name, watcher.after, {clock_.now(), trouble()}));
    return true;
  });
  news_ = news_due_.has_value();
}

bool Loop::wants_worker() const {
  return options_.local_worker && !core_.state().jobs.empty() && !has_local_worker();
}

bool Loop::has_local_worker() const {
  return std::ranges::any_of(local_workers_, [this](const core::WorkerId& worker) {
    return core_.runtime().workers.contains(worker);
  });
}

void Loop::keep_worker() {
  if (worker_process_) {
    siginfo_t info{};
    const bool ended = waitid(P_PID, static_cast<id_t>(worker_process_->pid), &info,
                              WEXITED | WNOHANG | WNOWAIT) == 0 &&
                       info.si_pid == worker_process_->pid;
    if (!ended) return;
    const WorkerEnd end{cluster::reap(*worker_process_), worker_log_, worker_process_->log_begin};
    close(worker_process_->pidfd);
    worker_process_.reset();
    worker_backoff_ = worker_backoff_ == Duration{}
                          ? kWorkerBackoffMin
                          : std::min<Duration>(worker_backoff_ * 2, kWorkerBackoffMax);
    worker_retry_ = now() + worker_backoff_;
    if (!leaving_until_) tell_worker_end(to_text(end));
    lose_local_workers();
  }
  mind_adopted_worker();
  if (!wants_worker() || (worker_retry_ && now() < *worker_retry_)) return;
  worker_retry_ = now() + kWorkerBackoffMin;
  const auto started = cluster::start_local_worker(options_.home, endpoint_);
  if (!started) {
    spdlog::error("{}", started.error().message);
    start_trouble_ = fmt::format("{} (its log is {})", started.error().message, worker_log_);
    return;
  }
  worker_process_ = *started;
  worker_was_here_ = false;
}

// One that ends before it has said hello cannot work. One that ends once after that is started
// again and its trials are tried again, which the job's own events say; a second one that ends
// without having reported anything is no accident.
void Loop::tell_worker_end(const std::string& end) {
  spdlog::warn("the worker has ended: {}", end);
  if (!worker_was_here_) {
    start_trouble_ = "the worker ends as soon as it is started: " + end;
  } else if (!core_.state().jobs.empty() && ++idle_ends_ >= kIdleEndsTold) {
    start_trouble_ = "the worker keeps ending: " + end;
  }
}

// A worker that an earlier coordinator or a person started is no child of this process, so nobody
// reports its end; its lock says whether it lives.
void Loop::mind_adopted_worker() {
  if (!has_local_worker() || (adopted_check_ && now() < *adopted_check_)) return;
  adopted_check_ = now() + kAdoptedCheck;
  if (cluster::is_locked(cluster::worker_lock_path(worker_home_))) return;
  spdlog::warn("the worker is gone; its log is {}", worker_log_);
  lose_local_workers();
}

// Those of other machines have their leases.
void Loop::lose_local_workers() {
  for (const core::WorkerId& id : std::exchange(local_workers_, {})) {
    worker_trouble_.erase(id);
    if (core_.runtime().workers.contains(id)) happened(core::WorkerLost{id});
  }
}

void Loop::leave_if_idle() {
  if (!options_.leave_when_idle) return;
  const bool busy = !core_.state().jobs.empty() || !watchers_.empty() || !decided_.empty();
  if (busy) active_ = now();
  if (now() - active_ < *options_.leave_when_idle) {
    leaving_until_.reset();  // somebody came: the next job gets another worker
    return;
  }
  if (!leaving_until_) {
    spdlog::info("idle: leaving");
    leaving_until_ = now() + kLeaveMax;
    for (const auto& [id, worker] : core_.runtime().workers) {
      perform(core::Send{id, {worker.session, 0, core::Leave{}}});
    }
    lose_local_workers();
  }
  // What was sent last can be lost with the link, so the link stays until the worker has left.
  const bool have_left = !cluster::is_locked(cluster::worker_lock_path(worker_home_));
  if (have_left || *leaving_until_ <= now()) stopping_ = true;
}

std::optional<Duration> Loop::wait_time() const {
  std::optional<Instant> until = timer_;
  const auto no_later = [&](Instant at) {
    if (!until || at < *until) until = at;
  };
  for (const Watcher& watcher : watchers_) no_later(watcher.until);
  if (news_due_) no_later(*news_due_);
  if (wants_worker() && worker_retry_) no_later(*worker_retry_);
  const bool adopted = !worker_process_ && has_local_worker();
  if (adopted && adopted_check_) no_later(*adopted_check_);
  if (leaving_until_) {
    no_later(std::min(*leaving_until_, now() + kLeavePoll));
  } else if (options_.leave_when_idle) {
    no_later(active_ + *options_.leave_when_idle);
  }
  if (!until) return std::nullopt;
  return *until - now();
}

}  // namespace trawl::coordinator
