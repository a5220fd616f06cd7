#include "worker/loop.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sched.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "protocol/clock.h"
#include "protocol/codec.h"
#include "sweep/experiment.h"
#include "worker/carried.h"
#include "worker/environment.h"
#include "worker/process.h"

namespace trawl::worker {
namespace {

using protocol::now;

constexpr std::size_t kTailBytes = 4096;     // of an attempt's log, kept with its end
constexpr std::int64_t kResendCount = 1000;  // reports a read of the spool
constexpr Duration kRetryInterval = std::chrono::seconds(1);  // while the disk takes nothing
constexpr Duration kAloneMax = std::chrono::minutes(1);

std::int32_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(CPU_COUNT(&set), 1);
}

std::string find_shell() {
  return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}

std::string how_it_ended(const core::Outcome& outcome) {
  if (core::is_lost(outcome)) return outcome.detail;
  const bool exited = outcome.kind == core::Outcome::Kind::kExited;
  return fmt::format("{} {}", exited ? "exit code" : "signal", outcome.code);
}

}  // namespace

Loop::Loop(const WorkerOptions& options, Parts parts)
    : options_(options),
      shell_(find_shell()),
      keepers_(std::move(parts.keepers)),
      trouble_(std::move(parts.trouble)),
      durable_(std::move(parts.durable)),
      refused_(std::make_unique<protocol::Mailbox<core::ReportBody>>()),
      spool_(std::move(parts.spool)),
      endpoint_(std::move(parts.endpoint)),
      dealer_(std::move(parts.dealer)),
      stop_signals_(std::move(parts.stop_signals)),
      agent_({options.name, spool_->incarnation(), spool_->id(),
              options.slot_count > 0 ? options.slot_count : usable_cores()}),
      downloads_(options.home + "/downloads", options.download_bytes_max),
      link_log_(options.coordinator, options.key_path) {}

Result<void> Loop::run() {
  auto taken_up = take_up_leftovers();
  if (!taken_up) return taken_up;
  auto serving = endpoint_->serve();  // from here on clients that have waited are answered
  if (!serving) return serving;
  // The agent must know of these ends before it says hello: an attempt that its worker does not
  // name is given up at once, and what it had logged and the spool still holds would be fenced with
  // it.
  send_durable();
  read_keepers();  // what taking over has brought
  alone_since_ = now();
  while (!quitting_) {
    protocol::Waiter waiter;
    waiter.add(*dealer_);
    waiter.add(durable_->descriptor());
    waiter.add(trouble_->descriptor());
    waiter.add(refused_->descriptor());
    waiter.add(keepers_->descriptor());
    waiter.add(prepared_.descriptor());
    waiter.add(stop_signals_.get());
    waiter.wait(wait_time());
    read_stop_signals();
    if (quitting_) break;
    read_link();
    take_prepared();
    read_keepers();
    send_durable();
    retry_owed();
    launch_again();
    for (std::string& trouble : trouble_->take()) {
      disk_trouble_ = std::move(trouble);
      tell_trouble();
    }
    if (timer_ && *timer_ <= now()) {
      timer_.reset();
      happened(core::AgentTimerFired{});
    }
    prepare_ahead();
    if (is_idle() && owed_.empty() && has_waited_long_enough()) {
      spdlog::info("no coordinator for {} s and nothing runs here: leaving",
                   std::chrono::duration_cast<std::chrono::seconds>(kAloneMax).count());
      quitting_ = true;
    }
  }
  // What runs is for the next worker where this one cannot go on, and for nobody where it has been
  // let go or its trials are another store's.
  if (!is_told_to_end_ && !failure_) keepers_->end_all();
  if (failure_) return tl::unexpected(*failure_);
  return {};
}

// A worker of another machine waits for its coordinator until a person ends it.
bool Loop::has_waited_long_enough() const {
  return !options_.keys && alone_since_ && now() - *alone_since_ >= kAloneMax;
}

