// tests/fuzz/rest.cc: any requests to a trial's tracking endpoint, behind the HTTP parser. One line
// is one request: `VERB path?query body`, the path behind /api/2.0/ unless it begins with a slash.
// Whatever comes, the answer has a status of HTTP, a deterministic refusal is none that the client
// repeats, and what was committed gives the same state when it is read again.
#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "tracking/trial_session.h"

namespace {

using namespace trawl;
using namespace trawl::tracking;

constexpr std::size_t kRequestsMax = 64;

class MemorySink : public Sink {
 public:
  Result<void> commit(std::span<const Record> records) override {
    kept.insert(kept.end(), records.begin(), records.end());
    return {};
  }
  std::vector<Record> kept;
};

Request request_of(std::string_view line) {
  Request request;
  const std::size_t verb_end = std::min(line.find(' '), line.size());
  request.method = line.substr(0, verb_end);
  line.remove_prefix(std::min(verb_end + 1, line.size()));
  const std::size_t path_end = std::min(line.find(' '), line.size());
  std::string_view path = line.substr(0, path_end);
  line.remove_prefix(std::min(path_end + 1, line.size()));
  const std::size_t query = path.find('?');
  if (query != std::string_view::npos) {
    request.query = path.substr(query + 1);
    path = path.substr(0, query);
  }
  const bool is_absolute = path.starts_with('/');
  request.path = percent_decoded(is_absolute ? path : "/api/2.0/" + std::string(path));
  request.content_type = "application/json";
  request.body = line;
  return request;
}

std::unique_ptr<TrialSession> open_session(MemorySink& sink, const std::string& folder, int& id) {
  TrialSettings settings;
  settings.trial = "lr_0";
  settings.token = "token";
  settings.run_id = "lr_0";
  settings.run_name = "lr_0";
  settings.user = "somebody";
  settings.experiment_id = "7";
  settings.experiment_name = "fuzz";
  settings.tags = {{"mlflow.user", "somebody"}};
  settings.params = {{"lr", "0.1"}};
  settings.artifacts_root = folder;
  settings.sink = &sink;
  settings.reload = [&sink] { return Result<std::vector<Record>>(sink.kept); };
  settings.now_ms = [] { return std::int64_t{1000}; };
  settings.new_id = [&id] {
    std::string text = std::to_string(++id);
    return std::string(32 - text.size(), '0') + text;
  };
  settings.warn = [](const std::string&) {};
  auto session = TrialSession::open(std::move(settings));
  fuzz::require(session.has_value(), "the session cannot be opened");
  return std::move(*session);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  std::string_view text = fuzz::text_of(data, size);
  MemorySink sink;
  int id = 0;
  const auto session = open_session(sink, folder.path(), id);
  for (std::size_t count = 0; count < kRequestsMax && !text.empty(); ++count) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Response response = session->handle(request_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    fuzz::require(response.status >= 200 && response.status < 600, "a status that is none");
    fuzz::require(response.status < 500 || response.status == 501,
                  "a refusal that the client would repeat for ever");
  }
  const Request look{"GET", "/api/2.0/mlflow/runs/get", "run_id=lr_0", "", ""};
  const Response before = session->handle(look);
  const Response after = open_session(sink, folder.path(), id)->handle(look);
  fuzz::require(before.status == after.status && before.body == after.body,
                "what was committed gives another state");
  return 0;
}
