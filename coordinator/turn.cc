#include "coordinator/turn.h"

#include <algorithm>
#include <set>

namespace trawl::coordinator {
namespace {

bool is_acknowledgement(const core::Command& command) {
  const auto* send = std::get_if<core::Send>(&command);
  return send != nullptr && std::holds_alternative<core::Acknowledge>(send->message.body);
}

// Its followers wait for that.
bool ends_job(const core::Fact& fact) {
  return std::holds_alternative<core::JobEnded>(fact.body);
}

bool is_awaited(const core::Command& command) {
  return !is_acknowledgement(command) && !std::holds_alternative<core::SetTimer>(command) &&
         !std::holds_alternative<core::DropSnapshot>(command) &&
         !std::holds_alternative<core::Dismiss>(command) &&
         !std::holds_alternative<core::Tell>(command);
}

}  // namespace

void drop_repeated_acknowledgements(std::deque<core::Command>& commands) {
  std::set<core::WorkerId> told;
  std::vector<bool> is_repeated(commands.size());
  for (std::size_t i = commands.size(); i-- > 0;) {
    is_repeated[i] = is_acknowledgement(commands[i]) &&
                     !told.insert(std::get<core::Send>(commands[i]).worker).second;
  }
  std::size_t index = 0;
  std::erase_if(commands, [&](const core::Command&) { return is_repeated[index++]; });
}

bool is_urgent(const std::vector<core::Fact>& facts, const std::deque<core::Command>& commands) {
  return std::ranges::any_of(commands, is_awaited) || std::ranges::any_of(facts, ends_job);
}

}  // namespace trawl::coordinator
