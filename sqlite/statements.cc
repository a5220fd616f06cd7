#include "sqlite/statements.h"

namespace trawl::sqlite {

SQLite::Statement& Statements::get(const char* sql) {
  auto& slot = statements_[sql];
  if (slot == nullptr) {
    slot = std::make_unique<SQLite::Statement>(database_, sql);
  } else {
    slot->tryReset();  // an earlier transaction may have failed half way
    slot->clearBindings();
  }
  return *slot;
}

}  // namespace trawl::sqlite