void Loop::read_stop_signals() {
  signalfd_siginfo signal{};
  if (::read(stop_signals_.get(), &signal, sizeof signal) != sizeof signal) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.takeover).count();
  spdlog::info("told to end by signal {}; {} trials {}", signal.ssi_signo, live_.size(),
               seconds == 0 ? "end with this worker"
                            : fmt::format("go on, and wait {} s for the next one", seconds));
  is_told_to_end_ = true;
  quitting_ = true;
}

std::optional<Duration> Loop::wait_time() const {
  if (!to_prepare_.empty()) return Duration{};
  std::optional<Instant> until = timer_;
  if (retry_at_ && (!until || *retry_at_ < *until)) until = retry_at_;
  if (launch_again_at_ && (!until || *launch_again_at_ < *until)) until = launch_again_at_;
  if (retire_at_ && (!until || *retire_at_ < *until)) until = retire_at_;
  if (!options_.keys && alone_since_ && is_idle()) {
    const Instant leave = *alone_since_ + kAloneMax;
    if (!until || leave < *until) until = leave;
  }
  if (!until) return std::nullopt;
  return *until - now();
}

void Loop::happened(decltype(core::AgentEvent::body) body) {
  for (auto& command : agent_.step({now(), std::move(body)})) {
    commands_.push_back(std::move(command));
  }
  // A command may make something happen in turn; the outermost call works the queue off in order.
  if (performing_) return;
  performing_ = true;
  while (!commands_.empty()) {
    const core::AgentCommand command = std::move(commands_.front());
    commands_.pop_front();
    perform(command);
  }
  performing_ = false;
}

void Loop::perform(const core::AgentCommand& command) {
  if (const auto* hello = std::get_if<core::SayHello>(&command)) {
    dealer_->send(protocol::encode(core::FromWorker{hello->session, hello->hello}));
  } else if (const auto* spawn = std::get_if<core::Spawn>(&command)) {
    launch(spawn->order);
  } else if (const auto* prepare = std::get_if<core::Prepare>(&command)) {
    to_prepare_.push_back(prepare->order);
  } else if (const auto* forget = std::get_if<core::Forget>(&command)) {
    this->forget(forget->attempt);
  } else if (const auto* sent = std::get_if<core::Signal>(&command)) {
    signal(*sent);
  } else if (const auto* append = std::get_if<core::Append>(&command)) {
    this->append(*append);
  } else if (const auto* discard = std::get_if<core::Discard>(&command)) {
    spool_->discard(discard->committed);
  } else if (const auto* again = std::get_if<core::Resend>(&command)) {
    resend(again->committed);
  } else if (const auto* timer = std::get_if<core::SetAgentTimer>(&command)) {
    timer_ = timer->at;
  } else if (const auto* beat = std::get_if<core::SayHeartbeat>(&command)) {
    say_heartbeat(*beat);
  } else if (const auto* limit = std::get_if<core::LimitAttempts>(&command)) {
    keepers_->set_lease(limit->until ? std::optional(boot_now() + (*limit->until - now()))
                                     : std::nullopt);
  } else if (const auto* goodbye = std::get_if<core::SayGoodbye>(&command)) {
    dealer_->send(protocol::encode(core::FromWorker{goodbye->session, core::Goodbye{}}));
  } else if (std::holds_alternative<core::Reconnect>(command)) {
    reconnect();
  } else if (const auto* tell = std::get_if<core::TellAgent>(&command)) {
    spdlog::warn("{}", tell->sentence);
  } else if (std::holds_alternative<core::Quit>(command)) {
    quitting_ = true;
  }
}

void Loop::append(const core::Append& append) {
  const auto urgency = append.is_awaited ? sqlite::GroupCommit::Urgency::kUrgent
                                         : sqlite::GroupCommit::Urgency::kLazy;
  spool_->append_later(append.body, urgency,
                       [body = append.body, mailbox = refused_.get()](const Error& error) {
                         spdlog::error("{}; trying again", error.message);
                         mailbox->push(body);
                       });
}

void Loop::retry_owed() {
  for (core::ReportBody& body : refused_->take()) owed_.push_back(std::move(body));
  if (owed_.empty()) return;
  if (!retry_at_) retry_at_ = now() + kRetryInterval;
  if (now() < *retry_at_) return;
  retry_at_.reset();
  for (const core::ReportBody& body : std::exchange(owed_, {})) append({body});
}

