// tests/fuzz/query.cc: any text as `--query`, over an answer of every shape, in every format.
#include "cli/view/query.h"

#include <nlohmann/json.hpp>

#include "cli/view/output.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trawl;
  // The first line is the query; the rest, where it is JSON, the answer.
  static const std::string answer =
      R"([{"name":"lr_0","status":"Completed","properties":{"parameters":{"lr":0.1,"a b":null},)"
      R"("score":1e-5,"list":[[1,2],[3,[4]],"x"]}},{"name":"\u001b[31m","tags":{}}])";
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string query(text.substr(0, end));
  const std::string rest(text.substr(std::min(end + 1, text.size())));
  const std::string& json = nlohmann::ordered_json::accept(rest) ? rest : answer;
  for (const char* format : {"json", "yaml", "table", "tsv"}) {
    const auto shown = cli::formatted(json, format, query);
    if (!shown) fuzz::require(!shown.error().message.empty(), "an error without a message");
    if (shown) fuzz::require(shown->find('\x1b') == std::string::npos, "an escape on the terminal");
  }
  return 0;
}
