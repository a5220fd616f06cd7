#include "cli/connection_key.h"

#include <fmt/format.h>

namespace trawl::cli {
namespace {

using protocol::KeyUse;

struct Kind {
  KeyUse use{};
  const char* file;   // in the coordinator's keys folder
  const char* whose;  // a key of ...
};
constexpr Kind kWorker{KeyUse::kWorker, "worker.key", "workers"};
constexpr Kind kSubmitter{KeyUse::kSubmitter, "submit.key", "submitters"};

Result<ConnectionKey> read_key(const Target& target, const Kind& kind) {
  const std::string path =
      target.key.empty() ? fmt::format("{}/keys/{}", target.home, kind.file) : target.key;
  const auto file =
      target.key_read ? Result<protocol::KeyFile>(*target.key_read) : protocol::read_key_file(path);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound,
                fmt::format("{}; copy keys/{} from the coordinator's state folder to there, or "
                            "name it with --key",
                            file.error().message, kind.file));
  }
  if (!file) return tl::unexpected(file.error());
  if (file->use != kind.use) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{}: this is no key of {}; theirs is keys/{} in the coordinator's state "
                    "folder",
                    path, kind.whose, kind.file));
  }
  const bool is_given = !target.coordinator.empty();
  const auto address =
      protocol::parse_tcp_address(is_given ? target.coordinator : file->coordinator);
  if (!address) {
    return fail(ErrorCode::kInvalid,
                "--coordinator " + target.coordinator + ": " + address.error().message);
  }
  return ConnectionKey{path, *address, {file->own, file->coordinator_key}};
}

}  // namespace

Result<ConnectionKey> read_worker_key(const Target& target) {
  return read_key(target, kWorker);
}

Result<ConnectionKey> read_submitter_key(const Target& target) {
  return read_key(target, kSubmitter);
}

}  // namespace trawl::cli