void Loop::launch(const core::LaunchOrder& order) {
  if (auto ready = ready_.extract(order.attempt); !ready.empty()) {
    spawn(ready.mapped());
    return;
  }
  std::erase_if(to_prepare_, [&](const auto& other) { return other.attempt == order.attempt; });
  if (!takes_time(order)) {
    spawn(make_ready(order));
    return;
  }
  const AttemptFolder folder = attempt_folder(options_.jobs_folder, order);
  preparing_.emplace(order.attempt,
                     Preparing{order, folder, prepare_later(order, folder, downloads_, prepared_)});
}

Loop::Ready Loop::make_ready(const core::LaunchOrder& order) {
  AttemptFolder folder = attempt_folder(options_.jobs_folder, order);
  const Result<Prepared> prepared = prepare(order, folder, downloads_, {});
  auto options = prepared ? spawn_options(order, folder, *prepared)
                          : Result<SpawnOptions>(tl::unexpected(prepared.error()));
  return {order, std::move(folder), std::move(options)};
}

// One a turn: the ends that come meanwhile are heard of first.
void Loop::prepare_ahead() {
  if (to_prepare_.empty()) return;
  const core::LaunchOrder order = std::move(to_prepare_.front());
  to_prepare_.pop_front();
  if (!takes_time(order)) ready_.emplace(order.attempt, make_ready(order));
}

void Loop::forget(core::AttemptId attempt) {
  std::erase_if(to_prepare_, [&](const auto& order) { return order.attempt == attempt; });
  const auto ready = ready_.extract(attempt);
  if (ready.empty()) return;
  endpoint_->close(ready.mapped().order);
  std::error_code ignored;  // an empty folder more
  std::filesystem::remove_all(ready.mapped().folder.root, ignored);
}

void Loop::take_prepared() {
  for (const Preparation& preparation : prepared_.take()) {
    const Preparing done = std::move(preparing_.at(preparation.attempt));
    preparing_.erase(preparation.attempt);
    if (done.thread.get_stop_token().stop_requested()) {
      could_not_start(done.order, "stopped before it was started");
      continue;
    }
    spawn({done.order, done.folder,
           preparation.result ? spawn_options(done.order, done.folder, *preparation.result)
                              : Result<SpawnOptions>(tl::unexpected(preparation.result.error()))});
  }
}

void Loop::spawn(const Ready& ready) {
  if (!ready.options && ready.options.error().code == ErrorCode::kFull) {
    wait_for_room(ready.order, ready.options.error().message);
    return;
  }
  if (!room_trouble_.empty() && roomless_.empty()) {
    room_trouble_.clear();
    tell_trouble();
  }
  const auto asked = ready.options ? keepers_->launch(ready.order.attempt, *ready.options)
                                   : Result<void>(tl::unexpected(ready.options.error()));
  if (asked) {
    live_.emplace(ready.order.attempt,
                  Live{ready.order, ready.folder, ready.options->argv.front() == shell_});
  } else {
    could_not_start(ready.order, asked.error().message);
  }
}

// It keeps its slot: another one would find the same disk.
void Loop::wait_for_room(const core::LaunchOrder& order, const std::string& reason) {
  spdlog::warn("{} of {}: {}; trying again", core::to_string(order.attempt), order.trial_name,
               reason);
  endpoint_->close(order);
  downloads_.release(order.attempt);
  roomless_.push_back(order);
  if (!launch_again_at_) launch_again_at_ = now() + kRetryInterval;
  if (!room_trouble_.empty()) return;
  room_trouble_ = reason + ": free some disk space";
  tell_trouble();
}

void Loop::launch_again() {
  if (!launch_again_at_ || now() < *launch_again_at_) return;
  launch_again_at_.reset();
  for (const core::LaunchOrder& order : std::exchange(roomless_, {})) launch(order);
}

