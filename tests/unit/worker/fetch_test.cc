// Files over HTTP, and the cache that keeps them. Retries wait for a second, so few tests have one.
#include "worker/fetch.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"
#include "tests/unit/worker/web_server.h"
#include "worker/download_cache.h"
#include "worker/inputs.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;
// An attempt of that job.
core::AttemptId attempt_of(std::int64_t job, std::int64_t trial = 0) {
  return {{core::JobId{job}, trial}, 1};
}
const core::AttemptId kAttempt = attempt_of(1);

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("a file is fetched with what its server says to ask again", "[fetch]") {
  TemporaryFolder folder;
  WebServer server([](const auto&, auto& response) {
    response.set_header("ETag", "\"v1\"");
    response.set_header("Last-Modified", "Tue, 01 Jul 2025 00:00:00 GMT");
    response.set_content(std::string("\0\xff\n", 3), "application/octet-stream");
  });
  const auto fetched = fetch({server.url("/a.bin"), folder.file("a"), "", ""}, {});
  REQUIRE(fetched);
  CHECK(fetched->changed);
  CHECK(fetched->etag == "\"v1\"");
  CHECK(fetched->last_modified == "Tue, 01 Jul 2025 00:00:00 GMT");
  CHECK(text_of(folder.file("a")) == std::string("\0\xff\n", 3));
}

TEST_CASE("a redirection is followed, but not off the web", "[fetch]") {
  TemporaryFolder folder;
  WebServer server([](const auto& request, auto& response) {
    if (request.path == "/moved") response.set_redirect("/here");
    if (request.path == "/file") response.set_redirect("file:///etc/passwd");
    if (request.path == "/here") response.set_content("x", "text/plain");
  });
  CHECK(fetch({server.url("/moved"), folder.file("a"), "", ""}, {}));
  CHECK(text_of(folder.file("a")) == "x");
  CHECK_FALSE(fetch({server.url("/file"), folder.file("a"), "", ""}, {}));
  CHECK_FALSE(fetch({"file:///etc/passwd", folder.file("a"), "", ""}, {}));
}

TEST_CASE("what does not pass is asked for once, and its status named without secrets", "[fetch]") {
  TemporaryFolder folder;
  WebServer server([](const auto&, auto& response) { response.status = 404; });
  const std::string place = server.url("/a.csv").substr(7);
  const auto fetched =
      fetch({"http://me:secret@" + place + "?sig=secret#x", folder.file("a"), "", ""}, {});
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error() ==
        Error{ErrorCode::kNotFound, "cannot fetch http://" + place + ": HTTP status 404"});
  CHECK(server.count() == 1);
}

TEST_CASE("what may pass is tried again, three times at most", "[fetch]") {
  TemporaryFolder folder;
  int asked = 0;
  WebServer passing([&](const auto&, auto& response) {
    response.status = ++asked == 1 ? 503 : 200;
    response.set_content("x", "text/plain");
  });
  CHECK(fetch({passing.url("/"), folder.file("a"), "", ""}, {}));
  CHECK(text_of(folder.file("a")) == "x");
  WebServer lasting([](const auto&, auto& response) { response.status = 503; });
  const auto fetched = fetch({lasting.url("/a"), folder.file("a"), "", ""}, {});
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error() == Error{ErrorCode::kUnavailable, "cannot fetch " + lasting.url("/a") +
                                                              ": HTTP status 503 (tried 3 times)"});
  CHECK(lasting.count() == 3);
}

TEST_CASE("a fetch that nobody wants any more ends at once", "[fetch]") {
  TemporaryFolder folder;
  std::promise<void> asked, let_go;
  auto gate = let_go.get_future().share();
  WebServer server([&, gate](const auto&, auto& response) {
    asked.set_value();
    gate.wait();
    response.set_content("x", "text/plain");
  });
  std::stop_source source;
  auto result = std::async(std::launch::async, [&] {
    return fetch({server.url("/"), folder.file("a"), "", ""}, source.get_token());
  });
  asked.get_future().wait();
  source.request_stop();
  CHECK(result.get().error().code == ErrorCode::kUnavailable);
  let_go.set_value();
}

TEST_CASE("a disk without the room says so", "[fetch]") {
  const auto fetched = [] {
    WebServer server([](const auto&, auto& response) { response.set_content("x", "text/plain"); });
    return fetch({server.url("/"), "/dev/full", "", ""}, {});
  }();
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().code == ErrorCode::kSystem);
  CHECK(fetched.error().message.find("/dev/full: No space left on device") != std::string::npos);
}

