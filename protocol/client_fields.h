// protocol/client_fields.h: which fields of clients' questions and their answers travel, in which
// order. Append only. Internal to protocol.
#pragma once

#include <type_traits>

#include "protocol/client_message.h"
#include "protocol/job_fields.h"

namespace trawl::protocol {

template <>
struct Last<ErrorCode> : std::integral_constant<ErrorCode, ErrorCode::kFull> {};
template <>
struct Last<Archived> : std::integral_constant<Archived, Archived::kIncluded> {};

template <class Archive>
void serialize(Archive& a, SubmitJob& v) {
  a(v.spec);
}
template <class Archive>
void serialize(Archive& a, CancelJob& v) {
  a(v.name);
}
template <class Archive>
void serialize(Archive& a, ShowJob& v) {
  a(v.name);
}
template <class Archive>
void serialize(Archive& a, ListJobs& v) {
  a(v.parent, v.max_results, v.archived);
}
template <class Archive>
void serialize(Archive& a, WatchJob& v) {
  a(v.name, v.after, v.wait_ms);
}
template <class Archive>
void serialize(Archive& a, ReadLog& v) {
  a(v.name, v.offset);
}
template <class Archive>
void serialize(Archive&, GetStatus&) {}
template <class Archive>
void serialize(Archive&, StopCoordinator&) {}
template <class Archive>
void serialize(Archive& a, UpdateJob& v) {
  a(v.name, v.update);
}
template <class Archive>
void serialize(Archive&, ListWorkers&) {}
template <class Archive>
void serialize(Archive& a, DrainWorker& v) {
  a(v.name);
}
template <class Archive>
void serialize(Archive& a, ClientEnvelope& v) {
  a(v.request, v.body);
}
template <class Archive>
void serialize(Archive& a, ClientAnswer& v) {
  bool good = v.json.has_value();
  ErrorCode code = good ? ErrorCode{} : v.json.error().code;
  std::string text = good ? *v.json : v.json.error().message;
  a(v.request, good, code, text);
  if constexpr (Archive::is_loading::value) {
    if (good) {
      v.json = std::move(text);
    } else {
      v.json = fail(code, std::move(text));
    }
  }
}

}  // namespace trawl::protocol
