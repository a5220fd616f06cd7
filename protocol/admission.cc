#include "protocol/admission.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>
#include <zmq.h>

#include "protocol/zmq_parts.h"

namespace trawl::protocol {
namespace {

// The parts of a request; a reply begins with the first two of them.
enum Part : std::size_t { kVersion, kRequest, kDomain, kAddress, kRoutingId, kMechanism, kKey };
constexpr std::size_t kPartCount = kKey + 1;
constexpr std::size_t kRawKeyBytes = 32;

void reply(void* socket, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    const int more = &part == &parts.back() ? 0 : ZMQ_SNDMORE;
    zmq_send(socket, part.data(), part.size(), more | ZMQ_DONTWAIT);
  }
}

}  // namespace

std::string_view user_id_of(Role role) {
  return role == Role::kWorker ? "worker" : "submitter";
}

Role role_of_user_id(const char* user_id) {
  if (user_id == nullptr) return Role::kLocal;
  // Whatever it is, it is no local one.
  return user_id_of(Role::kSubmitter) == user_id ? Role::kSubmitter : Role::kWorker;
}

Admission::Admission(void* socket, const ClusterKeys& keys)
    : socket_(socket), worker_(keys.worker), submitter_(keys.submitter) {}

Admission::~Admission() {
  zmq_close(socket_);
}

Result<std::unique_ptr<Admission>> Admission::open(void* context, const ClusterKeys& keys) {
  constexpr const char* kZapEndpoint = "inproc://zeromq.zap.01";
  void* socket = zmq_socket(context, ZMQ_REP);
  zmq::set(socket, ZMQ_LINGER, 0);
  if (zmq_bind(socket, kZapEndpoint) != 0) {
    const int number = errno;
    zmq_close(socket);
    return fail(ErrorCode::kSystem,
                std::string("cannot check the keys of connections: ") + zmq_strerror(number));
  }
  return std::unique_ptr<Admission>(new Admission(socket, keys));
}

std::optional<Role> Admission::role_of(std::string_view raw_key) const {
  std::array<char, 41> text{};
  zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(raw_key.data()),
                 raw_key.size());
  if (text.data() == worker_) return Role::kWorker;
  if (text.data() == submitter_) return Role::kSubmitter;
  return std::nullopt;
}

void Admission::answer() {
  constexpr int kAnswersMax = 256;  // of one call
  constexpr std::size_t kRefusedMax = 100;
  for (int count = 0; count < kAnswersMax; ++count) {
    const std::vector<std::string> asked = zmq::receive_message(socket_);
    if (asked.empty()) return;
    const bool is_whole = asked.size() == kPartCount && asked[kMechanism] == "CURVE" &&
                          asked[kKey].size() == kRawKeyBytes && asked[kDomain] == kZapDomain;
    const auto role = is_whole ? role_of(asked[kKey]) : std::nullopt;
    const std::string request = asked.size() > kRequest ? asked[kRequest] : "";
    if (role) {
      reply(socket_, {"1.0", request, "200", "OK", std::string(user_id_of(*role)), ""});
      continue;
    }
    reply(socket_, {"1.0", request, "400", "not a key of this cluster", "", ""});
    if (asked.size() > kAddress && refused_.size() < kRefusedMax) {
      refused_.push_back(zmq::plain_host(asked[kAddress]));
    }
  }
}

std::optional<std::string> Admission::next_refused() {
  if (refused_.empty()) return std::nullopt;
  std::string address = std::move(refused_.front());
  refused_.pop_front();
  return address;
}

}  // namespace trawl::protocol