TEST_CASE("the cache asks once a job, and fetches again what has changed", "[fetch]") {
  TemporaryFolder folder;
  DownloadCache cache(folder.file("downloads"));
  std::string version = "v1";
  int unchanged = 0;
  WebServer server([&](const auto& request, auto& response) {
    response.set_header("ETag", "\"" + version + "\"");
    if (request.get_header_value("If-None-Match") == "\"" + version + "\"") {
      response.status = 304;
      ++unchanged;
    } else {
      response.set_content(version, "text/plain");
    }
  });
  const auto get = [&](std::int64_t job) {
    return text_of(cache.fetch(server.url("/a"), attempt_of(job), {}).value());
  };
  CHECK(get(1) == "v1");
  CHECK(get(1) == "v1");
  CHECK(server.count() == 1);
  CHECK(get(2) == "v1");
  CHECK(server.count() == 2);
  CHECK(unchanged == 1);
  version = "v2";
  CHECK(get(2) == "v1");
  CHECK(get(3) == "v2");
}

// A cache of files of 1000 bytes each, from /a, /b, ..., each used by its own attempt for a moment.
class SmallCache {
 public:
  explicit SmallCache(std::uint64_t bytes_max) : cache_(folder_.file("downloads"), bytes_max) {}

  DownloadCache& cache() { return cache_; }
  std::string fetch(const std::string& name, core::AttemptId attempt) {
    return cache_.fetch(server_.url("/" + name), attempt, {}).value();
  }
  std::string use(const std::string& name) {
    const core::AttemptId attempt = attempt_of(1, ++attempts_);
    const std::string path = fetch(name, attempt);
    cache_.release(attempt);
    return path;
  }
  std::size_t file_count() const {
    const fs::directory_iterator files(folder_.file("downloads"));
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }
  std::string folder() const { return folder_.file("downloads"); }
  std::string url(const std::string& name) const { return server_.url("/" + name); }

 private:
  TemporaryFolder folder_;
  WebServer server_{[](const auto&, auto& response) {
    response.set_content(std::string(1000, 'x'), "text/plain");
  }};
  DownloadCache cache_;
  std::int64_t attempts_ = 0;
};

TEST_CASE("what was used longest ago goes when there is too much", "[fetch]") {
  SmallCache small(3000);
  const std::string a = small.use("a");
  const std::string b = small.use("b");
  const std::string c = small.use("c");
  CHECK(small.file_count() == 6);  // each with its notes
  CHECK(small.use("a") == a);      // younger than b and c now
  small.use("d");
  CHECK(fs::exists(a));
  CHECK_FALSE(fs::exists(b));
  CHECK(fs::exists(c));
  CHECK(small.file_count() == 6);
  CHECK(small.use("b") == b);  // fetched anew, and c makes room
  CHECK(fs::exists(b));
  CHECK_FALSE(fs::exists(c));
}

TEST_CASE("a file that an attempt uses stays, whatever the limit", "[fetch]") {
  SmallCache small(0);
  const core::AttemptId first = attempt_of(1, 100), second = attempt_of(1, 101);
  const std::string a = small.fetch("a", first);
  CHECK(small.fetch("a", second) == a);
  const std::string b = small.use("b");
  small.cache().release(first);
  small.use("c");
  CHECK(fs::exists(a));  // the second uses it
  CHECK_FALSE(fs::exists(b));
  small.cache().release(second);
  const std::string d = small.use("d");
  CHECK_FALSE(fs::exists(a));
  CHECK(fs::exists(d));  // the newest stays
  CHECK(small.file_count() == 2);
}

TEST_CASE("what an attempt that was taken over uses stays until its end", "[fetch]") {
  SmallCache small(2000);
  const std::string a = small.use("a");
  DownloadCache next(small.folder(), 0);
  next.hold(small.url("a"), kAttempt);
  next.hold(small.url("no such"), kAttempt);
  WebServer server([](const auto&, auto& response) { response.set_content("x", "text/plain"); });
  CHECK(next.fetch(server.url("/b"), attempt_of(2, 0), {}));
  CHECK(fs::exists(a));
  next.release(kAttempt);
  CHECK(next.fetch(server.url("/c"), attempt_of(2, 0), {}));
  CHECK_FALSE(fs::exists(a));
}

TEST_CASE("what an earlier process left counts, and what broke off is removed", "[fetch]") {
  SmallCache small(2000);
  const std::string a = small.use("a");
  std::ofstream(small.folder() + "/x.part") << "half";
  DownloadCache next(small.folder(), 1000);
  CHECK(small.file_count() == 2);
  WebServer server([](const auto&, auto& response) { response.set_content("x", "text/plain"); });
  CHECK(next.fetch(server.url("/b"), kAttempt, {}));
  CHECK_FALSE(fs::exists(a));
}

