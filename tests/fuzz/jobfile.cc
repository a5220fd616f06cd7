// tests/fuzz/jobfile.cc: any bytes as a job file. The reader must say what is wrong, at places that
// are in the file, and must make a job exactly where nothing is.
#include <algorithm>
#include <fstream>

#include "sweep/jobfile/read.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trawl;
  static const fuzz::Folder folder;  // relative paths of a job lie in it; it is otherwise empty
  static const std::string file = folder.path() + "/job.yml";
  const std::string_view text = fuzz::text_of(data, size);
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;

  jobfile::ReadOptions options;
  options.fresh = 7;
  options.experiment_name = "fuzz";
  options.resolve_inputs = false;
  const jobfile::Reading reading = jobfile::read_job_file(file, options);
  const auto is_error = [](const jobfile::Diagnostic& diagnostic) {
    return diagnostic.severity == jobfile::Severity::kError;
  };
  fuzz::require(reading.job.has_value() == std::ranges::none_of(reading.diagnostics, is_error),
                "a job is there and an error too, or neither");
  const auto line_count = std::ranges::count(text, '\n') + std::ranges::count(text, '\r') + 1;
  for (const jobfile::Diagnostic& diagnostic : reading.diagnostics) {
    fuzz::require(!diagnostic.message.empty(), "a diagnostic without a message");
    fuzz::require(diagnostic.line >= 0 && diagnostic.line <= line_count, "a line behind the end");
    fuzz::require(!jobfile::to_string(diagnostic).empty(), "a diagnostic without a text");
  }
  return 0;
}
