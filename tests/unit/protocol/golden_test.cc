// The bytes of every kind, as they have been on disks and wires: golden/<sample>.hex. An old
// journal must stay readable, so a difference is a mistake unless the format has never been
// released. TRAWL_BLESS=1 writes the files anew; the reviewer reads the difference.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/protocol/samples.h"

namespace trawl::protocol {
namespace {

namespace fs = std::filesystem;

std::string hex_lines(std::string_view bytes) {
  constexpr std::size_t kBytesPerLine = 32;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
    if (i + 1 == bytes.size() || (i + 1) % kBytesPerLine == 0) text += '\n';
  }
  return text;
}

fs::path golden_path(const Sample& sample) {
  return fs::path(TRAWL_GOLDEN) / (sample.name + ".hex");
}

TEST_CASE("every kind of message and fact has the bytes that it always had", "[codec]") {
  const bool bless = std::getenv("TRAWL_BLESS") != nullptr;
  for (const Sample& sample : samples()) {
    INFO(sample.name);
    const fs::path path = golden_path(sample);
    if (bless) std::ofstream(path, std::ios::binary) << hex_lines(sample.bytes);
    std::ifstream in(path, std::ios::binary);
    CHECK(hex_lines(sample.bytes) == std::string(std::istreambuf_iterator<char>(in), {}));
  }
}

TEST_CASE("every golden file belongs to a kind", "[codec]") {
  std::set<std::string> expected, found;
  for (const Sample& sample : samples()) expected.insert(golden_path(sample).filename());
  for (const auto& entry : fs::directory_iterator(TRAWL_GOLDEN)) {
    found.insert(entry.path().filename());
  }
  CHECK(found == expected);
}

}  // namespace
}  // namespace trawl::protocol
