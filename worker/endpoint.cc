#include "worker/endpoint.h"

#include <chrono>
#include <fstream>
#include <pwd.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "base/assert.h"
#include "protocol/codec.h"
#include "protocol/socket.h"
#include "sweep/experiment.h"

namespace trawl::worker {
namespace {

constexpr std::size_t kReportBytesMax = std::size_t{1} << 20;  // with more than one record
static_assert(kReportBytesMax < protocol::kInboundBytesMax);
constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kRunIdBytes = 16;

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string user_name() {
  const passwd* entry = getpwuid(getuid());
  return entry != nullptr ? entry->pw_name : std::to_string(getuid());
}

std::vector<NamedText> first_tags(const core::LaunchOrder& order, const std::string& user) {
  std::vector<NamedText> tags = {{"mlflow.user", user},
                                 {"mlflow.source.name", order.command.command},
                                 {"mlflow.source.type", "JOB"}};
  if (order.is_sweep) tags.push_back({"mlflow.parentRunId", order.job_name});
  return tags;
}

std::vector<NamedText> sampled_params(const core::LaunchOrder& order) {
  std::vector<NamedText> params;
  for (const NamedValue& parameter : order.parameters) {
    params.push_back({parameter.name, plain_text(parameter.value)});
  }
  return params;
}

}  // namespace

class Endpoint::SpoolSink : public tracking::Sink {
 public:
  SpoolSink(Spool* spool, core::AttemptId attempt) : spool_(spool), attempt_(attempt) {}

  // In reports of a size that a network takes. Where a later one fails, the client sends all of it
  // again, and what is stored already is stored no second time.
  Result<void> commit(std::span<const Record> records) override {
    core::ReportBody body = core::AttemptLogged{attempt_, {records.begin(), records.end()}};
    const bool is_small =
        records.size() <= 1 || protocol::encode_report(body).size() <= kReportBytesMax;
    if (is_small) return spool_->append(std::move(body));
    const std::size_t half = records.size() / 2;
    auto committed = commit(records.first(half));
    return committed ? commit(records.subspan(half)) : committed;
  }

  core::AttemptId attempt() const { return attempt_; }

 private:
  Spool* spool_;
  core::AttemptId attempt_;
};

Endpoint::Endpoint(Spool* spool, tracking::ServerSettings settings)
    : spool_(spool), user_(user_name()), server_(std::move(settings)) {}

Endpoint::~Endpoint() = default;

Result<void> Endpoint::serve() {
  return server_.serve();
}

Result<EndpointAccess> Endpoint::open(const core::LaunchOrder& order, const EndpointPlace& place) {
  EndpointAccess access{fmt::format("http://127.0.0.1:{}/t/{}", server_.port(), order.trial_name),
                        random_hex(kTokenBytes), now_ms()};
  auto opened = reopen(order, place, access);
  if (!opened) return tl::unexpected(opened.error());
  return access;
}

Result<void> Endpoint::reopen(const core::LaunchOrder& order, const EndpointPlace& place,
                              const EndpointAccess& access) {
  auto sink = std::make_unique<SpoolSink>(spool_, order.attempt);
  tracking::TrialSettings settings;
  settings.trial = order.trial_name;
  settings.token = access.token;
  settings.run_id = order.trial_name;
  settings.run_name = order.trial_name;
  settings.user = user_;
  settings.start_time_ms = access.start_time_ms;
  settings.experiment_id = experiment_id(order.experiment_name);
  settings.experiment_name = order.experiment_name;
  settings.experiment_creation_ms = settings.start_time_ms;
  settings.tags = first_tags(order, user_);
  settings.params = sampled_params(order);
  settings.artifacts_root = place.artifacts_folder;
  settings.sink = sink.get();
  settings.reload = [spool = spool_, attempt = order.attempt] {
    return spool->records_of(attempt);
  };
  settings.now_ms = now_ms;
  settings.new_id = [] { return random_hex(kRunIdBytes); };
  settings.warn = [log_path = place.log_path](const std::string& sentence) {
    std::ofstream(log_path, std::ios::app) << "trawl: warning: " << sentence << "\n";
  };
  auto added = server_.add_session(std::move(settings));
  if (!added) return added;
  sinks_[order.trial_name] = std::move(sink);
  return {};
}

void Endpoint::close(const core::LaunchOrder& order) {
  const auto found = sinks_.find(order.trial_name);
  if (found == sinks_.end() || found->second->attempt() != order.attempt) return;
  server_.remove_session(order.trial_name);
  sinks_.erase(found);
}

}  // namespace trawl::worker
