// tests/unit/sweep/job_update_test.cc: what may change about a submitted job, and its bounds.
#include "sweep/job_update.h"

#include <catch2/catch.hpp>

namespace trawl {

TEST_CASE("an update is a merge patch of the job's document", "[sweep]") {
  CHECK(merge_patch({}) == "{}");
  JobUpdate update;
  update.archived = true;
  CHECK(merge_patch(update) == "{}");
  update.display_name = "a \"b\"";
  update.description = "";
  update.tags = {{"x", "1"}, {"gone", std::nullopt}, {"x", "2"}};
  update.properties = {{"y", ""}};
  CHECK(merge_patch(update) ==
        R"({"display_name":"a \"b\"","description":null,"tags":{"gone":null,"x":"2"},)"
        R"("properties":{"y":""}})");
}

TEST_CASE("an update has bounds", "[sweep]") {
  CHECK(check({}));
  JobUpdate update;
  update.tags.assign(kUpdateChangesMax, {"x", "1"});
  CHECK(check(update));
  update.properties = {{"y", "1"}};
  CHECK(check(update).error().message == "one update changes at most 1000 tags and properties");
  update = {};
  update.description = std::string(kUpdateTextBytesMax + 1, 'x');
  CHECK(check(update).error().message == "description is longer than 64 KiB");
  update = {};
  update.tags = {{"", "x"}};
  CHECK(check(update).error().message == "a name in tags is empty");
  update = {};
  update.properties = {{"x", std::string(kUpdateTextBytesMax + 1, 'x')}};
  CHECK(check(update).error().code == ErrorCode::kInvalid);
}

}  // namespace trawl
