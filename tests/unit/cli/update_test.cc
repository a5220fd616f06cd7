// tests/unit/cli/update_test.cc: the arguments of `job update`.
#include "cli/update.h"

#include <catch2/catch.hpp>

namespace trawl::cli {

TEST_CASE("each --set and --remove names what it changes", "[cli]") {
  const auto update = job_update(
      {"display_name=a=b", "description=", "tags.a.b=1", "properties.p=x y"}, {"tags.old"});
  REQUIRE(update);
  CHECK(update->display_name == "a=b");
  CHECK(update->description == "");
  CHECK(update->tags == std::vector<TextChange>{{"a.b", "1"}, {"old", std::nullopt}});
  CHECK(update->properties == std::vector<TextChange>{{"p", "x y"}});
  CHECK_FALSE(update->archived);
}

TEST_CASE("what a submitted job does not let change is refused by name", "[cli]") {
  const auto refusal = [](const std::string& set) {
    const auto update = job_update({set}, {});
    REQUIRE_FALSE(update);
    CHECK(update.error().code == ErrorCode::kInvalid);
    return update.error().message;
  };
  CHECK(refusal("displayname=x") ==
        "--set displayname: of a submitted job these can change: display_name, description, "
        "tags.NAME, properties.NAME; did you mean 'display_name'?");
  CHECK(refusal("limits.timeout=5").starts_with("--set limits.timeout: of a submitted job"));
  CHECK(refusal("tags=x").starts_with("--set tags: "));
  CHECK(refusal("tags.=x").starts_with("--set tags.: "));
  CHECK(refusal("tags.x") == "--set tags.x: write --set PATH=TEXT, as in --set tags.owner=me");
  CHECK(refusal("tags.x=\xff") == "--set tags.x: is not UTF-8");
  CHECK(job_update({}, {"display_name"}).error().message.starts_with("--remove display_name: "));
  CHECK(job_update({}, {}).error().message ==
        "nothing to change: write --set PATH=TEXT, as in --set tags.owner=me");
}

}  // namespace trawl::cli
