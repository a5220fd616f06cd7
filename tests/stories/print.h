// tests/stories/print.h: the core's events, facts and commands as one line of text each: ids first,
// then what a person wants to see. Golden stories and the simulator's trace are made of these
// lines, so a line is a function of the value alone.
#pragma once

#include <string>

#include "core/agent.h"
#include "core/command.h"
#include "core/event.h"
#include "core/fact.h"

namespace trawl::core {

std::string to_text(const EventBody& event);
std::string to_text(const FactBody& fact);
std::string to_text(const Command& command);
std::string to_text(const ToWorker& message);
std::string to_text(const FromWorkerBody& message);
std::string to_text(const ReportBody& body);
std::string to_text(const Outcome& outcome);

/// `12.5s` since the epoch of the story.
std::string to_text(Instant at);

/// `lr=0.1 layers=2`, or `no parameters`.
std::string to_text(const ParameterSet& parameters);

}  // namespace trawl::core
