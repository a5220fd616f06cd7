// What each role may send.
#include "coordinator/peer_faults.h"

#include <catch2/catch.hpp>

namespace trawl::coordinator {
namespace {

using protocol::Inbound;
using protocol::Role;

Inbound hello(const std::string& name, std::int32_t slots) {
  core::Hello body;
  body.worker_name = name;
  body.slot_count = slots;
  return core::FromWorker{{1, 1}, body};
}

Inbound request(protocol::ClientRequest body) {
  return protocol::ClientEnvelope{1, std::move(body)};
}

TEST_CASE("a worker's key joins and reports, and nothing else", "[peer_faults]") {
  CHECK(fault_of(Role::kWorker, hello("node-1.example_org", 4)).empty());
  CHECK(fault_of(Role::kWorker, core::FromWorker{{1, 1}, core::Heartbeat{}}).empty());
  for (const Inbound& message :
       {request(protocol::StopCoordinator{}), request(protocol::SubmitJob{}),
        request(protocol::GetStatus{}), request(protocol::ReadLog{})}) {
    CHECK(fault_of(Role::kWorker, message) ==
          "a command of a client, which a worker's key does not allow");
    CHECK(fault_of(Role::kSubmitter, message).empty());
    CHECK(fault_of(Role::kLocal, message).empty());
  }
}

TEST_CASE("a submitter's key joins no worker", "[peer_faults]") {
  for (const Inbound& message :
       {hello("node-1", 4), Inbound(core::FromWorker{{1, 1}, core::Heartbeat{}}),
        Inbound(core::FromWorker{{1, 1}, core::Report{}})}) {
    CHECK(fault_of(Role::kSubmitter, message) ==
          "a worker's message, which a submitter's key does not allow");
    CHECK(fault_of(Role::kLocal, message).empty());
  }
}

TEST_CASE("a worker's name and slots are such as a worker has", "[peer_faults]") {
  for (const std::string& name :
       {std::string(), std::string("a/b"), std::string("a\nb"), std::string("a b"),
        std::string(101, 'a'), std::string("caf\xc3\xa9"), std::string("."), std::string("..")}) {
    CAPTURE(name);
    CHECK(fault_of(Role::kWorker, hello(name, 1)) == "a worker's name that is none");
  }
  CHECK(fault_of(Role::kWorker, hello("a", 0)) == "0 slots");
  CHECK(fault_of(Role::kWorker, hello("a", -1)) == "-1 slots");
  CHECK(fault_of(Role::kWorker, hello("a", 4097)) == "4097 slots");
  CHECK(fault_of(Role::kWorker, hello("a", 4096)).empty());
}

}  // namespace
}  // namespace trawl::coordinator
