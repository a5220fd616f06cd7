#include "base/error.h"

#include <cstring>

namespace trawl {

tl::unexpected<Error> fail_errno(const std::string& what, int number) {
  return fail(ErrorCode::kSystem, what + ": " + std::strerror(number));
}

}  // namespace trawl
