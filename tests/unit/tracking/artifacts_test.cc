// tests/unit/tracking/artifacts_test.cc: artifacts on disk and the paths that lead to them.
#include "tracking/artifacts.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/unit/tracking/trial.h"

namespace trawl::tracking {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string kTree = "/api/2.0/mlflow-artifacts/artifacts/7/" + kRun + "/artifacts";

int put(Trial& trial, const std::string& path, const std::string& content) {
  auto upload = trial.session->begin_upload(path);
  if (!upload) return upload.error().status;
  upload->write(content.data(), content.size());
  const auto finished = upload->finish();
  return finished ? 200 : finished.error().status;
}

std::string stored(const Trial& trial, const std::string& path) {
  std::ifstream file(trial.folder.path() + "/artifacts/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

json listing(Trial& trial, const std::string& path) {
  return trial.send({"GET", "/api/2.0/mlflow-artifacts/artifacts", "path=" + path, "", ""}).body;
}

TEST_CASE("an artifact appears under its run, whole and private", "[tracking]") {
  Trial trial;
  CHECK(put(trial, kTree + "/deep/er/a.txt", "hello") == 200);
  CHECK(stored(trial, kRun + "/deep/er/a.txt") == "hello");
  const fs::path root = trial.folder.path() + "/artifacts";
  CHECK(fs::status(root / kRun / "deep/er/a.txt").permissions() == fs::perms(0600));
  CHECK(fs::status(root / kRun / "deep").permissions() == fs::perms(0700));
  CHECK(put(trial, kTree + "/deep/er/a.txt", "again") == 200);
  CHECK(stored(trial, kRun + "/deep/er/a.txt") == "again");
  CHECK(fs::is_empty(root / ".uploads"));
}

TEST_CASE("an upload that breaks off leaves nothing", "[tracking]") {
  Trial trial;
  {
    auto upload = trial.session->begin_upload(kTree + "/a.txt");
    REQUIRE(upload);
    upload->write("half", 4);
  }
  CHECK(listing(trial, "7/" + kRun + "/artifacts") == json::object());
  CHECK(fs::is_empty(trial.folder.path() + "/artifacts/.uploads"));
}

TEST_CASE("a folder is listed by name, without sizes of zero", "[tracking]") {
  Trial trial;
  put(trial, kTree + "/b.txt", "12345");
  put(trial, kTree + "/a/empty", "");
  put(trial, kTree + "/\xff.bin", "x");
  CHECK(listing(trial, "7/" + kRun + "/artifacts")["files"] ==
        json{{{"path", "a"}, {"is_dir", true}},
             {{"path", "b.txt"}, {"is_dir", false}, {"file_size", 5}},
             {{"path", "\xef\xbf\xbd.bin"}, {"is_dir", false}, {"file_size", 1}}});
  CHECK(listing(trial, "7/" + kRun + "/artifacts/a%2F")["files"] ==
        json{{{"path", "empty"}, {"is_dir", false}}});
  CHECK(listing(trial, "7/" + kRun + "/artifacts/b.txt") == json::object());
  CHECK(listing(trial, "7/" + kRun + "/artifacts/absent") == json::object());
  const json by_run = trial.get("artifacts/list", "run_id=" + kRun + "&path=a").body;
  CHECK(by_run == json{{"root_uri", "mlflow-artifacts:/7/" + kRun + "/artifacts"},
                       {"files", {{{"path", "a/empty"}, {"is_dir", false}}}}});
  CHECK(trial.get("artifacts/list", "run_id=unknown").status == 404);
}

TEST_CASE("no path leads out of the run's folder", "[tracking]") {
  Trial trial;
  const std::string other(32, 'f');
  for (const std::string& path :
       {kTree + "/../x", kTree + "/a/../../x", kTree + "/..", kTree + "/./x", kTree + "//x",
        kTree + "/a/", kTree + std::string("/a\0b", 4), kTree, kTree + "/",
        std::string("/api/2.0/mlflow-artifacts/artifacts/x"),
        std::string("/api/2.0/mlflow-artifacts/artifacts/8/") + kRun + "/artifacts/x",
        std::string("/api/2.0/mlflow-artifacts/artifacts/7/") + kRun + "/other/x"}) {
    INFO(path);
    CHECK(put(trial, path, "x") == 400);
  }
  CHECK(put(trial, "/api/2.0/mlflow-artifacts/artifacts/7/" + other + "/artifacts/x", "x") == 404);
  CHECK(put(trial, "/api/2.0/mlflow-artifacts/artifacts/7/models/m-1/artifacts/x", "x") == 404);
  const auto reply = trial.send({"GET", kTree + "/../x", "", "", ""});
  CHECK(reply.body == json{{"error_code", "INVALID_PARAMETER_VALUE"}, {"message", "Invalid path"}});
  CHECK(listing(trial, "7/" + kRun + "/artifacts/..").contains("error_code"));
  CHECK_FALSE(fs::exists(trial.folder.path() + "/artifacts"));
}

TEST_CASE("a file where a folder must be is 400, not a reason to try again", "[tracking]") {
  Trial trial;
  CHECK(put(trial, kTree + "/a", "x") == 200);
  CHECK(put(trial, kTree + "/a/b", "x") == 400);
  CHECK(put(trial, kTree + "/f/b", "x") == 200);
  CHECK(put(trial, kTree + "/f", "x") == 400);
  CHECK(put(trial, kTree + "/" + std::string(300, 'n'), "x") == 400);
}

TEST_CASE("where the disk takes nothing, an upload is asked to be tried again", "[tracking]") {
  const ArtifactStore store("/proc/nowhere/");
  const auto upload = store.begin_upload(kTree + "/a.txt");
  REQUIRE_FALSE(upload);
  CHECK(upload.error().status == 503);
  CHECK(upload.error().message == "The artifact was not stored: No such file or directory");
}

TEST_CASE("artifacts are fetched as files and deleted once or twice", "[tracking]") {
  Trial trial;
  put(trial, kTree + "/d/a.txt", "x");
  const Request get{"GET", kTree + "/d/a.txt", "", "", ""};
  CHECK(trial.session->handle(get).file == trial.folder.path() + "/artifacts/" + kRun + "/d/a.txt");
  CHECK(trial.send({"GET", kTree + "/d", "", "", ""}).status == 404);
  for (int i = 0; i < 2; ++i) {
    CHECK(trial.send({"DELETE", kTree + "/d", "", "", ""}).status == 200);
  }
  CHECK(trial.send(get).body["error_code"] == "RESOURCE_DOES_NOT_EXIST");
}

TEST_CASE("a logged model's files do not meet a run's", "[tracking]") {
  Trial trial;
  const std::string id = trial.post("logged-models", {{"experiment_id", "7"}, {"name", "m"}})
                             .body["model"]["info"]["model_id"];
  CHECK(put(trial, "/api/2.0/mlflow-artifacts/artifacts/7/models/" + id + "/artifacts/MLmodel",
            "x") == 200);
  CHECK(stored(trial, "models/" + id + "/MLmodel") == "x");
}

TEST_CASE("multipart and presigned uploads are declined so that clients fall back", "[tracking]") {
  Trial trial;
  CHECK(trial.send({"POST", "/api/2.0/mlflow-artifacts/mpu/create/7/x", "", "", ""}).status == 501);
  CHECK(trial.send({"POST", "/api/2.0/mlflow-artifacts/presigned-upload-url", "", "", ""}).status ==
        400);
}

TEST_CASE("percent signs are decoded once", "[tracking]") {
  CHECK(percent_decoded("a%20b%2541%zz%4") == "a b%41%zz%4");
}

}  // namespace
}  // namespace trawl::tracking
