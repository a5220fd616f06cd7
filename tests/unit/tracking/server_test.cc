// tests/unit/tracking/server_test.cc: the endpoint over real sockets.
#include "tracking/server.h"

#include <algorithm>
#include <future>
#include <httplib.h>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/unit/tracking/trial.h"

namespace trawl::tracking {
namespace {

using nlohmann::json;

const std::string kApi = "/t/sweep_3/api/2.0/mlflow/";
const std::string kFiles =
    "/t/sweep_3/api/2.0/mlflow-artifacts/artifacts/7/" + kRun + "/artifacts/";

struct Endpoint {
  explicit Endpoint(ServerSettings settings = {}) : server(Server::start(settings).value()) {
    REQUIRE(server->add_session(settings_of(sink, folder, warnings)));
  }

  httplib::Client client(const std::string& token = "secret") const {
    httplib::Client made("127.0.0.1", server->port());
    made.set_keep_alive(true);
    made.set_bearer_token_auth(token);
    return made;
  }

  MemorySink sink;
  Folder folder;
  std::vector<std::string> warnings;
  std::unique_ptr<Server> server;  // last: it uses the rest
};

std::string metric(int step) {
  return json{{"run_id", kRun}, {"key", "m"}, {"value", 1}, {"timestamp", 1}, {"step", step}}
      .dump();
}

TEST_CASE("one connection carries many requests", "[tracking]") {
  Endpoint endpoint;
  auto client = endpoint.client();
  for (int step = 0; step < 100; ++step) {
    const auto reply = client.Post(kApi + "runs/log-metric", metric(step), "application/json");
    REQUIRE(reply);
    REQUIRE(reply->status == 200);
    REQUIRE(reply->body == "{}");
  }
  CHECK(endpoint.sink.records().size() == 100);
  CHECK(client.Get(kApi + "runs/get?run_id=" + kRun)->status == 200);
}

TEST_CASE("without the token nothing is told or done", "[tracking]") {
  Endpoint endpoint;
  for (const char* token : {"", "wrong", "secre", "secrets"}) {
    INFO(token);
    auto client = endpoint.client(token);
    const auto posted = client.Post(kApi + "runs/log-metric", metric(1), "application/json");
    CHECK(posted->status == 401);
    CHECK(json::parse(posted->body)["error_code"] == "UNAUTHENTICATED");
    CHECK(client.Put(kFiles + "a", "x", "text/plain")->status == 401);
    CHECK(client.Get("/t/sweep_3/version")->status == 401);
    CHECK(client.Get("/t/sweep_3/no/such/thing")->status == 401);
  }
  httplib::Client bare("127.0.0.1", endpoint.server->port());
  CHECK(bare.Get("/t/sweep_3/version")->status == 401);
  CHECK(endpoint.sink.records().empty());
}

TEST_CASE("an unknown prefix is a JSON 404", "[tracking]") {
  Endpoint endpoint;
  auto client = endpoint.client();
  for (const char* path : {"/", "/t", "/t/", "/t/other/version", "/api/2.0/mlflow/runs/get"}) {
    INFO(path);
    const auto reply = client.Get(path);
    CHECK(reply->status == 404);
    CHECK(json::parse(reply->body)["error_code"] == "ENDPOINT_NOT_FOUND");
  }
}

TEST_CASE("artifacts go both ways, in parts too", "[tracking]") {
  Endpoint endpoint;
  auto client = endpoint.client();
  std::string content(300'000, 'x');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i % 26);
  CHECK(client.Put(kFiles + "a%20b%25.bin", content, "application/octet-stream")->status == 200);
  const auto whole = client.Get(kFiles + "a%20b%25.bin");
  CHECK(whole->status == 200);
  CHECK(whole->body == content);
  CHECK(whole->get_header_value("Content-Disposition") == "attachment; filename=\"a b%.bin\"");
  const auto ranged = [&](const std::string& range) {
    return client.Get(kFiles + "a%20b%25.bin", {{"Range", range}});
  };
  CHECK(ranged("bytes=1-3")->body == "bcd");
  CHECK(ranged("bytes=1-3")->status == 206);
  CHECK(ranged("bytes=299998-")->get_header_value("Content-Range") == "bytes 299998-299999/300000");
  CHECK(ranged("bytes=-2")->body == content.substr(299'998));
  CHECK(ranged("bytes=299999-400000")->body.size() == 1);
  CHECK(ranged("bytes=300000-")->status == 416);
  const auto head = client.Head(kFiles + "a%20b%25.bin");
  CHECK(head->status == 200);
  CHECK(head->get_header_value("Content-Length") == "300000");
  CHECK(client.Delete(kFiles + "a%20b%25.bin")->status == 200);
  CHECK(client.Get(kFiles + "a%20b%25.bin")->status == 404);
}

TEST_CASE("an empty file may come in chunks and goes out empty", "[tracking]") {
  Endpoint endpoint;
  auto client = endpoint.client();
  const auto put = client.Put(
      kFiles + "empty",
      [](std::size_t, httplib::DataSink& sink) {
        sink.done();
        return true;
      },
      "text/plain");
  CHECK(put->status == 200);
  const auto got = client.Get(kFiles + "empty");
  CHECK(got->status == 200);
  CHECK(got->body.empty());
}

TEST_CASE("an encoded .. is refused like a plain one", "[tracking]") {
  Endpoint endpoint;
  auto client = endpoint.client();
  for (const char* path : {"%2e%2e/x", "..%2fx", "a/%2e%2e/%2e%2e/x"}) {
    INFO(path);
    const auto reply = client.Put(kFiles + path, "x", "text/plain");
    CHECK(reply->status == 400);
    CHECK(json::parse(reply->body)["message"] == "Invalid path");
  }
}

TEST_CASE("a JSON body has a bound and the connection survives it", "[tracking]") {
  Endpoint endpoint({.port = 0, .thread_count_max = 4, .json_bytes_max = 1000});
  auto client = endpoint.client();
  const auto reply =
      client.Post(kApi + "runs/log-batch", std::string(100'000, ' '), "application/json");
  CHECK(reply->status == 400);
  CHECK(client.Post(kApi + "runs/log-metric", metric(1), "application/json")->status == 200);
  CHECK(client.Put(kFiles + "a", std::string(100'000, ' '), "text/plain")->status == 200);
}

TEST_CASE("many more connections than threads are all served", "[tracking]") {
  Endpoint endpoint({.port = 0, .thread_count_max = 4});
  std::vector<httplib::Client> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(endpoint.client());
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) {
      const auto reply = clients[static_cast<std::size_t>(i)].Post(
          kApi + "runs/log-metric", metric(round * 100 + i), "application/json");
      REQUIRE(reply);
      REQUIRE(reply->status == 200);
    }
  }
  CHECK(endpoint.sink.records().size() == 200);
}

TEST_CASE("clients at once lose nothing and double nothing", "[tracking]") {
  Endpoint endpoint({.port = 0, .thread_count_max = 4});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&endpoint, thread] {
      auto client = endpoint.client();
      for (int step = 0; step < 50; ++step) {  // each row comes from two threads
        client.Post(kApi + "runs/log-metric", metric(thread / 2 * 50 + step), "application/json");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(endpoint.sink.records().size() == 200);
}

TEST_CASE("removing a session waits for its requests and then knows it no more", "[tracking]") {
  Endpoint endpoint;
  endpoint.sink.hold();
  auto posted = std::async(std::launch::async, [&] {
    return endpoint.client().Post(kApi + "runs/log-metric", metric(1), "application/json")->status;
  });
  REQUIRE(endpoint.sink.wait_until_holding());
  auto durable_at_removal = std::async(std::launch::async, [&] {
    endpoint.server->remove_session("sweep_3");
    return endpoint.sink.records().size();
  });
  endpoint.sink.release();
  CHECK(posted.get() == 200);
  CHECK(durable_at_removal.get() == 1);
  CHECK(endpoint.client().Get("/t/sweep_3/version")->status == 404);
  endpoint.server->remove_session("sweep_3");
  CHECK(
      endpoint.server->add_session(settings_of(endpoint.sink, endpoint.folder, endpoint.warnings)));
  CHECK(endpoint.client().Get("/t/sweep_3/version")->body == "3.18.0");
}

TEST_CASE("a trial is served once and a port is taken once", "[tracking]") {
  Endpoint endpoint;
  const auto again =
      endpoint.server->add_session(settings_of(endpoint.sink, endpoint.folder, endpoint.warnings));
  REQUIRE_FALSE(again);
  CHECK(again.error() == Error{ErrorCode::kConflict, "Trial 'sweep_3' is being served already."});
  const auto second = Server::start({.port = endpoint.server->port()});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::kConflict);
}

TEST_CASE("the server stops although clients stay connected", "[tracking]") {
  Endpoint endpoint;
  auto client = endpoint.client();
  CHECK(client.Get("/t/sweep_3/version")->status == 200);
  endpoint.server.reset();
  CHECK_FALSE(client.Get("/t/sweep_3/version"));
}

/// Answers every request with its path.
class Echo : public Session {
 public:
  bool admits(std::string_view authorization) const override { return authorization.empty(); }
  Response handle(const Request& request) override {
    Response response;
    response.body = request.path;
    return response;
  }
  tl::expected<Upload, Refusal> begin_upload(std::string_view path) override {
    return tl::unexpected<Refusal>(endpoint_missing(path));
  }
};

TEST_CASE("the root session serves what has no prefix, for hosts that it knows", "[tracking]") {
  ServerSettings settings;
  settings.allowed_hosts = {"node17"};
  const auto server = Server::start(settings, std::make_unique<Echo>()).value();
  httplib::Client client("127.0.0.1", server->port());
  CHECK(client.Get("/a%20b?c=d")->body == "/a b");
  CHECK(client.Get("/t/unknown/version")->status == 404);
  CHECK(client.Get("/x", {{"Host", "node17:5000"}})->status == 200);
  const auto foreign = client.Get("/x", {{"Host", "evil.example"}});
  CHECK(foreign->status == 403);
  CHECK(foreign->body == "Invalid Host header - possible DNS rebinding attack detected");
  const auto crossing =
      client.Post("/x", {{"Origin", "https://evil.example"}}, "{}", "application/json");
  CHECK(crossing->status == 403);
  CHECK(crossing->body == "Cross-origin request blocked");
  CHECK(client.Get("/x", {{"Authorization", "Bearer wrong"}})->status == 401);
}

TEST_CASE("an address that is none is refused", "[tracking]") {
  ServerSettings settings;
  settings.address = "localhost";
  const auto started = Server::start(settings);
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::kInvalid);
  settings.address = "::1";
  const auto v6 = Server::start(settings);
  if (v6) CHECK(httplib::Client("::1", (*v6)->port()).Get("/")->status == 404);
}

}  // namespace
}  // namespace trawl::tracking
