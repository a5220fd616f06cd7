// Messages and facts as bytes and back, and what is refused with which words.
#include "protocol/codec.h"

#include <cstring>

#include <catch2/catch.hpp>

#include "tests/unit/protocol/samples.h"

namespace trawl::protocol {
namespace {

constexpr std::size_t kHeadBytes = 7;  // magic, version, kind of frame

TEST_CASE("every kind comes back as it was", "[codec]") {
  for (const Sample& sample : samples()) {
    INFO(sample.name);
    CHECK(sample.is_same(sample.bytes));
    CHECK(sample.recode(sample.bytes).value() == sample.bytes);
  }
}

TEST_CASE("what is cut off anywhere is refused", "[codec]") {
  for (const Sample& sample : samples()) {
    INFO(sample.name);
    for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
      if (sample.recode(std::string_view(sample.bytes).substr(0, size))) {
        FAIL_CHECK("accepted with " << size << " of " << sample.bytes.size() << " bytes");
      }
    }
  }
}

TEST_CASE("what has bytes past its end is refused", "[codec]") {
  for (const Sample& sample : samples()) {
    INFO(sample.name);
    const auto result = sample.recode(sample.bytes + '\0');
    REQUIRE_FALSE(result);
    CHECK(result.error() == Error{ErrorCode::kInvalid, "the message has bytes past its end"});
  }
}

TEST_CASE("a frame that is not ours is refused", "[codec]") {
  const Error expected{ErrorCode::kInvalid, "not a message of trawl"};
  for (const std::string bytes : {"", "TRWL", "GET / HTTP/1.1\r\n\r\n", "trwl\1\0\1", "TRWL\1"}) {
    CHECK(decode_inbound(bytes).error() == expected);
    CHECK(decode_to_worker(bytes).error() == expected);
    CHECK(decode_client_answer(bytes).error() == expected);
  }
}

TEST_CASE("a refusal is read by every version", "[codec]") {
  const std::string bytes = encode_refusal("install the same version");
  CHECK((bytes == std::string("TRWL\0\0\0install the same version", 31)));
  const Error expected{ErrorCode::kUnavailable,
                       "the coordinator refuses: install the same version"};
  CHECK(decode_to_worker(bytes).error() == expected);
  CHECK(decode_client_answer(bytes).error() == expected);
  CHECK_FALSE(decode_inbound(bytes));
  const Error garbled{ErrorCode::kUnavailable, "the coordinator refuses: no reason given"};
  CHECK(decode_to_worker(bytes + '\xff').error() == garbled);
  CHECK(decode_to_worker(bytes + std::string(2000, 'x')).error() == garbled);
}

TEST_CASE("another protocol version is named", "[codec]") {
  std::string bytes = sample("from_worker_hello").bytes;
  bytes[4] = 7;
  bytes[5] = 1;
  const Error expected{ErrorCode::kUnavailable,
                       "this coordinator is trawl " TRAWL_VERSION
                       " and speaks protocol 1; the worker speaks 263: install the same version on "
                       "both"};
  CHECK(decode_inbound(bytes).error() == expected);
  for (const auto& error :
       {decode_to_worker(bytes).error(), decode_client_answer(bytes).error()}) {
    CHECK(error == Error{ErrorCode::kUnavailable,
                         "this is trawl " TRAWL_VERSION
                         " and speaks protocol 1; the coordinator speaks 263: install the same "
                         "version on both"});
  }
  // Whatever a later version puts behind its head.
  CHECK(decode_inbound(bytes.substr(0, kHeadBytes)).error() == expected);
}

TEST_CASE("a frame of another kind than this side takes is refused", "[codec]") {
  const Error expected{ErrorCode::kInvalid, "a message of an unexpected kind"};
  CHECK(decode_inbound(sample("to_worker_leave").bytes).error() == expected);
  CHECK(decode_inbound(sample("answer_good").bytes).error() == expected);
  CHECK(decode_to_worker(sample("from_worker_hello").bytes).error() == expected);
  CHECK(decode_to_worker(sample("client_show").bytes).error() == expected);
  CHECK(decode_client_answer(sample("to_worker_leave").bytes).error() == expected);
  std::string unknown = sample("from_worker_hello").bytes;
  unknown[kHeadBytes - 1] = 9;
  CHECK(decode_inbound(unknown).error() == expected);
}

TEST_CASE("a kind of message that this release does not know is refused", "[codec]") {
  constexpr std::size_t kKindAt = kHeadBytes + 3 * 8;  // behind the session and the order
  for (const std::int32_t index : {9, 1000, -1}) {
    std::string bytes = sample("to_worker_leave").bytes;
    std::memcpy(bytes.data() + kKindAt, &index, sizeof index);
    const auto result = decode_to_worker(bytes);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::kInvalid);
    CHECK_THAT(result.error().message, Catch::StartsWith("a damaged message: "));
  }
}

TEST_CASE("an enumerator that this release does not know is refused", "[codec]") {
  const std::string ended = sample("fact_job_ended").bytes;
  constexpr std::size_t kStatusAt = 8 + 4 + 8;  // behind the instant, the kind and the job
  REQUIRE(ended[kStatusAt] == static_cast<char>(core::Status::kFailed));
  for (int value = 0; value < 256; ++value) {
    std::string bytes = ended;
    bytes[kStatusAt] = static_cast<char>(value);
    const auto result = decode_fact(bytes);
    CHECK(result.has_value() == (value <= static_cast<int>(core::Status::kCanceled)));
    if (!result) CHECK(result.error().message == "a damaged message: an unknown enumerator");
  }
}

TEST_CASE("a truth value is 0 or 1", "[codec]") {
  std::string bytes = sample("fact_primary_reported").bytes;
  bytes.back() = 2;
  const auto result = decode_fact(bytes);
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "a damaged message: a truth value is neither 0 nor 1");
}

}  // namespace
}  // namespace trawl::protocol
