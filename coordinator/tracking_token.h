// coordinator/tracking_token.h: the token that clients of the coordinator's tracking address send.
#pragma once

#include <string>

#include "base/error.h"

namespace trawl::coordinator {

/// The token of a state folder: 64 hexadecimal digits in the file `tracking-token` (0600), made by
/// whoever asks first and the same from then on. kInvalid: the file holds something else; kSystem:
/// it cannot be read or made.
Result<std::string> tracking_token(const std::string& home);

}  // namespace trawl::coordinator
