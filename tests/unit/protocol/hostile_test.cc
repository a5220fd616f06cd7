// Bytes that want to hurt: lengths that promise gigabytes, nesting without end, and a hundred
// thousand damaged messages. Nothing may crash, and memory stays a small multiple of the bytes.
#include <cstring>
#include <random>
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "protocol/codec.h"
#include "tests/unit/protocol/samples.h"

namespace trawl::protocol {
namespace {

constexpr std::int64_t kMiB = 1024;  // getrusage counts KiB

/// The most memory that the process ever had.
std::int64_t peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// A sanitizer keeps what was freed for a while, so there the peak says nothing of us.
void check_growth(std::int64_t before, std::int64_t limit_kib) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static_cast<void>(before);
  static_cast<void>(limit_kib);
#else
  CHECK(peak_kib() - before < limit_kib);
#endif
}

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

TEST_CASE("a length that promises more than there is costs no memory", "[codec][hostile]") {
  samples();
  const std::int64_t before = peak_kib();
  for (const Sample& sample : samples()) {
    std::string bytes = sample.bytes;
    for (std::size_t at = 0; at + 8 <= bytes.size(); ++at) {
      for (const std::uint64_t length : {std::uint64_t{1} << 28, std::uint64_t{1} << 32,
                                         std::uint64_t{1} << 61, ~std::uint64_t{0}}) {
        std::memcpy(bytes.data() + at, &length, sizeof length);
        const auto result = sample.recode(bytes);
        if (result) CHECK(result->size() == bytes.size());
      }
      std::memcpy(bytes.data() + at, sample.bytes.data() + at, 8);
    }
  }
  check_growth(before, 16 * kMiB);
}

TEST_CASE("a list of as many elements as there are bytes costs no multiple", "[codec][hostile]") {
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  std::string bytes;
  append(bytes, std::int64_t{0});  // the instant
  append(bytes, std::int32_t{5});  // RecordsAccepted
  append(bytes, std::int64_t{1});  // its attempt
  append(bytes, std::int64_t{0});
  append(bytes, std::int32_t{1});
  append(bytes, std::uint64_t{kBytes});  // records: each is far larger in memory than a byte
  bytes.append(kBytes, '\xff');
  const std::int64_t before = peak_kib();
  CHECK_FALSE(decode_fact(bytes));
  check_growth(before, 32 * kMiB);
}

// `levels` mappings, each the only value of the one around it.
std::string nested_fact(std::size_t levels) {
  std::string bytes;
  append(bytes, std::int64_t{0});  // the instant
  append(bytes, std::int32_t{1});  // TrialSuggested
  append(bytes, std::int64_t{1});  // its trial
  append(bytes, std::int64_t{0});
  for (std::size_t i = 0; i < levels; ++i) {
    append(bytes, std::uint64_t{1});  // one value
    append(bytes, std::uint64_t{0});  // of an empty name
    append(bytes, std::int32_t{3});   // a mapping
  }
  append(bytes, std::uint64_t{0});
  return bytes;
}

TEST_CASE("values nest to a depth that no job file reaches, and no deeper", "[codec][hostile]") {
  const auto deep = decode_fact(nested_fact(64));
  REQUIRE(deep);
  CHECK(encode_fact(*deep) == nested_fact(64));
  for (const std::size_t levels : {65, 1'000'000}) {
    const auto refused = decode_fact(nested_fact(levels));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() ==
          Error{ErrorCode::kInvalid, "a damaged message: the message nests too deep"});
  }
}

/// Damages bytes in the ways in which they are damaged.
class Mutation {
 public:
  explicit Mutation(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t count) { return random_() % count; }

  void apply(std::string& bytes) {
    if (bytes.empty()) return;
    const std::size_t at = below(bytes.size());
    switch (below(7)) {
      case 0:
        bytes[at] = static_cast<char>(below(256));
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.insert(at, below(9), static_cast<char>(below(256)));
        break;
      case 3:
        bytes.erase(at, 1 + below(8));
        break;
      case 4:
        bytes.resize(at);
        break;
      case 5:
        overwrite(bytes, at);
        break;
      default: {
        const Sample& other = samples()[below(samples().size())];
        bytes.replace(at, below(40), other.bytes, below(other.bytes.size()), below(40));
      }
    }
  }

 private:
  void overwrite(std::string& bytes, std::size_t at) {
    const std::uint64_t length = std::uint64_t{1} << below(64);
    const std::size_t size = std::min(sizeof length, bytes.size() - at);
    std::memcpy(bytes.data() + at, &length, size);
  }

  std::mt19937 random_;
};

TEST_CASE("a hundred thousand damaged messages crash nothing", "[codec][hostile]") {
  Mutation mutation(20'240'607);
  const std::int64_t before = peak_kib();
  int accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Sample& sample = samples()[mutation.below(samples().size())];
    std::string bytes = sample.bytes;
    for (std::size_t n = 1 + mutation.below(4); n > 0; --n) mutation.apply(bytes);
    const auto result = sample.recode(bytes);
    if (!result) {
      if (result.error().message.empty()) FAIL("a refusal without a word");
      continue;
    }
    ++accepted;
    // What was understood is understood again, to the byte.
    const auto again = sample.recode(*result);
    if (!again || *again != *result) FAIL("message " << i << " changes when it is read again");
  }
  CHECK(accepted > 1'000);  // damage inside a text or a number goes unseen
  CHECK(accepted < 90'000);
  check_growth(before, 64 * kMiB);
}

}  // namespace
}  // namespace trawl::protocol
