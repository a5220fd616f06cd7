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

/// One elsewhere is not started but waited for, where it was there before. One thread uses it.
class PatientClient {
 public:
  explicit PatientClient(Target target) : target_(std::move(target)) {}

  /// The answer's JSON text. kUnavailable when no coordinator can be had, or five went away
  /// within a minute.
  Result<std::string> ask(const protocol::ClientRequest& request);

 private:
  const Target target_;
  std::unique_ptr<Client> client_;
  std::vector<Instant> gone_;  // when coordinators went away
};

}  // namespace trawl::cli
