// distribution/launch/plain_words.h: commands that need no shell, so that none is started for them:
// a plain `python train.py --lr 0.1` is run as a shell would run it, one exec sooner.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trawl::launch {

/// The words of a command that bash would run as one program with just these arguments: only blanks
/// and characters that no shell gives a meaning to, and a first word that bash neither reserves nor
/// has built in (`true` and `false` excepted: their programs do the same). Nothing where in doubt.
std::optional<std::vector<std::string>> plain_words(std::string_view command);

}  // namespace trawl::launch
