// coordinator/turn.h: what one turn of the loop has decided, before it goes to the store.
#pragma once

#include <deque>
#include <vector>

#include "core/command.h"
#include "core/fact.h"

namespace trawl::coordinator {

/// Keeps the last acknowledgement to each worker: it says it all.
void drop_repeated_acknowledgements(std::deque<core::Command>& commands);

/// Whether somebody or a slot waits for it. The rest loses nothing by sharing the next commit.
bool is_urgent(const std::vector<core::Fact>& facts, const std::deque<core::Command>& commands);

}  // namespace trawl::coordinator