void Loop::could_not_start(const core::LaunchOrder& order, const std::string& reason) {
  spdlog::warn("{} of {}: {}", core::to_string(order.attempt), order.trial_name, reason);
  endpoint_->close(order);
  downloads_.release(order.attempt);
  happened(core::ProcessesGone{order.attempt, {core::Outcome::Kind::kUnstarted, 0, reason}});
}

Result<SpawnOptions> Loop::spawn_options(const core::LaunchOrder& order,
                                         const AttemptFolder& folder, const Prepared& prepared) {
  const auto access = endpoint_->open(order, {folder.artifacts(), folder.log()});
  if (!access) return tl::unexpected(access.error());

  launch::Trial trial;
  trial.job_name = order.job_name;
  trial.trial_name = order.trial_name;
  trial.experiment_name = order.experiment_name;
  trial.experiment_id = experiment_id(order.experiment_name);
  trial.is_sweep = order.is_sweep;
  trial.command = &order.command;
  trial.inputs = &prepared.inputs;
  trial.outputs = &order.outputs;
  trial.parameters = &order.parameters;
  const launch::Place place{.work_folder = folder.work(),
                            .outputs_folder = folder.outputs(),
                            .tracking_uri = access->uri,
                            .tracking_token = access->token,
                            .marker = marker(options_.home, order.attempt),
                            .shell = shell_,
                            .no_proxy = text_of(prepared.environment, "NO_PROXY")};
  const auto plan = launch::plan(trial, place);
  if (!plan) return tl::unexpected(plan.error());
  auto outputs_made = make_outputs(*plan);
  if (!outputs_made) return tl::unexpected(outputs_made.error());
  auto environment = merged(prepared.environment, plan->unset, plan->environment);
  auto argv = argv_of(*plan, environment, programs_);
  const bool of_shell = argv.front() == shell_;
  return SpawnOptions{
      std::move(argv),
      std::move(environment),
      folder.work(),
      folder.log(),
      order.command.umask,
      encode(Carried{order, access->token, access->start_time_ms, of_shell, options_.jobs_folder})};
}

void Loop::signal(const core::Signal& signal) {
  const auto preparing = preparing_.find(signal.attempt);
  if (preparing != preparing_.end()) preparing->second.thread.request_stop();
  const auto roomless = std::ranges::find(roomless_, signal.attempt, &core::LaunchOrder::attempt);
  if (roomless != roomless_.end()) {
    const core::LaunchOrder order = std::move(*roomless);
    roomless_.erase(roomless);
    could_not_start(order, "stopped before there was room on the disk for it");
  }
  const auto live = live_.find(signal.attempt);
  if (live == live_.end() || live->second.pid == 0) return;
  if (signal.kill) {
    keepers_->kill(signal.attempt);
  } else {
    keepers_->terminate(signal.attempt);
  }
  spdlog::info("{}: {}", core::to_string(signal.attempt), signal.kill ? "SIGKILL" : "SIGTERM");
}

void Loop::read_keepers() {
  std::vector<core::AttemptId> begun;
  for (const Keepers::Event& event : keepers_->read()) {
    const core::AttemptId attempt = std::visit([](const auto& e) { return e.attempt; }, event);
    if (!live_.contains(attempt)) continue;  // an earlier worker's, given up at the start
    if (const auto* started = std::get_if<Keepers::Started>(&event)) {
      Live& live = live_.at(attempt);
      live.pid = started->pid;
      begun.push_back(attempt);
      happened(core::Spawned{attempt, started->pid, live.folder.root});
      continue;
    }
    const Live live = std::move(live_.at(attempt));
    live_.erase(attempt);
    if (const auto* unstarted = std::get_if<Keepers::Unstarted>(&event)) {
      could_not_start(live.order, unstarted->reason);
    } else {
      finish(live, std::get<Keepers::Ended>(event));
    }
  }
  for (const core::AttemptId& attempt : begun) {
    const auto live = live_.find(attempt);
    if (live == live_.end()) continue;  // it has ended by now: one line tells of both
    spdlog::info("{} of {} runs as process {}", core::to_string(attempt),
                 live->second.order.trial_name, live->second.pid);
  }
  retire_at_ = keepers_->retire(now());
}

