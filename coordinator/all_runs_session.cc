#include "coordinator/all_runs_session.h"

#include <chrono>
#include <filesystem>

#include "coordinator/run_tables.h"
#include "tracking/fixed_answers.h"
#include "tracking/token.h"

namespace trawl::coordinator {
namespace {

using tracking::Answer;
using tracking::PreparedCall;
using tracking::Refusal;
using tracking::Response;

constexpr std::size_t kIdleReadersMax = 4;  // each holds up to 2 MiB of page cache
constexpr std::size_t kIdBytes = 16;

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Answer run_method(const PreparedCall& prepared, RunTables& tables) {
  tracking::Policy policy;
  policy.new_id = [] { return tracking::random_hex(kIdBytes); };
  std::vector<Record> records;  // written already, by `tables`
  tracking::Call call{policy, tables, records, now_ms()};
  return prepared.method(call, prepared.fields);
}

Response unavailable(const Error& error) {
  return to_response(tracking::temporarily_unavailable(error.message));
}

}  // namespace

struct AllRunsSession::Reader {
  explicit Reader(std::unique_ptr<SQLite::Database> opened)
      : database(std::move(opened)), statements(*database), tables(statements) {}

  std::unique_ptr<SQLite::Database> database;
  sqlite::Statements statements;
  RunTables tables;
};

AllRunsSession::AllRunsSession(Store* store, Settings settings)
    : store_(store), settings_(std::move(settings)), artifacts_(settings_.artifacts_root) {
  artifacts_.clear_uploads();
}

AllRunsSession::~AllRunsSession() = default;

bool AllRunsSession::admits(std::string_view authorization) const {
  return settings_.token.empty() || tracking::is_bearer(authorization, settings_.token);
}

Response AllRunsSession::handle(const tracking::Request& request) {
  if (auto fixed = tracking::fixed_answer(request)) return *std::move(fixed);
  const auto find = [this](const tracking::ArtifactOwner& owner) { return find_artifacts(owner); };
  if (auto answer = tracking::answer_artifacts(request, find)) return *std::move(answer);
  const auto call = tracking::prepare(request);
  if (!call) return to_response(call.error());
  return call->effect == tracking::Effect::kReads ? read(*call) : write(*call);
}

tl::expected<tracking::Upload, Refusal> AllRunsSession::begin_upload(std::string_view path) {
  return tracking::begin_artifact_upload(
      path, [this](const tracking::ArtifactOwner& owner) { return find_artifacts(owner); });
}

Response AllRunsSession::read(const PreparedCall& call) {
  Answer answer;
  const auto done = with_reader([&](RunTables& tables) { answer = run_method(call, tables); });
  return done ? to_response(answer) : unavailable(done.error());
}

Response AllRunsSession::write(const PreparedCall& call) {
  Answer answer;
  const auto done =
      store_->change_runs([&](RunTables& tables) { answer = run_method(call, tables); });
  return done ? to_response(answer) : unavailable(done.error());
}

// The newest attempt that has files of that owner; where none has, the newest.
tl::expected<tracking::ArtifactPlace, Refusal> AllRunsSession::find_artifacts(
    const tracking::ArtifactOwner& owner) {
  std::optional<RunTables::Artifacts> found;
  const auto done = with_reader([&](RunTables& tables) { found = tables.find_artifacts(owner); });
  if (!done) {
    return tracking::refuse(tracking::temporarily_unavailable(done.error().message));
  }
  const std::string folder = (owner.is_model ? "models/" : "") + owner.id;
  const bool is_elsewhere =
      found && !owner.experiment_id.empty() && owner.experiment_id != found->experiment_id;
  if (!found || is_elsewhere) {
    return tracking::refuse(
        tracking::resource_missing("No run or model has the artifacts " + folder));
  }
  if (found->attempts.empty()) {
    return tracking::ArtifactPlace{artifacts_, folder, found->experiment_id};
  }
  std::string root = found->attempts.front() + "/artifacts";
  for (const std::string& attempt : found->attempts) {
    std::error_code ignored;
    if (!std::filesystem::exists(attempt + "/artifacts/" + folder, ignored)) continue;
    root = attempt + "/artifacts";
    break;
  }
  return tracking::ArtifactPlace{tracking::ArtifactStore(std::move(root)), folder,
                                 found->experiment_id};
}

Result<void> AllRunsSession::with_reader(const std::function<void(RunTables&)>& body) {
  auto reader = take_reader();
  if (!reader) return tl::unexpected(reader.error());
  auto done = sqlite::guarded("cannot read the runs", [&] {
    SQLite::Transaction transaction(*(*reader)->database);
    body((*reader)->tables);
    transaction.commit();
  });
  const std::lock_guard lock(mutex_);
  if (done && idle_readers_.size() < kIdleReadersMax) idle_readers_.push_back(*std::move(reader));
  return done;
}

Result<std::unique_ptr<AllRunsSession::Reader>> AllRunsSession::take_reader() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_readers_.empty()) {
      auto reader = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return reader;
    }
  }
  auto database = store_->open_reader();
  if (!database) return tl::unexpected(database.error());
  return std::make_unique<Reader>(*std::move(database));
}

}  // namespace trawl::coordinator
