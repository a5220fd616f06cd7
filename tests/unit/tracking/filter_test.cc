// tests/unit/tracking/filter_test.cc: the search language, as a real server read each of these
// texts: what it has, what it refuses, and what its comparisons mean.
#include "tracking/filter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <catch2/catch.hpp>

namespace trawl::tracking {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_read(const std::string& text) {
  return parse_filter(text, run_language()).has_value();
}

Comparison only(const std::string& text) {
  const auto filter = parse_filter(text, run_language());
  if (!filter) FAIL(text << ": " << filter.error().message);
  REQUIRE(filter->size() == 1);
  return filter->front();
}

// Keys as in "metrics.loss"; a value that starts with '#' is a number.
bool holds(const std::string& text, const std::map<std::string, SearchValue>& values) {
  const auto filter = parse_filter(text, run_language());
  if (!filter) FAIL(text << ": " << filter.error().message);
  return matches(*filter, [&](const SearchKey& key) -> std::vector<SearchValue> {
    const auto found = values.find(key.name);
    if (found == values.end()) return {};
    return {found->second};
  });
}

std::vector<std::string> texts(std::initializer_list<const char*> list) {
  return {list.begin(), list.end()};
}

TEST_CASE("an empty filter is met by all, a blank one is refused", "[tracking]") {
  CHECK(parse_filter("", run_language()) == Filter{});
  CHECK_FALSE(is_read(" "));
  CHECK_FALSE(is_read("\n\t"));
}

TEST_CASE("keys are bare, with dots, or quoted", "[tracking]") {
  const SearchKey parent{KeyKind::kTag, "mlflow.parentRunId"};
  CHECK(only("tags.mlflow.parentRunId = 'x'").key == parent);
  CHECK(only("tag.`mlflow.parentRunId`='x'").key == parent);
  CHECK(only("tags.\"mlflow.parentRunId\" = 'x'").key == parent);
  CHECK(only("tags.'mlflow.parentRunId' = 'x'").key == parent);
  CHECK(only("metrics.`a/b c` > 1").key == SearchKey{KeyKind::kMetric, "a/b c"});
  CHECK(only("params.größe = 'x'").key == SearchKey{KeyKind::kParam, "größe"});
  CHECK(only("`run name` = 'x'").key == SearchKey{KeyKind::kAttribute, "run_name"});
  CHECK(only("attributes.\"Run Name\" = 'x'").key == SearchKey{KeyKind::kAttribute, "run_name"});
  CHECK(only("Created > 1").key == SearchKey{KeyKind::kAttribute, "start_time"});
  for (const char* text :
       {"metrics.a/b > 1", "metrics.a b > 1", "metrics. a > 1", "metrics .a > 1", "metrics. > 1",
        "METRICS.v > 1", "foo.v > 1", "loss > 0", "lifecycle_stage = 'active'",
        "experiment_id = '1'", "duration > 1", "dataset.source = 'x'", ".a > 1", "metrics.`a > 1",
        "params.a-b = 'x'"}) {
    CAPTURE(text);
    CHECK_FALSE(is_read(text));
  }
}

TEST_CASE("metrics and times are compared with bare numbers", "[tracking]") {
  CHECK(std::get<double>(only("metrics.v > .5").operand) == 0.5);
  CHECK(std::get<double>(only("metric.v>=-1e3").operand) == -1000);
  CHECK(std::get<double>(only("metrics.v != 1.").operand) == 1);
  CHECK(std::get<double>(only("start_time <= 1700000000000").operand) == 1700000000000);
  CHECK(std::get<double>(only("metrics.v < 1e400").operand) ==
        std::numeric_limits<double>::infinity());
  CHECK(std::get<double>(only("metrics.v < 1e-400").operand) == 0);
  for (const char* text : {"metrics.v > '1'", "metrics.v == 1", "metrics.v > +1", "metrics.v > - 1",
                           "metrics.v >", "metrics.v > 1x", "metrics.v > 1.2.3", "metrics.v > NaN",
                           "metrics.v LIKE '1'", "metrics.v IN (1)", "metrics.v IS NULL",
                           "start_time > '1'", "metrics.v >< 1", "1 < metrics.v", "metrics.v > 1;",
                           "metrics.v > 1 -- x", "metrics.v > .", "metrics.v > 1e"}) {
    CAPTURE(text);
    CHECK_FALSE(is_read(text));
  }
}

TEST_CASE("texts are quoted and have no escapes", "[tracking]") {
  CHECK(std::get<1>(only("params.a = 'x'").operand) == texts({"x"}));
  CHECK(std::get<1>(only("params.a = \"it's\"").operand) == texts({"it's"}));
  CHECK(std::get<1>(only("params.a = ''").operand) == texts({""}));
  CHECK(std::get<1>(only("params.a = 'it''s'").operand) == texts({"it''s"}));
  CHECK(std::get<1>(only("params.a = 'a\\'b'").operand) == texts({"a\\'b"}));
  CHECK(std::get<1>(only("params.a = 'a\\'").operand) == texts({"a\\"}));
  for (const char* text : {"params.a = 1", "params.a = x", "params.a = `x`", "params.a = 'x",
                           "params.a > 'x'", "params.a IN ('x')", "params.a = 'x' 'y'"}) {
    CAPTURE(text);
    CHECK_FALSE(is_read(text));
  }
}

TEST_CASE("comparators that are words come in any case", "[tracking]") {
  CHECK(only("params.a like 'x'").comparator == Comparator::kLike);
  CHECK(only("params.a ILike 'x'").comparator == Comparator::kILike);
  CHECK(only("params.a is null").comparator == Comparator::kIsNull);
  CHECK(only("tags.a IS  NOT  NULL").comparator == Comparator::kIsNotNull);
  const Comparison in = only("run_id IN ('b', \"a\")");
  CHECK(in.comparator == Comparator::kIn);
  CHECK(std::get<1>(in.operand) == texts({"a", "b"}));
  CHECK(only("attribute.run_id not in ('a')").comparator == Comparator::kNotIn);
  for (const char* text :
       {"run_id IN 'a'", "run_id IN ()", "run_id IN ('a'", "run_id IN ('a' 'b')", "run_id IN (1)",
        "run_name IN ('a')", "status IS NULL", "run_id NOT 'a'", "params.a IS 'x'",
        "params.a BETWEEN 'a' AND 'b'", "params.a likely 'x'"}) {
    CAPTURE(text);
    CHECK_FALSE(is_read(text));
  }
}

TEST_CASE("comparisons are joined by AND and nothing else", "[tracking]") {
  CHECK(parse_filter("metrics.a > 1 and params.b = 'c' AND status = 'FINISHED'", run_language())
            ->size() == 3);
  CHECK(is_read("metrics.a > 1 and"));
  CHECK(is_read("  metrics.a > 1  "));
  for (const char* text : {"metrics.a > 1 OR metrics.a < 0", "NOT metrics.a > 1", "(metrics.a > 1)",
                           "metrics.a > 1 metrics.b > 2", "metrics.a > 1, metrics.b > 2",
                           "metrics.a > 1 /* x */", "metrics.a", "AND"}) {
    CAPTURE(text);
    CHECK_FALSE(is_read(text));
  }
}

TEST_CASE("a filter has bounds", "[tracking]") {
  std::string many = "metrics.a > 1";
  for (std::size_t i = 1; i < kComparisonCountMax; ++i) many += " AND metrics.a > 1";
  CHECK(is_read(many));
  CHECK_FALSE(is_read(many + " AND metrics.a > 1"));
  CHECK_FALSE(is_read("params.a = '" + std::string(kFilterBytesMax, 'x') + "'"));
}

TEST_CASE("a comparison needs the key; NaN meets != alone", "[tracking]") {
  CHECK(holds("metrics.m > 1", {{"m", 2.0}}));
  CHECK_FALSE(holds("metrics.m > 1", {{"m", 1.0}}));
  CHECK_FALSE(holds("metrics.m != 1", {}));
  CHECK(holds("metrics.m != 1", {{"m", kNan}}));
  for (const char* comparator : {"=", ">", "<", ">=", "<="}) {
    CHECK_FALSE(holds("metrics.m " + std::string(comparator) + " 1", {{"m", kNan}}));
  }
  CHECK(holds("params.p != 'x'", {{"p", "y"}}));
  CHECK_FALSE(holds("params.p != 'x'", {}));
  CHECK(holds("params.p IS NULL", {}));
  CHECK(holds("params.p IS NOT NULL", {{"p", ""}}));
  CHECK(holds("run_id NOT IN ('a', 'b')", {{"run_id", "c"}}));
  CHECK_FALSE(holds("run_id NOT IN ('a', 'b')", {{"run_id", "b"}}));
}

TEST_CASE("LIKE knows % and _ and the case, ILIKE not the case", "[tracking]") {
  CHECK(is_like("resnet50", "res%"));
  CHECK(is_like("resnet50", "%net%"));
  CHECK(is_like("resnet50", "%50"));
  CHECK(is_like("resnet50", "resnet__"));
  CHECK_FALSE(is_like("resnet50", "resnet_"));
  CHECK_FALSE(is_like("resnet50", "net"));
  CHECK(is_like("", "%"));
  CHECK(is_like("", ""));
  CHECK_FALSE(is_like("", "_"));
  CHECK(is_like("größe", "gr__e"));
  CHECK(is_like("aab", "%a_"));
  CHECK(is_like("50%", "50%"));
  CHECK(is_like("a\\b", "a\\_"));
  CHECK(is_like("abcabd", "%ab_"));
  CHECK_FALSE(holds("params.p LIKE 'RES%'", {{"p", "resnet"}}));
  CHECK(holds("params.p ILIKE 'RES%'", {{"p", "resnet"}}));
  CHECK_FALSE(is_like(std::string(8000, 'a'), std::string(100, '%') + "b"));
}

TEST_CASE("an order is one key and a direction", "[tracking]") {
  const auto order = [](const char* text) { return parse_order(text, run_language()); };
  CHECK(order("metrics.loss") == Order{{KeyKind::kMetric, "loss"}, false});
  CHECK(order("metrics.`a b` DESC") == Order{{KeyKind::kMetric, "a b"}, true});
  CHECK(order("start_time asc") == Order{{KeyKind::kAttribute, "start_time"}, false});
  CHECK(order("attribute.Created desc") == Order{{KeyKind::kAttribute, "start_time"}, true});
  for (const char* text : {"", " ", "metrics.a, metrics.b", "metrics.a DOWN", "metrics.a DESC DESC",
                           "loss", "dataset.name", "metrics.a > 1"}) {
    CAPTURE(text);
    CHECK_FALSE(order(text).has_value());
  }
  CHECK_FALSE(parse_order("tags.a", experiment_language()).has_value());
}

TEST_CASE("NaN comes after the numbers and the missing last, in both directions", "[tracking]") {
  const std::vector<std::vector<SearchValue>> values = {{}, {kNan}, {2.0}, {-1e308}, {5.0}};
  for (const bool is_descending : {false, true}) {
    const std::vector<Order> orders = {{{KeyKind::kMetric, "m"}, is_descending}};
    std::vector<SortKey> keys;
    for (const auto& value : values) {
      keys.push_back(sort_key(orders, [&](const SearchKey&) { return value; }));
    }
    std::ranges::stable_sort(
        keys, [&](const SortKey& a, const SortKey& b) { return sorts_before(a, b, orders); });
    CHECK(std::get<double>(keys[0][0][0]) == (is_descending ? 5.0 : -1e308));
    CHECK(std::get<double>(keys[1][0][0]) == 2.0);
    CHECK(std::get<double>(keys[2][0][0]) == (is_descending ? -1e308 : 5.0));
    CHECK(std::isnan(std::get<double>(keys[3][0][0])));
    CHECK(keys[4][0].empty());
  }
}

TEST_CASE("experiments and models have words of their own", "[tracking]") {
  const auto experiments = [](const char* text) {
    return parse_filter(text, experiment_language()).has_value();
  };
  CHECK(experiments("name ILIKE 'a%' AND tags.k = 'v' AND creation_time > 5"));
  CHECK(experiments("experiment_id IN ('1', '2')"));
  CHECK_FALSE(experiments("experiment_id LIKE '1'"));
  CHECK_FALSE(experiments("metrics.a > 1"));
  CHECK_FALSE(experiments("run_id = 'x'"));
  const auto models = [](const char* text) {
    return parse_filter(text, model_language()).has_value();
  };
  CHECK(models("name = 'model' AND metrics.acc > 0.5 AND params.p LIKE 'x'"));
  CHECK(models("creation_timestamp > 5 AND status IN ('READY')"));
  CHECK_FALSE(models("start_time > 1"));
}

}  // namespace
}  // namespace trawl::tracking
