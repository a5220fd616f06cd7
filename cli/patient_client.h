// cli/patient_client.h: a client that connects again, starting the coordinator if need be, when the
// one that it asked goes away before it answers. Every request may be repeated: a submission
// carries a number that the coordinator recognises.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/client.h"

namespace trawl::cli {

/// One thread uses it.
class PatientClient {
 public:
  explicit PatientClient(std::string home) : home_(std::move(home)) {}

  /// The answer's JSON text. kUnavailable when no coordinator can be had, or five went away
  /// within a minute.
  Result<std::string> ask(const protocol::ClientRequest& request);

 private:
  const std::string home_;
  std::unique_ptr<Client> client_;
  std::vector<Instant> gone_;  // when coordinators went away
};

}  // namespace trawl::cli
