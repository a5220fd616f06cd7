// tests/unit/protocol/samples.cc: see samples.h. A new kind of message, fact or record breaks a
// static_assert here: give it a sample, then its golden file with TRAWL_BLESS=1.
#include "tests/unit/protocol/samples.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "protocol/codec.h"

namespace trawl::protocol {
namespace {

using core::AttemptId;
using core::Fact;
using core::Outcome;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
constexpr std::uint64_t kAllBits = std::numeric_limits<std::uint64_t>::max();

const std::string kAwkward("q'\"\n\t\\ \xc3\xbc\xe4\xb8\xad\xf0\x9f\x90\x9f\0\x01", 19);
const AttemptId kAttempt{{core::JobId{3}, 41}, 2};

template <class T, class Encode, class Decode>
Sample make(std::string name, const T& value, Encode encode, Decode decode) {
  Sample sample;
  sample.name = std::move(name);
  sample.bytes = encode(value);
  sample.recode = [encode, decode](std::string_view bytes) -> Result<std::string> {
    const auto decoded = decode(bytes);
    if (!decoded) return tl::unexpected(decoded.error());
    return encode(*decoded);
  };
  sample.is_same = [value, decode](std::string_view bytes) {
    const auto decoded = decode(bytes);
    return decoded && *decoded == value;
  };
  return sample;
}

Result<std::string> recode_inbound(std::string_view bytes) {
  const auto decoded = decode_inbound(bytes);
  if (!decoded) return tl::unexpected(decoded.error());
  return std::visit([](const auto& kind) { return encode(kind); }, *decoded);
}

Sample from_worker(const std::string& name, core::FromWorkerBody body) {
  const core::FromWorker message{{kAllBits, 3}, std::move(body)};
  Sample sample;
  sample.name = "from_worker_" + name;
  sample.bytes = encode(message);
  sample.recode = recode_inbound;
  sample.is_same = [message](std::string_view bytes) {
    const auto decoded = decode_inbound(bytes);
    if (!decoded) return false;
    const auto* got = std::get_if<core::FromWorker>(&*decoded);
    return got != nullptr && *got == message;
  };
  return sample;
}

Sample to_worker(const std::string& name, core::ToWorkerBody body) {
  const core::ToWorker message{{2, kAllBits}, 4, std::move(body)};
  return make(
      "to_worker_" + name, message, [](const core::ToWorker& value) { return encode(value); },
      decode_to_worker);
}

bool same(const SubmitJob& a, const SubmitJob& b) {
  return a.spec == b.spec;
}
bool same(const ListWorkers&, const ListWorkers&) {
  return true;
}
bool same(const DrainWorker& a, const DrainWorker& b) {
  return a.name == b.name;
}
bool same(const CancelJob& a, const CancelJob& b) {
  return a.name == b.name;
}
bool same(const ShowJob& a, const ShowJob& b) {
  return a.name == b.name;
}
bool same(const ListJobs& a, const ListJobs& b) {
  return a.parent == b.parent && a.max_results == b.max_results && a.archived == b.archived;
}
bool same(const WatchJob& a, const WatchJob& b) {
  return a.name == b.name && a.after == b.after && a.wait_ms == b.wait_ms;
}
bool same(const ReadLog& a, const ReadLog& b) {
  return a.name == b.name && a.offset == b.offset;
}
bool same(const GetStatus&, const GetStatus&) {
  return true;
}
bool same(const StopCoordinator&, const StopCoordinator&) {
  return true;
}

bool same(const UpdateJob& a, const UpdateJob& b) {
  return a.name == b.name && a.update == b.update;
}

template <class Kind>
Sample client(const std::string& name, const Kind& body) {
  Sample sample;
  sample.name = "client_" + name;
  ClientEnvelope envelope;
  envelope.request = kAllBits - 1;
  envelope.body.emplace<Kind>(body);
  sample.bytes = encode(envelope);
  sample.recode = recode_inbound;
  sample.is_same = [body](std::string_view bytes) {
    const auto decoded = decode_inbound(bytes);
    if (!decoded) return false;
    const auto* got = std::get_if<ClientEnvelope>(&*decoded);
    if (got == nullptr || got->request != kAllBits - 1) return false;
    const auto* kind = std::get_if<Kind>(&got->body);
    return kind != nullptr && same(*kind, body);
  };
  return sample;
}

Sample answer(const std::string& name, const Result<std::string>& json) {
  Sample sample;
  sample.name = "answer_" + name;
  sample.bytes = encode(ClientAnswer{7, json});
  sample.recode = [](std::string_view bytes) -> Result<std::string> {
    const auto decoded = decode_client_answer(bytes);
    if (!decoded) return tl::unexpected(decoded.error());
    return encode(*decoded);
  };
  sample.is_same = [json](std::string_view bytes) {
    const auto decoded = decode_client_answer(bytes);
    return decoded && decoded->request == 7 && decoded->json == json;
  };
  return sample;
}

template <class Kind>
Sample fact(const std::string& name, const Kind& body) {
  Fact value;
  value.at = {1'700'000'000'123'456};
  value.body.emplace<Kind>(body);
  return make("fact_" + name, value, encode_fact, decode_fact);
}

Value number(double value) {
  return {value};
}

ParameterSet parameters() {
  const Value inner{std::vector<NamedValue>{
      {"units", {std::int64_t{64}}},
      {"deeper",
       {std::vector<NamedValue>{{kAwkward, {kAwkward}}, {"none", {std::vector<NamedValue>{}}}}}},
  }};
  return {{"count", {kSmallest}},   {"rate", number(-0.0)},     {"", {std::string()}},
          {"tiny", number(5e-324)}, {"inf", number(kInfinity)}, {"layer", inner}};
}

std::vector<Record> records() {
  return {RunCreated{"child", "17", kAwkward, "", kSmallest},
          RunUpdated{"child", "FINISHED", std::nullopt, std::nullopt},
          RunUpdated{"child", std::nullopt, kLargest, ""},
          MetricLogged{"run", "acc", std::nan(""), 1, -1},
          MetricLogged{"run", "acc", -kInfinity, kLargest, kSmallest},
          ParamLogged{"run", "", ""},
          TagSet{"run", kAwkward, kAwkward},
          ExperimentCreated{"9", "digits", 5},
          TagDeleted{"run", "gone"},
          DocumentStored{"logged_model", "m/1", R"({"a":[1,2]})"},
          DocumentDeleted{"logged_model", "m/1"},
          RunDeleted{"child"},
          RunRestored{"child"},
          ExperimentRenamed{"9", kAwkward, 6},
          ExperimentDeleted{"9", 7},
          ExperimentRestored{"9", kLargest}};
}
static_assert(std::variant_size_v<Record> == 14);

SearchSpace space() {
  const SearchSpace inner = {{"units", RandInt{9}}, {"drop", Uniform{0.0, 0.5}}};
  const Choice choice{{{std::int64_t{1}}, {0.5}, {std::string("gelu")}, {inner}, {SearchSpace{}}}};
  return {{"choice", choice},
          {"randint", RandInt{kLargest}},
          {"uniform", Uniform{-1.5, 1e300}},
          {"quniform", QUniform{1, 8, 2}},
          {"loguniform", LogUniform{-6, -1, std::exp(1.0)}},
          {"qloguniform", QLogUniform{0, 3, 0.5, 10}},
          {"normal", Normal{0, 0}},
          {"qnormal", QNormal{0, 2, 1}},
          {"lognormal", LogNormal{0, 1, 2}},
          {kAwkward, QLogNormal{0, 1, 1, 2}}};
}
static_assert(std::variant_size_v<Distribution> == 10);

JobSpec command_spec() {
  JobSpec spec;
  spec.name = "hello";
  spec.command.command = "echo ${{inputs.data}}";
  return spec;
}

JobSpec sweep_spec() {
  JobSpec spec;
  spec.name = "lr";
  spec.display_name = kAwkward;
  spec.experiment_name = "digits";
  spec.description = "";
  spec.tags = {{"owner", "me"}, {"", ""}};
  spec.command = {"python train.py",
                  "/code",
                  "azureml:env@latest",
                  {{"A", "1"}, {"A", "2"}},
                  {2, 4, Launcher::kRay},
                  "/snapshots/1/environment",
                  0777};
  spec.inputs = {{"data", Input::Kind::kLocalPath, "uri_folder", "ro_mount", "/data set"},
                 {"url", Input::Kind::kUri, "uri_file", "download", "https://x/y"},
                 {"seed", Input::Kind::kLiteral, "", "", "True"}};
  spec.outputs = {{"model", "uri_file", "upload", "azureml://x"}};
  SweepSpec& sweep = spec.sweep.emplace();
  sweep.search_space = space();
  sweep.sampling = {SamplingRule::kBayesian, kAllBits};
  sweep.objective = {Goal::kMaximize, "acc"};
  sweep.early_termination = {Bandit{std::nullopt, 0.1}, 2, 5};
  sweep.limits = {1'000'000, 100, std::chrono::hours(3)};
  spec.timeout = std::chrono::microseconds(1);
  spec.document = R"({"type":"sweep"})";
  spec.submission = 0xFFFFFFFFFFFFFFFF;
  spec.created_by = "me";
  return spec;
}

JobSpec spec_with(const decltype(Policy::rule)& rule) {
  JobSpec spec = sweep_spec();
  spec.sweep->early_termination.rule = rule;
  spec.sweep->limits.trial_timeout.reset();
  return spec;
}
static_assert(std::variant_size_v<decltype(Policy::rule)> == 4);

JobUpdate update() {
  return {"Rates", "", {{"owner", "me"}, {kAwkward, std::nullopt}}, {{"note", kAwkward}}, true};
}

core::LaunchOrder order() {
  const JobSpec spec = sweep_spec();
  return {kAttempt, "lr",         "lr_41",     "Rates",      "digits",    "acc",
          true,     spec.command, spec.inputs, spec.outputs, parameters()};
}

void add_messages(std::vector<Sample>& all) {
  const auto report = [](std::uint64_t seq, core::ReportBody body) {
    return core::FromWorkerBody(std::in_place_type<core::Report>,
                                core::Report{seq, std::move(body)});
  };
  all.push_back(from_worker("hello", core::Hello{"node-1", kAllBits, 8, {kAttempt, {}}, true}));
  all.push_back(from_worker("hello_empty", core::Hello{}));
  all.push_back(from_worker("started", report(1, core::AttemptStarted{kAttempt, 4711, kAwkward})));
  all.push_back(from_worker("logged", report(2, core::AttemptLogged{kAttempt, records()})));
  all.push_back(from_worker(
      "ended", report(kAllBits, core::AttemptEnded{kAttempt,
                                                   {Outcome::Kind::kReturned, -1, kAwkward,
                                                    std::chrono::microseconds(kLargest), kSmallest,
                                                    true, std::chrono::microseconds(5), true}})));
  all.push_back(from_worker("heartbeat", core::Heartbeat{kAwkward, Instant{-1}, Instant{4}, 7, kAllBits, 8}));
  all.push_back(from_worker("goodbye", core::Goodbye{}));
  static_assert(std::variant_size_v<core::FromWorkerBody> == 4);
  static_assert(std::variant_size_v<core::ReportBody> == 3);

  all.push_back(to_worker(
      "welcome", core::Welcome{kAllBits, 5, std::chrono::seconds(60), std::chrono::seconds(10)}));
  all.push_back(to_worker("launch", core::Launch{order(), kAttempt}));
  all.push_back(to_worker("launch_empty", core::Launch{}));
  all.push_back(to_worker("stop", core::Stop{kAttempt, std::chrono::seconds(10)}));
  all.push_back(to_worker("acknowledge", core::Acknowledge{9}));
  all.push_back(to_worker("leave", core::Leave{}));
  all.push_back(to_worker("heartbeat_seen", core::HeartbeatSeen{Instant{kLargest}}));
  all.push_back(to_worker("send_again", core::SendAgain{kAllBits}));
  all.push_back(to_worker("hello_again", core::HelloAgain{}));
  all.push_back(to_worker("refused", core::Refused{kAwkward}));
  static_assert(std::variant_size_v<core::ToWorkerBody> == 9);

  all.push_back(client("submit", SubmitJob{sweep_spec()}));
  all.push_back(client("cancel", CancelJob{kAwkward}));
  all.push_back(client("show", ShowJob{"lr_41"}));
  all.push_back(client("list", ListJobs{"lr", 50, Archived::kIncluded}));
  all.push_back(client("watch", WatchJob{"lr", kLargest, 30'000}));
  all.push_back(client("read_log", ReadLog{"lr_41", 1 << 20}));
  all.push_back(client("get_status", GetStatus{}));
  all.push_back(client("stop_coordinator", StopCoordinator{}));
  all.push_back(client("update", UpdateJob{"lr", update()}));
  all.push_back(client("list_workers", ListWorkers{}));
  all.push_back(client("drain_worker", DrainWorker{"node-1"}));
  static_assert(std::variant_size_v<ClientRequest> == 11);
  all.push_back(answer("good", R"({"name":"lr"})"));
  all.push_back(answer("refused", fail(ErrorCode::kConflict, kAwkward)));
}

void add_facts(std::vector<Sample>& all) {
  using core::StopCause;
  const core::TrialId trial = kAttempt.trial;
  all.push_back(fact("job_submitted", core::JobSubmitted{core::JobId{3}, sweep_spec()}));
  all.push_back(fact("command_submitted", core::JobSubmitted{core::JobId{4}, command_spec()}));
  all.push_back(fact("trial_suggested", core::TrialSuggested{trial, parameters()}));
  all.push_back(fact("suggestions_exhausted", core::SuggestionsExhausted{core::JobId{3}}));
  all.push_back(fact("attempt_assigned",
                     core::AttemptAssigned{kAttempt, "node-1", kAllBits, kAttempt, true}));
  all.push_back(fact("attempt_running", core::AttemptRunning{{kAttempt, 4711, "/folder"}}));
  all.push_back(fact("records_accepted", core::RecordsAccepted{kAttempt, records()}));
  all.push_back(fact("primary_reported",
                     core::PrimaryReported{kAttempt, std::nan(""), kSmallest, true, false}));
  all.push_back(
      fact("stop_decided", core::StopDecided{kAttempt, StopCause::kJobTimeout, kAwkward}));
  all.push_back(fact("attempt_finished",
                     core::AttemptFinished{kAttempt,
                                           {Outcome::Kind::kSignalled, 15, "tail\n",
                                            std::chrono::milliseconds(1500), 1 << 20, false}}));
  all.push_back(fact("trial_ended", core::TrialEnded{trial, core::Status::kCanceled, kAwkward}));
  all.push_back(fact("job_cancel_requested",
                     core::JobCancelRequested{core::JobId{3}, StopCause::kCancel, ""}));
  all.push_back(fact("job_ended", core::JobEnded{core::JobId{3}, core::Status::kFailed, "why"}));
  all.push_back(fact("reports_taken", core::ReportsTaken{kAllBits, 1}));
  all.push_back(fact("job_updated", core::JobUpdated{core::JobId{3}, update()}));
  static_assert(std::variant_size_v<core::FactBody> == 14);
}

void add_parts(std::vector<Sample>& all) {
  all.push_back(make("report_logged", core::ReportBody(core::AttemptLogged{kAttempt, records()}),
                     encode_report, decode_report));
  all.push_back(make("spec_command", command_spec(), encode_spec, decode_spec));
  all.push_back(make("spec_no_policy", spec_with(std::monostate{}), encode_spec, decode_spec));
  all.push_back(
      make("spec_bandit", spec_with(Bandit{0.2, std::nullopt}), encode_spec, decode_spec));
  all.push_back(make("spec_median", spec_with(MedianStopping{}), encode_spec, decode_spec));
  all.push_back(
      make("spec_truncation", spec_with(TruncationSelection{99}), encode_spec, decode_spec));
}

}  // namespace

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = [] {
    std::vector<Sample> made;
    add_messages(made);
    add_facts(made);
    add_parts(made);
    return made;
  }();
  return all;
}

const Sample& sample(std::string_view name) {
  const auto found = std::ranges::find(samples(), name, &Sample::name);
  if (found == samples().end()) throw std::out_of_range("no sample " + std::string(name));
  return *found;
}

}  // namespace trawl::protocol
