// tests/unit/tracking/foreign_request_test.cc: which hosts and origins the root session lets in.
#include "tracking/foreign_request.h"

#include <vector>

#include <catch2/catch.hpp>

namespace trawl::tracking {
namespace {

std::string verdict(Provenance request, std::vector<std::string> allowed = {}) {
  const auto refused = refuse_foreign(request, allowed);
  return refused ? std::to_string(refused->status) + " " + refused->body : "in";
}

const std::string kHostRefused = "403 Invalid Host header - possible DNS rebinding attack detected";

TEST_CASE("this machine and private addresses are let in with any port", "[tracking]") {
  for (const char* host :
       {"localhost", "localhost:5000", "127.0.0.1:1", "[::1]:5000", "[::1]", "10.1.2.3:5000",
        "192.168.7.7", "172.16.0.1", "172.31.255.1:80", "0.0.0.0:5000", "[fd00::1]:5000"}) {
    CAPTURE(host);
    CHECK(verdict({"GET", "/api/2.0/mlflow/runs/get", host, ""}) == "in");
  }
}

TEST_CASE("a host by another name is refused unless it is allowed", "[tracking]") {
  for (const char* host :
       {"node17:5000", "evil.example", "10.evil.example", "172.32.0.1", "8.8.8.8:5000", "",
        "[2001:db8::1]:80", "localhost.evil.example", "[::1"}) {
    CAPTURE(host);
    CHECK(verdict({"POST", "/api/2.0/mlflow/runs/get", host, ""}) == kHostRefused);
  }
  CHECK(verdict({"GET", "/x", "node17:5000", ""}, {"node17"}) == "in");
  CHECK(verdict({"GET", "/x", "node17:5000", ""}, {"node17:5000"}) == "in");
  CHECK(verdict({"GET", "/x", "node17:5001", ""}, {"node17:5000"}) == kHostRefused);
  CHECK(verdict({"GET", "/x", "anything", ""}, {"*"}) == "in");
}

TEST_CASE("health and version are open to any name", "[tracking]") {
  CHECK(verdict({"GET", "/health", "evil.example", ""}) == "in");
  CHECK(verdict({"GET", "/version", "evil.example", ""}) == "in");
}

TEST_CASE("a page of another site may read and not change", "[tracking]") {
  const auto with_origin = [](const char* method, const char* origin) {
    return verdict({method, "/api/2.0/mlflow/runs/create", "localhost:5000", origin});
  };
  CHECK(with_origin("POST", "https://evil.example") == "403 Cross-origin request blocked");
  CHECK(with_origin("DELETE", "null") == "403 Cross-origin request blocked");
  CHECK(with_origin("GET", "https://evil.example") == "in");
  CHECK(with_origin("POST", "http://localhost:5000") == "in");
  CHECK(with_origin("POST", "http://127.0.0.1:9000") == "in");
  CHECK(verdict({"POST", "/x", "node17:5000", "http://node17:5000"}, {"node17"}) == "in");
}

}  // namespace
}  // namespace trawl::tracking
