// cli/download.h: brings a finished trial's files to a folder, as `az ml job download` lays them
// out.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "cli/context.h"

namespace trawl::cli {

struct DownloadArguments {
  std::string name;
  bool all = false;                        // artifacts and every named output
  std::optional<std::string> output_name;  // one named output alone
  std::string folder = ".";
};

/// Default: what the trial kept (./outputs, ./logs, user_logs, MLflow artifacts and logged models)
/// to FOLDER/artifacts; with --all also named outputs to FOLDER/named-outputs/<output>. Of a sweep:
/// its best trial's. kConflict while the job runs; kNotFound where there is nothing.
Result<void> download(const Context& context, const DownloadArguments& arguments);

}  // namespace trawl::cli
