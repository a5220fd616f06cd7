// Key files: what they hold, and what is refused.
#include "protocol/key_file.h"

#include <fstream>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "protocol/tcp_address.h"
#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::protocol {
namespace {

KeyFile sample() {
  return {KeyUse::kWorker, "head.example.org:7700", make_key_pair()->public_key, *make_key_pair()};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
  const auto read = parse_key_file(text, "k");
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::kInvalid);
  return read.error().message;
}

TEST_CASE("a key file comes back as it was written, and is its owner's alone", "[key_file]") {
  const TemporaryFolder folder;
  for (const KeyFile& file :
       {sample(), KeyFile{KeyUse::kCoordinator, "", "", *make_key_pair()},
        KeyFile{KeyUse::kSubmitter, "[::1]:7700", sample().coordinator_key, *make_key_pair()}}) {
    const std::string path = folder.file("k");
    REQUIRE(write_key_file(path, file));
    CHECK(read_key_file(path) == file);
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
}

TEST_CASE("comments, empty lines, space and other line ends do not matter", "[key_file]") {
  const KeyFile file = sample();
  std::string text = "\n  # a comment\n\n" + to_text(file);
  text = replaced(text, "role = worker\n", "  role=worker \r\n");
  CHECK(parse_key_file(text, "k") == file);
}

TEST_CASE("whatever is wrong is said with its line, and no secret with it", "[key_file]") {
  const KeyFile file = sample();
  const std::string text = to_text(file);
  CHECK(refusal(replaced(text, "role = worker", "role = king")) ==
        "k:2: role is one of coordinator, worker and submitter");
  CHECK(refusal(replaced(text, "head.example.org:7700", "head")) ==
        "k:3: coordinator is a HOST:PORT");
  CHECK(refusal(replaced(text, "coordinator_key", "coordinators_key")) ==
        "k:4: an unknown name; there are: role, coordinator, coordinator_key, public_key, "
        "secret_key");
  CHECK(refusal(text + "role = worker\n") == "k:7: role is given twice");
  CHECK(refusal(text + "hello\n") == "k:7: write NAME = VALUE");
  CHECK(refusal(replaced(text, "role = worker\n", "")) == "k: the line `role = ...` is missing");
  CHECK(refusal("") == "k: the line `role = ...` is missing");
  CHECK(refusal(text + std::string(5000, '#')) == "k: too long to be a key file of trawl");
  const std::string cut = text.substr(0, text.size() - 5);
  CHECK(refusal(cut) == "k:6: a key has 40 characters of Z85: the line is cut off or changed");
  const std::string other =
      refusal(replaced(text, file.own.public_key, make_key_pair()->public_key));
  CHECK(other == "k: public_key does not belong to secret_key");
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto read = parse_key_file(text.substr(0, size), "k");
    if (read) CHECK(size + 1 == text.size());  // all but the last line end
    if (!read) CHECK(read.error().message.find(file.own.secret_key) == std::string::npos);
  }
}

TEST_CASE("a file that others may read is refused with what to type", "[key_file]") {
  const TemporaryFolder folder;
  const std::string path = folder.file("k");
  REQUIRE(write_key_file(path, sample()));
  for (const mode_t mode : {0640, 0604, 0620, 0666}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    const auto read = read_key_file(path);
    REQUIRE_FALSE(read);
    CHECK(read.error() ==
          Error{ErrorCode::kInvalid, path +
                                         ": others may read it, and it holds a secret; close it "
                                         "with `chmod 600 " +
                                         path + "`"});
  }
  REQUIRE(chmod(path.c_str(), 0400) == 0);
  CHECK(read_key_file(path));
}

TEST_CASE("a file that is not there, or is a folder, is named", "[key_file]") {
  const TemporaryFolder folder;
  const std::string path = folder.file("k");
  CHECK(read_key_file(path).error() == Error{ErrorCode::kNotFound, "there is no key file " + path});
  CHECK(read_key_file(folder.file("."))
            .error()
            .message.ends_with(": it is a folder, not a key file"));
}

TEST_CASE("host and port are read as people write them", "[tcp_address]") {
  CHECK(parse_tcp_address("node1:7700") == TcpAddress{"node1", 7700});
  CHECK(parse_tcp_address("[::1]:0") == TcpAddress{"::1", 0});
  CHECK(endpoint_of({"::1", 7700}) == "tcp://[::1]:7700");
  CHECK(to_string(TcpAddress{"node1", 7700}) == "node1:7700");
  for (const char* text : {"", "node1", ":1", "node1:", "node1:x", "node1:65536", "node1:-1",
                           "::1:77", "[]:1", "a b:1", "a/b:1", "tcp://a:1", "a;b:1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_tcp_address(text));
  }
  CHECK(advertised({"10.0.0.1", 1}) == TcpAddress{"10.0.0.1", 1});
  CHECK(advertised({"0.0.0.0", 1}).host != "0.0.0.0");
}

}  // namespace
}  // namespace trawl::protocol
