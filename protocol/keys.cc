#include "protocol/keys.h"

#include <array>
#include <cerrno>
#include <zmq.h>

namespace trawl::protocol {
namespace {

constexpr std::size_t kKeyCharacters = 40;
constexpr std::string_view kZ85 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

using KeyText = std::array<char, kKeyCharacters + 1>;

}  // namespace

std::string_view to_text(Role role) {
  switch (role) {
    case Role::kLocal:
      return "the local socket";
    case Role::kWorker:
      return "a worker";
    case Role::kSubmitter:
      return "a submitter";
  }
  return "";
}

Result<KeyPair> make_key_pair() {
  KeyText public_key{};
  KeyText secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    return fail_errno("cannot make a key", errno);
  }
  return KeyPair{public_key.data(), secret_key.data()};
}

bool is_key(std::string_view text) {
  return text.size() == kKeyCharacters && text.find_first_not_of(kZ85) == text.npos;
}

std::string public_key_of(const std::string& secret_key) {
  KeyText public_key{};
  const bool is_secret =
      is_key(secret_key) && zmq_curve_public(public_key.data(), secret_key.c_str()) == 0;
  return is_secret ? public_key.data() : "";
}

}  // namespace trawl::protocol
