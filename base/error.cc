#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace trawl {

tl::unexpected<Error> fail_errno(const std::string& what, int number) {
  const bool is_full = number == ENOSPC || number == EDQUOT;
  return fail(is_full ? ErrorCode::kFull : ErrorCode::kSystem, what + ": " + std::strerror(number));
}

}  // namespace trawl
