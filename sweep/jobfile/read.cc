// The order of things: load, parse, override, check. Every fault found on the way is reported; a
// job comes out only where none is an error.
#include "sweep/jobfile/read.h"

#include <utility>

#include "sweep/jobfile/load.h"
#include "sweep/jobfile/override.h"
#include "sweep/jobfile/parse.h"
#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

std::optional<JobSpec> read(Context& context, const std::string& path) {
  const std::optional<std::size_t> source = load(context.report, path, path);
  if (!source) return std::nullopt;
  std::optional<Node> root = parse(context.report, *source);
  if (!root) return std::nullopt;
  if (is_null(*root)) {
    context.report.error({*source, 0}, "the file is empty: a job is a mapping of keys");
    return std::nullopt;
  }
  if (root->kind != Node::Kind::kMapping) {
    context.report.error(root->where, std::string("a job is a mapping of keys; this is ") +
                                          std::string(kind_name(*root)));
    return std::nullopt;
  }
  root->where = root->owner = {*source, 0};
  for (const Override& override : context.options.overrides) {
    apply_override(context, *root, override, context.report.source(*source).folder);
  }
  return read_job(context, *root);
}

}  // namespace

Reading read_job_file(const std::string& path, const ReadOptions& options) {
  Report report;
  Context context{report, options};
  Reading reading;
  std::optional<JobSpec> job = read(context, path);
  reading.diagnostics = report.diagnostics();
  if (!report.failed()) reading.job = std::move(job);
  return reading;
}

}  // namespace trawl::jobfile
