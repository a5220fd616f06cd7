// base/assert.h: TRAWL_ASSERT states what must hold if our own code is right. It stays on in
// release: a defect writes a report that can be sent to us and ends the process with exit code 70.
#pragma once

#include <string>

namespace trawl {

/// Where the report goes; standard error alone until it is set. Call once, at start.
void set_defect_report_folder(std::string folder);

[[noreturn]] void report_defect(const char* condition, const char* file, int line);

}  // namespace trawl

#define TRAWL_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::trawl::report_defect(#condition, __FILE__, __LINE__))
