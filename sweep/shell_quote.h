// sweep/shell_quote.h: which quotes each byte of a shell command stands in, and text made to stand
// there as it is. The words of POSIX.1-2017, 2.2 (Quoting), as far as they nest: '...', "...", \,
// $(...), (...) and comments. Not followed: backquotes, here-documents, bash's $'...'.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trawl {

enum class Quote : char { kNone, kSingle, kDouble };

/// For each byte of `command`: the quotes that it stands in. An opening quote stands outside, its
/// closing one inside. `${{...}}` is passed over: what it becomes is not known here.
std::vector<Quote> quotes_of(std::string_view command);

/// `text` as part of a word in such quotes, so that the shell passes on exactly `text`; outside of
/// quotes in single ones of its own.
std::string quoted_within(std::string_view text, Quote quote);

}  // namespace trawl
