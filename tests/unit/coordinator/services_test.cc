// What `job show` says of services.
#include <catch2/catch.hpp>

#include "tests/unit/coordinator/stored_cluster.h"
#include "tests/unit/core/cluster.h"

namespace trawl::coordinator {
namespace {

using core::sweep_job;

TEST_CASE("where the MLflow API is served is shown beside the services of the file", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  JobSpec spec = sweep_job("lr", {.total = 1});
  spec.document = R"({"services": {"ssh": {"type": "ssh"}}})";
  stored.start(std::move(spec));
  CHECK(stored.show("lr")["services"] == Json::parse(R"({"ssh": {"type": "ssh"}})"));
  CHECK_FALSE(stored.show("lr_0").contains("services"));
  const Json tracking = {{"endpoint", "http://127.0.0.1:5000"}, {"type", "Tracking"}};
  const StoreReader::ShowNotes notes{"", "http://127.0.0.1:5000"};
  CHECK(stored.show("lr", notes)["services"]["Tracking"] == tracking);
  CHECK(stored.show("lr", notes)["services"]["ssh"]["type"] == "ssh");
  CHECK(stored.show("lr_0", notes)["services"]["Tracking"] == tracking);
}

}  // namespace
}  // namespace trawl::coordinator
