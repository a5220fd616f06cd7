// tracking/fixed_answers.h: what clients ask before they log, and what a person sees who opens the
// address that a client prints. The same for every session.
#pragma once

#include <optional>

#include "tracking/rest.h"

namespace trawl::tracking {

/// GET of /health, /version, server-info or the root; nothing for any other request.
std::optional<Response> fixed_answer(const Request& request);

}  // namespace trawl::tracking