void Loop::finish(const Live& live, const Keepers::Ended& ended) {
  if (live.pid == 0 && core::is_lost(ended.outcome)) {
    // Its keeper went before it could tell: there may have been a process, and there are its files.
    happened(core::Spawned{ended.attempt, 0, live.folder.root});
  }
  if (ended.is_unattended) kill_marked(marker(options_.home, ended.attempt));
  endpoint_->close(live.order);
  downloads_.release(ended.attempt);
  core::Outcome outcome = ended.outcome;
  if (!core::is_lost(outcome)) {
    outcome.detail = tail_of(live.folder.log(), kTailBytes);
    outcome.of_shell = live.of_shell;
  }
  spdlog::info("{} of {}, process {}, ended: {}", core::to_string(ended.attempt),
               live.order.trial_name, live.pid, how_it_ended(outcome));
  happened(core::ProcessesGone{ended.attempt, std::move(outcome)});
}

void Loop::send_durable() {
  for (const core::Report& report : durable_->take()) {
    if (const auto* ended = std::get_if<core::AttemptEnded>(&report.body)) {
      happened(core::EndSpooled{ended->attempt, report.seq});
    }
    spooled_ = report.seq;
    if (!agent_.is_welcome() || report.seq <= sent_) continue;
    send_report(report);
  }
}

void Loop::send_report(const core::Report& report) {
  dealer_->send(protocol::encode(core::FromWorker{agent_.session(), report}));
  sent_ = report.seq;
}

void Loop::resend(std::uint64_t committed) {
  sent_ = committed;
  while (true) {
    const auto reports = spool_->read_after(sent_, kResendCount);
    if (!reports) {
      failure_ = reports.error();  // sending on would leave a gap that the coordinator asks for
      quitting_ = true;
      return;
    }
    if (reports->empty()) return;
    for (const core::Report& report : *reports) send_report(report);
  }
}

void Loop::read_link() {
  while (const auto change = dealer_->next_change()) {
    take_change(*change);
  }
  while (const auto frame = dealer_->receive()) {
    auto message = protocol::decode_to_worker(*frame);
    if (!message && message.error().code == ErrorCode::kUnavailable) {
      failure_ = message.error();  // of another version: no message of it can be understood
      quitting_ = true;
      return;
    }
    if (!message) {
      spdlog::error("from the coordinator: {}", message.error().message);
      continue;
    }
    if (!may_take(*message)) return;
    happened(core::MessageArrived{std::move(*message)});
  }
}

void Loop::take_change(protocol::Dealer::Change change) {
  using enum protocol::Dealer::Change;
  link_log_.tell(change, *dealer_);
  if (change != kUp && change != kDown) return;
  if (change == kUp) {
    alone_since_.reset();
    happened(core::LinkUp{});
  } else {
    alone_since_ = now();
    happened(core::LinkDown{});
  }
}

// Nobody tells of the end of the old link.
void Loop::reconnect() {
  spdlog::warn("nothing is heard from the coordinator: connecting again");
  dealer_->reconnect();
  if (!alone_since_) alone_since_ = now();
  happened(core::LinkDown{});
}

// False where the spool and the coordinator do not go together, and this worker must end.
bool Loop::may_take(const core::ToWorker& message) {
  const auto* welcome = std::get_if<core::Welcome>(&message.body);
  if (welcome == nullptr) return true;
  const auto fits = spool_->fits(welcome->store, welcome->committed);
  if (!fits) failure_ = fits.error();
  has_foreign_spool_ = fits && !*fits;
  quitting_ = failure_ || has_foreign_spool_;
  return !quitting_;
}

void Loop::say_heartbeat(const core::SayHeartbeat& beat) {
  core::Heartbeat heartbeat = beat.heartbeat;
  heartbeat.trouble = disk_trouble_.empty() ? room_trouble_ : disk_trouble_;
  heartbeat.spooled = spooled_;
  dealer_->send(protocol::encode(core::FromWorker{beat.session, heartbeat}));
}

void Loop::tell_trouble() {
  happened(core::TroubleChanged{});
}

}  // namespace trawl::worker
