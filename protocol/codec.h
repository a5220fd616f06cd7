// protocol/codec.h: messages and facts as bytes and back. A frame is the magic "TRWL", the protocol
// version, the kind of frame, and the body.
//
// Decoding never throws, allocates no more than a small multiple of the frame's own size, and
// refuses what is cut off, too deep, or followed by anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/fact.h"
#include "core/message.h"
#include "protocol/client_message.h"

namespace trawl::protocol {

/// 1 and up. Version 0 is that of the one frame that every release writes and reads alike, the
/// refusal: "TRWL", 0 (2 bytes), 0 (1 byte), and a sentence in UTF-8.
inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::size_t kFrameBytesMax = std::size_t{64} << 20;

/// What a frame that came in on the coordinator's socket may be.
using Inbound = std::variant<core::FromWorker, ClientEnvelope>;

std::string encode(const core::FromWorker& message);
std::string encode(const core::ToWorker& message);
std::string encode(const ClientEnvelope& message);
std::string encode(const ClientAnswer& message);

/// Answers a frame of another version. What decodes an answer gives the sentence as a
/// kUnavailable.
std::string encode_refusal(std::string_view sentence);

/// kInvalid: not a frame of ours, or damaged; kUnavailable: another version, with both named: what
/// to send back as a refusal.
Result<Inbound> decode_inbound(std::string_view frame);
Result<core::ToWorker> decode_to_worker(std::string_view frame);
Result<ClientAnswer> decode_client_answer(std::string_view frame);

/// For the journal and the spool: the same bytes without the frame's head.
std::string encode_fact(const core::Fact& fact);
Result<core::Fact> decode_fact(std::string_view bytes);
/// One or more, one behind the other.
Result<std::vector<core::Fact>> decode_facts(std::string_view bytes);
std::string encode_report(const core::ReportBody& body);
Result<core::ReportBody> decode_report(std::string_view bytes);
std::string encode_spec(const JobSpec& spec);
Result<JobSpec> decode_spec(std::string_view bytes);

}  // namespace trawl::protocol
