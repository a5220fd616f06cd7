// tests/fuzz/filter.cc: any text as a search filter (the first line) and as a key to order by (the
// second), in each of the three languages, over things that have all kinds of values.
#include "tracking/filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tests/fuzz/fuzz_target.h"

namespace {

using namespace trawl::tracking;

// A thing for each index: nothing, numbers, texts, several values.
std::vector<SearchValue> look_up(int thing, const SearchKey& key) {
  switch ((static_cast<std::size_t>(thing) + key.name.size()) % 5) {
    case 0:
      return {};
    case 1:
      return {std::nan("")};
    case 2:
      return {0.5};
    case 3:
      return {key.name, std::string("a%b_")};
    default:
      return {std::numeric_limits<double>::infinity()};
  }
}

void check(std::string_view filter_text, std::string_view order_text,
           const SearchLanguage& language) {
  const auto filter = parse_filter(filter_text, language);
  if (!filter) {
    trawl::fuzz::require(filter.error().status == 400, "a refusal other than 400");
    trawl::fuzz::require(!filter.error().message.empty(), "a refusal without a message");
  }
  const auto order = parse_order(order_text, language);
  if (!order) trawl::fuzz::require(order.error().status == 400, "a refusal other than 400");
  constexpr int kThings = 5;
  std::vector<SortKey> keys;
  for (int thing = 0; thing < kThings; ++thing) {
    const Lookup lookup = [thing](const SearchKey& key) { return look_up(thing, key); };
    if (filter) matches(*filter, lookup);
    if (order) keys.push_back(sort_key(std::array{*order}, lookup));
  }
  for (const SortKey& a : keys) {
    for (const SortKey& b : keys) {
      const bool both =
          sorts_before(a, b, std::array{*order}) && sorts_before(b, a, std::array{*order});
      trawl::fuzz::require(!both, "each is before the other");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = trawl::fuzz::text_of(data, size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view order = text.substr(std::min(end + 1, text.size()));
  for (const auto* language : {&run_language(), &experiment_language(), &model_language()}) {
    check(text.substr(0, end), order, *language);
  }
  return 0;
}
