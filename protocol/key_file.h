// protocol/key_file.h: a key and all that goes with it as a file that people copy to other
// machines.
//
//   # trawl: whoever can read this file can join the cluster as a worker
//   role = worker
//   coordinator = head.example.org:7700
//   coordinator_key = rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7
//   public_key = Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID
//   secret_key = D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs
//
// It holds a secret, so one that others may read is refused, as ssh does.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "protocol/keys.h"

namespace trawl::protocol {

/// What a file is for; the first word of its `role` line.
enum class KeyUse { kCoordinator, kWorker, kSubmitter };

struct KeyFile {
  KeyUse use{};
  std::string coordinator;      // HOST:PORT; "" in the coordinator's own file
  std::string coordinator_key;  // public; "" likewise
  KeyPair own;
  friend bool operator==(const KeyFile&, const KeyFile&) = default;
};

/// The file's text, which parse_key_file() takes.
std::string to_text(const KeyFile& file);

/// kInvalid: `name`:line: what is wrong. Errors never repeat what the text holds.
Result<KeyFile> parse_key_file(std::string_view text, const std::string& name);

/// Reads the file at `path`, or standard input where that is "-". kNotFound: there is none;
/// kInvalid: others may read it (with the chmod that mends it), it belongs to another user, or it
/// is no key file; kSystem: it cannot be read.
Result<KeyFile> read_key_file(const std::string& path);

/// Writes it (0600) in the place of what is there, whole or not at all, and durably.
Result<void> write_key_file(const std::string& path, const KeyFile& file);

}  // namespace trawl::protocol
