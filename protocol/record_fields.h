// protocol/record_fields.h: the fields of what a trial logged, in the order in which they travel.
// Append only: what stands here has been written to disks. Internal to protocol.
#pragma once

#include "protocol/archive.h"
#include "sweep/record.h"

namespace trawl {

template <class Archive>
void serialize(Archive& a, RunCreated& v) {
  a(v.run_id, v.experiment_id, v.run_name, v.user_id, v.start_time_ms);
}
template <class Archive>
void serialize(Archive& a, RunUpdated& v) {
  a(v.run_id, v.status, v.end_time_ms, v.run_name);
}
template <class Archive>
void serialize(Archive& a, MetricLogged& v) {
  a(v.run_id, v.key, v.value, v.timestamp_ms, v.step);
}
template <class Archive>
void serialize(Archive& a, ParamLogged& v) {
  a(v.run_id, v.key, v.value);
}
template <class Archive>
void serialize(Archive& a, TagSet& v) {
  a(v.run_id, v.key, v.value);
}
template <class Archive>
void serialize(Archive& a, TagDeleted& v) {
  a(v.run_id, v.key);
}
template <class Archive>
void serialize(Archive& a, ExperimentCreated& v) {
  a(v.experiment_id, v.name, v.creation_time_ms);
}
template <class Archive>
void serialize(Archive& a, DocumentStored& v) {
  a(v.kind, v.id, v.json);
}
template <class Archive>
void serialize(Archive& a, DocumentDeleted& v) {
  a(v.kind, v.id);
}
template <class Archive>
void serialize(Archive& a, RunDeleted& v) {
  a(v.run_id);
}
template <class Archive>
void serialize(Archive& a, RunRestored& v) {
  a(v.run_id);
}
template <class Archive>
void serialize(Archive& a, ExperimentRenamed& v) {
  a(v.experiment_id, v.name, v.time_ms);
}
template <class Archive>
void serialize(Archive& a, ExperimentDeleted& v) {
  a(v.experiment_id, v.time_ms);
}
template <class Archive>
void serialize(Archive& a, ExperimentRestored& v) {
  a(v.experiment_id, v.time_ms);
}

}  // namespace trawl
