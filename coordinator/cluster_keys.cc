#include "coordinator/cluster_keys.h"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/local_endpoint.h"

namespace trawl::coordinator {
namespace {

using protocol::KeyFile;
using protocol::KeyUse;

std::string file_name(KeyUse use) {
  switch (use) {
    case KeyUse::kCoordinator:
      return "coordinator.key";
    case KeyUse::kWorker:
      return "worker.key";
    case KeyUse::kSubmitter:
      return "submit.key";
  }
  return "";
}

}  // namespace

Result<ClusterKeyFiles::Held> ClusterKeyFiles::held(const std::string& path, KeyUse use) {
  auto file = protocol::read_key_file(path);
  if (file && file->use != use) {
    return fail(ErrorCode::kInvalid,
                path + ": the key of another role; remove it, and another is made");
  }
  if (file) return Held{*std::move(file), false};
  if (file.error().code != ErrorCode::kNotFound) return tl::unexpected(file.error());
  auto pair = protocol::make_key_pair();
  if (!pair) return tl::unexpected(pair.error());
  return Held{KeyFile{use, "", "", *std::move(pair)}, true};
}

Result<ClusterKeyFiles> ClusterKeyFiles::open(const std::string& home) {
  ClusterKeyFiles files;
  files.folder_ = home + "/keys";
  const auto made = protocol::make_private_folder(files.folder_);
  if (!made) return tl::unexpected(made.error());
  for (const auto& [use, place] : {std::pair{KeyUse::kCoordinator, &files.coordinator_},
                                   {KeyUse::kWorker, &files.worker_},
                                   {KeyUse::kSubmitter, &files.submitter_}}) {
    auto read = held(files.folder_ + "/" + file_name(use), use);
    if (!read) return tl::unexpected(read.error());
    *place = *std::move(read);
  }
  return files;
}

protocol::ClusterKeys ClusterKeyFiles::keys() const {
  return {coordinator_.file.own, worker_.file.own.public_key, submitter_.file.own.public_key};
}

// The coordinator's comes last: while it is missing, the others name no key that lasts.
Result<void> ClusterKeyFiles::write(const protocol::TcpAddress& address) const {
  for (const Held* held : {&worker_, &submitter_, &coordinator_}) {
    KeyFile file = held->file;
    if (file.use != KeyUse::kCoordinator) {
      file.coordinator = to_string(address);
      file.coordinator_key = coordinator_.file.own.public_key;
    }
    if (!held->is_new && file == held->file) continue;
    auto written = protocol::write_key_file(folder_ + "/" + file_name(file.use), file);
    if (!written) return written;
  }
  return {};
}

}  // namespace trawl::coordinator
