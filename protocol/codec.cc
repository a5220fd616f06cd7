#include "protocol/codec.h"

#include <cstring>
#include <exception>

#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>
#include <fmt/format.h>

#include "protocol/archive.h"
#include "protocol/fields.h"

namespace trawl::protocol {
namespace {

constexpr std::string_view kMagic = "TRWL";

/// Facts one behind the other, to the end of the bytes.
struct FactList {
  std::vector<core::Fact> facts;
};

void load(BoundedInput& input, FactList& list) {
  do {
    input(list.facts.emplace_back());
  } while (input.left() != 0);
}

enum class FrameKind : std::uint8_t { kFromWorker = 1, kToWorker = 2, kClient = 3, kAnswer = 4 };

constexpr std::size_t kHeadBytes = kMagic.size() + sizeof(std::uint16_t) + 1;

std::string head(FrameKind kind) {
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(&kProtocolVersion), sizeof kProtocolVersion);
  bytes.push_back(static_cast<char>(kind));
  return bytes;
}

template <class T>
std::string body_of(const T& value, std::string bytes) {
  Output output(bytes);
  output(value);
  return bytes;
}

/// The only place where cereal's exceptions end.
template <class T>
Result<T> parse(std::string_view bytes) {
  try {
    BoundedInput input(bytes);
    T value{};
    input(value);
    if (input.left() != 0) return fail(ErrorCode::kInvalid, "the message has bytes past its end");
    return value;
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInvalid, std::string("a damaged message: ") + error.what());
  }
}

Result<FrameKind> kind_of(std::string_view frame) {
  if (frame.size() < kHeadBytes || frame.substr(0, kMagic.size()) != kMagic) {
    return fail(ErrorCode::kInvalid, "not a message of trawl");
  }
  std::uint16_t version = 0;
  std::memcpy(&version, frame.data() + kMagic.size(), sizeof version);
  if (version != kProtocolVersion) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the other side speaks protocol version {}, this one {}: use the same "
                            "release of trawl on both",
                            version, kProtocolVersion));
  }
  return static_cast<FrameKind>(frame[kHeadBytes - 1]);
}

template <class T>
Result<T> parse_frame(std::string_view frame, FrameKind expected) {
  const auto kind = kind_of(frame);
  if (!kind) return tl::unexpected(kind.error());
  if (*kind != expected) return fail(ErrorCode::kInvalid, "a message of an unexpected kind");
  return parse<T>(frame.substr(kHeadBytes));
}

}  // namespace

std::string encode(const core::FromWorker& message) {
  return body_of(message, head(FrameKind::kFromWorker));
}

std::string encode(const core::ToWorker& message) {
  return body_of(message, head(FrameKind::kToWorker));
}

std::string encode(const ClientEnvelope& message) {
  return body_of(message, head(FrameKind::kClient));
}

std::string encode(const ClientAnswer& message) {
  return body_of(message, head(FrameKind::kAnswer));
}

Result<Inbound> decode_inbound(std::string_view frame) {
  const auto kind = kind_of(frame);
  if (!kind) return tl::unexpected(kind.error());
  if (*kind == FrameKind::kFromWorker) {
    auto message = parse<core::FromWorker>(frame.substr(kHeadBytes));
    if (!message) return tl::unexpected(message.error());
    return Inbound(std::in_place_index<0>, std::move(*message));
  }
  if (*kind == FrameKind::kClient) {
    auto message = parse<ClientEnvelope>(frame.substr(kHeadBytes));
    if (!message) return tl::unexpected(message.error());
    return Inbound(std::in_place_index<1>, std::move(*message));
  }
  return fail(ErrorCode::kInvalid, "a message of an unexpected kind");
}

Result<core::ToWorker> decode_to_worker(std::string_view frame) {
  return parse_frame<core::ToWorker>(frame, FrameKind::kToWorker);
}

Result<ClientAnswer> decode_client_answer(std::string_view frame) {
  return parse_frame<ClientAnswer>(frame, FrameKind::kAnswer);
}

std::string encode_fact(const core::Fact& fact) {
  return body_of(fact, {});
}

Result<core::Fact> decode_fact(std::string_view bytes) {
  return parse<core::Fact>(bytes);
}

Result<std::vector<core::Fact>> decode_facts(std::string_view bytes) {
  auto list = parse<FactList>(bytes);
  if (!list) return tl::unexpected(list.error());
  return std::move(list->facts);
}

std::string encode_report(const core::ReportBody& body) {
  return body_of(body, {});
}

Result<core::ReportBody> decode_report(std::string_view bytes) {
  return parse<core::ReportBody>(bytes);
}

std::string encode_spec(const JobSpec& spec) {
  return body_of(spec, {});
}

Result<JobSpec> decode_spec(std::string_view bytes) {
  return parse<JobSpec>(bytes);
}

}  // namespace trawl::protocol
