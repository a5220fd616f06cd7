#include "protocol/codec.h"

#include <cstring>
#include <exception>

#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "protocol/archive.h"
#include "protocol/client_fields.h"
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

constexpr std::uint16_t kRefusalVersion = 0;
constexpr std::size_t kRefusalBytesMax = 1000;

std::string head(std::uint16_t version, std::uint8_t kind) {
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(&version), sizeof version);
  bytes.push_back(static_cast<char>(kind));
  return bytes;
}

std::string head(FrameKind kind) {
  return head(kProtocolVersion, static_cast<std::uint8_t>(kind));
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

Result<std::uint16_t> version_of(std::string_view frame) {
  if (frame.size() < kHeadBytes || frame.substr(0, kMagic.size()) != kMagic) {
    return fail(ErrorCode::kInvalid, "not a message of trawl");
  }
  std::uint16_t version = 0;
  std::memcpy(&version, frame.data() + kMagic.size(), sizeof version);
  return version;
}

// The byte has this place and these numbers in every version.
FrameKind kind_byte(std::string_view frame) {
  return static_cast<FrameKind>(frame[kHeadBytes - 1]);
}

Result<FrameKind> kind_of(std::string_view frame) {
  const auto version = version_of(frame);
  if (!version) return tl::unexpected(version.error());
  if (*version == kProtocolVersion) return kind_byte(frame);
  const char* peer = kind_byte(frame) == FrameKind::kFromWorker ? "worker" : "client";
  return fail(ErrorCode::kUnavailable,
              fmt::format("this coordinator is trawl {} and speaks protocol {}; the {} speaks {}: "
                          "install the same version on both",
                          TRAWL_VERSION, kProtocolVersion, peer, *version));
}

// Of a frame from the coordinator.
Result<FrameKind> answered_kind_of(std::string_view frame) {
  const auto version = version_of(frame);
  if (!version) return tl::unexpected(version.error());
  if (*version == kProtocolVersion) return kind_byte(frame);
  if (*version == kRefusalVersion) {
    const std::string_view sentence = frame.substr(kHeadBytes);
    const bool is_text = sentence.size() <= kRefusalBytesMax && is_utf8(sentence);
    return fail(ErrorCode::kUnavailable,
                "the coordinator refuses: " + std::string(is_text ? sentence : "no reason given"));
  }
  return fail(ErrorCode::kUnavailable,
              fmt::format("this is trawl {} and speaks protocol {}; the coordinator speaks {}: "
                          "install the same version on both",
                          TRAWL_VERSION, kProtocolVersion, *version));
}

template <class T>
Result<T> parse_frame(std::string_view frame, FrameKind expected) {
  const auto kind = answered_kind_of(frame);
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

std::string encode_refusal(std::string_view sentence) {
  return head(kRefusalVersion, 0) + std::string(sentence.substr(0, kRefusalBytesMax));
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
