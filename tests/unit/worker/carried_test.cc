// What the next worker reads of an attempt in its keeper's memory.
#include "worker/carried.h"

#include <catch2/catch.hpp>

namespace trawl::worker {
namespace {

Carried sample() {
  Carried carried;
  carried.order.attempt = {{core::JobId{7}, 3}, 2};
  carried.order.job_name = "sweep";
  carried.order.trial_name = "sweep_3";
  carried.order.command.command = "python train.py\n--x \"1\"";
  carried.token = "0123abcd";
  carried.start_time_ms = 1'700'000'000'123;
  carried.of_shell = true;
  carried.jobs_folder = "/home/a b\n/jobs";
  return carried;
}

TEST_CASE("what a launch carries comes back as it was", "[carried]") {
  for (const bool of_shell : {true, false}) {
    Carried carried = sample();
    carried.of_shell = of_shell;
    const auto read = decode_carried(encode(carried));
    REQUIRE(read);
    CHECK(*read == carried);
  }
}

TEST_CASE("what is damaged is refused, wherever it was cut", "[carried]") {
  const std::string whole = encode(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_carried(whole.substr(0, size)));
  }
  CHECK_FALSE(decode_carried(whole + "x"));
  const std::string rest = whole.substr(whole.find('\n') + 1);
  for (const char* line : {"token 12x plain 15", "token 12 plain -1", "token 12 plain 99999999999",
                           " 12 plain 15", "token 12 plain"}) {
    CAPTURE(line);
    CHECK_FALSE(decode_carried(std::string(line) + "\n" + rest));
  }
}

TEST_CASE("a launch of another protocol version is named as such", "[carried]") {
  std::string bytes = encode(sample());
  const std::size_t version = bytes.find("TRWL") + sizeof "TRWL" - 1;
  bytes[version] = static_cast<char>(bytes[version] + 1);
  const auto read = decode_carried(bytes);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::kUnavailable);
  CHECK_THAT(read.error().message, Catch::Contains("protocol version"));
}

}  // namespace
}  // namespace trawl::worker
