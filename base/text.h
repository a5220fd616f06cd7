// base/text.h: the few text functions that more than one floor needs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trawl {

/// A double as Python's repr prints it: the shortest digits that read back equal, `0.5`, `1e-05`,
/// `100.0`, `1e+16`, `inf`, `nan`. Azure ML puts floats into commands in this form, and stock
/// clients log params with str(value).
std::string python_repr(double value);

/// ASCII letters in lower case; other bytes as they are.
std::string lowered(std::string_view text);

/// The candidate nearest to `word` by optimal string alignment distance (case ignored), or empty
/// when none is near enough (a distance above a third of the longer word) to be worth naming.
std::string nearest(std::string_view word, std::span<const std::string_view> candidates);

/// True where every byte sequence is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// Pieces of `text` between separators; "a,,b" gives three.
std::vector<std::string_view> split(std::string_view text, char separator);

/// `text` with `'` escaped, between single quotes: one word for a POSIX shell.
std::string shell_quoted(std::string_view text);

}  // namespace trawl
