// sweep/jobfile/retired.h: spellings of the 2021 preview and of the older SDK that are still found
// in repositories, and keys that users put in the wrong place. Azure ML rejects all of them today;
// none is guessed, each gets the modern spelling.
#pragma once

#include <string_view>

namespace trawl::jobfile {

/// What to write instead of `key` in a mapping of the kind `scope`; empty where there is no hint.
std::string_view retired_key_hint(std::string_view scope, std::string_view key);

/// The same for a value of the field that messages call `name`.
std::string_view retired_word_hint(std::string_view name, std::string_view value);

}  // namespace trawl::jobfile
