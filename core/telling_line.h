// core/telling_line.h: which line of a log says why its program failed. Internal to core.
#pragma once

#include <string>
#include <string_view>

namespace trawl::core {

/// Of the last lines that a failed program printed, the one that tells a person most: where a
/// Python traceback is among them, the line of its exception (of the last traceback, which is the
/// one that ended the program or the cause nearest to it); else the last line that is not empty and
/// not one of the links that MLflow prints when a run ends. "" if there is none. `tail` may begin
/// in the middle of a line.
std::string telling_line(std::string_view tail);

}  // namespace trawl::core
