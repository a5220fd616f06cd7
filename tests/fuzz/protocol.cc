// tests/fuzz/protocol.cc: any bytes as a frame, a journalled fact or a spooled report. What is not
// refused must come out the same when it is encoded and decoded again.
#include "protocol/codec.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using trawl::fuzz::require;

template <class Value, class Encode, class Decode>
void check_round_trip(const trawl::Result<Value>& decoded, Encode encode, Decode decode) {
  if (!decoded) {
    require(!decoded.error().message.empty(), "an error without a message");
    return;
  }
  const std::string bytes = encode(*decoded);
  const auto again = decode(bytes);
  require(again.has_value(), "what was encoded cannot be decoded");
  require(encode(*again) == bytes, "another value came back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trawl::protocol;
  const std::string_view bytes = trawl::fuzz::text_of(data, size);
  check_round_trip(
      decode_inbound(bytes),
      [](const Inbound& message) {
        return std::visit([](const auto& kind) { return encode(kind); }, message);
      },
      decode_inbound);
  check_round_trip(
      decode_to_worker(bytes), [](const auto& message) { return encode(message); },
      decode_to_worker);
  check_round_trip(
      decode_client_answer(bytes), [](const auto& answer) { return encode(answer); },
      decode_client_answer);
  check_round_trip(decode_fact(bytes), encode_fact, decode_fact);
  check_round_trip(decode_report(bytes), encode_report, decode_report);
  check_round_trip(decode_spec(bytes), encode_spec, decode_spec);
  return 0;
}
