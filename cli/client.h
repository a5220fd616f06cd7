// cli/client.h: talks to the coordinator of a state folder, and starts the local one where none
// runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "protocol/client_message.h"
#include "protocol/socket.h"

namespace trawl::cli {

/// One thread uses it.
class Client {
 public:
  /// Whether to start a coordinator (which leaves when idle) where none holds the folder.
  enum class Start {
    kNever,
    kIfAbsent,
    kForJob,  // and its worker at once: a job follows
  };

  /// `home` is absolute and exists. kUnavailable says what the coordinator's log says.
  static Result<std::unique_ptr<Client>> connect(const std::string& home, Start start);

  /// Asks and waits for the answer, `timeout` at most. kUnavailable if the coordinator goes away
  /// meanwhile; connect again then.
  Result<std::string> ask(protocol::ClientRequest request, Duration timeout);

 private:
  Client(std::unique_ptr<protocol::Dealer> dealer, std::string log_path)
      : dealer_(std::move(dealer)), log_path_(std::move(log_path)) {}

  std::unique_ptr<protocol::Dealer> dealer_;
  const std::string log_path_;  // the coordinator's
  std::uint64_t request_last_ = 0;
};

struct BackgroundStart {
  pid_t pid{};
  std::optional<Error> refused;  // why it ended instead of serving, in its own words
};

/// Starts a coordinator in the background, with further `options` of `trawl coordinator start`.
/// Returns when it serves, or has ended (another one may have been faster).
Result<BackgroundStart> start_in_background(const std::string& home,
                                            const std::vector<std::string>& options);

/// What a coordinator that was started so writes to its ready descriptor: that it serves, or why it
/// does not.
std::string ready_text();
std::string refused_text(const Error& error);

inline constexpr Duration kAnswerTimeout = std::chrono::seconds(30);

}  // namespace trawl::cli
