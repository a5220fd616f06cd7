// worker/inputs.h: the inputs of an attempt as local paths: fetched, copied or named in place.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/ids.h"
#include "sweep/job.h"
#include "worker/download_cache.h"

namespace trawl::worker {

struct InputPlace {
  std::string folder;       // of the attempt's inputs: <folder>/<name>/ is made where one needs it
  core::AttemptId attempt;  // whose they are
};

/// True where placing the input means fetching or copying it.
bool is_moved(const Input& input);

/// The same inputs, each with the text that `${{inputs.name}}` becomes:
///
///   literal, or mode direct          as it is: the text, the path, the URI
///   local path, ro_mount/eval_mount  the path itself; nothing is copied
///   local path, download/...         a copy of the attempt's own
///   http(s) URL, ro_mount/...        the fetched file, which may not be written
///   http(s) URL, download/...        a copy of it of the attempt's own
///
/// A fetched file keeps the name that its URL ends with; for another type than uri_file the text is
/// the folder that holds it. Errors name the input. Blocks; any thread.
Result<std::vector<Input>> place_inputs(const std::vector<Input>& inputs, const InputPlace& place,
                                        DownloadCache& cache, const std::stop_token& stop);

/// What a file fetched from `url` is called: its last segment, decoded; "data" where that is no
/// name of a file.
std::string file_name_of(const std::string& url);

}  // namespace trawl::worker
