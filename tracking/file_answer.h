// tracking/file_answer.h: a file as the body of an HTTP answer, whole or one range of it (RFC 9110,
// section 14), streamed.
#pragma once

#include <httplib.h>
#include <string>

namespace trawl::tracking {

/// Fills `response` with the file: 200, 206 or 416. `range` is the header's value, empty for none;
/// a range that cannot be read, or several, is ignored. False when the file cannot be opened.
bool answer_with_file(const std::string& path, const std::string& range,
                      httplib::Response& response);

}  // namespace trawl::tracking
