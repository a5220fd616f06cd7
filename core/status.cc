#include "core/status.h"

namespace trawl::core {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kQueued:
      return "Queued";
    case Status::kStarting:
      return "Starting";
    case Status::kRunning:
      return "Running";
    case Status::kCancelRequested:
      return "CancelRequested";
    case Status::kCompleted:
      return "Completed";
    case Status::kFailed:
      return "Failed";
    case Status::kCanceled:
      return "Canceled";
  }
  return "Queued";
}

bool is_terminal(Status status) {
  return status == Status::kCompleted || status == Status::kFailed || status == Status::kCanceled;
}

}  // namespace trawl::core
