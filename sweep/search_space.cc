// sweep/search_space.cc: equality of spaces. It lies here because a choice holds spaces and a space
// holds choices, so neither type is complete where the other is defined.
#include "sweep/search_space.h"

namespace trawl {

bool operator==(const ChoiceOption& a, const ChoiceOption& b) {
  return a.data == b.data;
}

bool operator==(const Hyperparameter& a, const Hyperparameter& b) {
  return a.name == b.name && a.distribution == b.distribution;
}

}  // namespace trawl