TEST_CASE("many attempts at once fetch a file once", "[fetch]") {
  TemporaryFolder folder;
  DownloadCache cache(folder.file("downloads"));
  WebServer server([](const auto&, auto& response) { response.set_content("x", "text/plain"); });
  std::vector<std::future<Result<std::string>>> fetches;
  for (int i = 0; i < 8; ++i) {
    fetches.push_back(std::async(std::launch::async,
                                 [&] { return cache.fetch(server.url("/a"), kAttempt, {}); }));
  }
  for (auto& one : fetches) CHECK(text_of(one.get().value()) == "x");
  CHECK(server.count() == 1);
}

TEST_CASE("a failed fetch leaves what the cache has, and is tried anew", "[fetch]") {
  TemporaryFolder folder;
  DownloadCache cache(folder.file("downloads"));
  int status = 404;
  WebServer server([&](const auto&, auto& response) {
    response.status = status;
    response.set_content("x", "text/plain");
  });
  CHECK_FALSE(cache.fetch(server.url("/a"), kAttempt, {}));
  CHECK(fs::is_empty(folder.file("downloads")));
  status = 200;
  CHECK(cache.fetch(server.url("/a"), kAttempt, {}));
}

Input input(const std::string& type, const std::string& mode, const std::string& text) {
  const bool is_uri = text.find("://") != std::string::npos;
  return {"data", is_uri ? Input::Kind::kUri : Input::Kind::kLocalPath, type, mode, text};
}

TEST_CASE("each input becomes what its mode and type say", "[inputs]") {
  TemporaryFolder folder;
  DownloadCache cache(folder.file("downloads"));
  WebServer server([](const auto&, auto& response) { response.set_content("web", "text/plain"); });
  fs::create_directories(folder.file("local/sub"));
  std::ofstream(folder.file("local/sub/a.csv")) << "local";
  const std::string file = folder.file("local/sub/a.csv");
  const std::string place = folder.file("inputs");
  const auto placed = [&](const Input& one) {
    fs::remove_all(place);
    return place_inputs({one}, {place, kAttempt}, cache, {}).value().at(0).text;
  };
  CHECK(placed({"x", Input::Kind::kLiteral, "", "", "0.5"}) == "0.5");
  CHECK(placed(input("uri_file", "direct", "wasbs://c@a/b")) == "wasbs://c@a/b");
  CHECK(placed(input("uri_file", "ro_mount", file)) == file);
  CHECK(placed(input("uri_file", "download", file)) == place + "/data/a.csv");
  std::ofstream(place + "/data/a.csv") << "changed";
  CHECK(text_of(file) == "local");
  CHECK(placed(input("uri_folder", "download", folder.file("local"))) == place + "/data");
  CHECK(text_of(place + "/data/sub/a.csv") == "local");

  const std::string url = server.url("/some%20dir/b%20c.csv?sig=x");
  CHECK(placed(input("uri_file", "ro_mount", url)) == place + "/data/b c.csv");
  struct stat info {};
  REQUIRE(stat((place + "/data/b c.csv").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0400);
  CHECK(placed(input("uri_folder", "ro_mount", url)) == place + "/data");
  CHECK(placed(input("uri_file", "download", url)) == place + "/data/b c.csv");
  std::ofstream(place + "/data/b c.csv") << "changed";
  CHECK(placed(input("uri_file", "ro_mount", url)) == place + "/data/b c.csv");
  CHECK(text_of(place + "/data/b c.csv") == "web");
}

TEST_CASE("an input that cannot be had is named", "[inputs]") {
  TemporaryFolder folder;
  DownloadCache cache(folder.file("downloads"));
  WebServer server([](const auto&, auto& response) { response.status = 403; });
  const auto refusal = [&](const Input& one) {
    return place_inputs({one}, {folder.file("inputs"), kAttempt}, cache, {}).error().message;
  };
  CHECK(refusal(input("uri_file", "ro_mount", server.url("/a?sig=secret"))) ==
        "input 'data': cannot fetch " + server.url("/a") + ": HTTP status 403");
  CHECK(refusal(input("uri_file", "ro_mount", "/no/such")) ==
        "input 'data': its path is not there (any more): /no/such");
  CHECK(refusal(input("uri_file", "download", "abfss://x/y")) ==
        "input 'data': only http and https URLs can be fetched, not abfss://x/y");
}

TEST_CASE("a fetched file is called what its URL ends with, or data", "[inputs]") {
  CHECK(file_name_of("https://h/a/b.csv") == "b.csv");
  CHECK(file_name_of("https://h/b%20c.csv?x=/y#/z") == "b c.csv");
  for (const char* url : {"https://h", "https://h/", "https://h/..", "https://h/a%2Fb",
                          "https://h/%00", "https://h/%0a"}) {
    CAPTURE(url);
    CHECK(file_name_of(url) == "data");
  }
}

}  // namespace
}  // namespace trawl::worker
