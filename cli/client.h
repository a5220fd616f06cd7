// cli/client.h: talks to a coordinator: that of a state folder, which is started where none runs,
// or one elsewhere.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "protocol/client_message.h"
#include "protocol/key_file.h"
#include "protocol/socket.h"

namespace trawl::cli {

/// Which coordinator.
struct Target {
  std::string home;         // absolute, exists
  std::string coordinator;  // HOST:PORT of one elsewhere; "": that of `home`
  std::string key;          // the key file for that; "": keys/submit.key of `home`
  std::optional<protocol::KeyFile> key_read;  // what `key` holds, where it can be read only once
};

/// One thread uses it.
class Client {
 public:
  /// Whether to start a coordinator (which leaves when idle) where none holds the folder.
  enum class Start {
    kNever,
    kIfAbsent,
    kForJob,  // and its worker at once: a job follows
  };

  struct Manner {
    Start start{};            // of the local one
    bool is_patient = false;  // waits for one elsewhere, which may be starting again
  };

  /// kUnavailable says why, for the local one what its log says; kInvalid or kNotFound, what is
  /// wrong with the key file.
  static Result<std::unique_ptr<Client>> connect(const Target& target, Manner manner);

  /// Asks and waits for the answer, `timeout` at most. kUnavailable if the coordinator goes away
  /// meanwhile; connect again then.
  Result<std::string> ask(protocol::ClientRequest request, Duration timeout);

 private:
  Client(std::unique_ptr<protocol::Dealer> dealer, std::string name, std::string log_path)
      : dealer_(std::move(dealer)), name_(std::move(name)), log_path_(std::move(log_path)) {}

  static Result<std::unique_ptr<Client>> connect_locally(const std::string& home, Start start);
  static Result<std::unique_ptr<Client>> connect_elsewhere(const Target& target, bool is_patient);
  tl::unexpected<Error> unavailable(const std::string& what) const;

  std::unique_ptr<protocol::Dealer> dealer_;
  const std::string name_;      // the coordinator's, for people
  const std::string log_path_;  // its log; "" where that is elsewhere
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
