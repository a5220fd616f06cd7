// sweep/jobfile/paths.h: is a path of a job file on this machine, and where.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sweep/jobfile/fields.h"

namespace trawl::jobfile {

/// An http or https URL, which the worker fetches.
bool is_web(std::string_view path);
/// Any scheme and `://`: what mode `direct` passes on as it is.
bool is_uri(std::string_view path);

/// True for what only Azure ML or a network can give: `azureml:...`, `https://...`, `runs:/...`,
/// `git+...`, an ARM id.
bool is_remote(std::string_view path);

/// The absolute path of `written` (with or without `file:`), relative to the folder of the file
/// that `place` is in.
std::string local_path(const Context& context, Place place, std::string_view written);

enum class PathKind { kAbsent, kFile, kFolder };
PathKind path_kind(const std::string& path);

}  // namespace trawl::jobfile
