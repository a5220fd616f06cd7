// YAML itself: what is not YAML, what is YAML and not plain data, and hostile files.
#include <catch2/catch.hpp>

#include "tests/unit/jobfile/reading.h"

namespace trawl::jobfile {
namespace {

TEST_CASE("what is not YAML is refused where it stops making sense") {
  CHECK(lines_of("") == Lines{"job.yml:1:1: error: the file is empty: a job is a mapping of keys"});
  CHECK(lines_of("# nothing\n"
                 "---\n") ==
        Lines{"job.yml:1:1: error: the file is empty: a job is a mapping of keys"});
  CHECK(lines_of("- a\n") ==
        Lines{"job.yml:1:1: error: a job is a mapping of keys; this is a list"});
  CHECK(lines_of("text\n") ==
        Lines{"job.yml:1:1: error: a job is a mapping of keys; this is text"});
  CHECK(lines_of("a: b: c\n") == Lines{"job.yml:1:5: error: this is not YAML: illegal map value"});
  CHECK(lines_of("command: \"open\n") == Lines{"job.yml:1:10: error: this quote is never closed"});
  CHECK(lines_of("command: 'it''s open\n") ==
        Lines{"job.yml:1:10: error: this quote is never closed"});
  CHECK(lines_of("tags:\n"
                 "\ta: b\n") == Lines{"job.yml:2:1: error: a tab cannot indent YAML: use blanks"});
  CHECK(lines_of("tags: [a\n") ==
        Lines{"job.yml:2:1: error: this is not YAML: end of sequence flow not found"});
  CHECK(lines_of("a: *b\n") ==
        Lines{"job.yml:1:4: error: this is not YAML: the referenced anchor is not defined"});
  CHECK(lines_of("command: a\n"
                 "---\n"
                 "command: b\n") ==
        Lines{"job.yml:1:1: error: a command job needs the key 'environment'",
              "job.yml:2:1: error: a second document starts here; a job file holds one"});
  CHECK(lines_of("command: !!str \"open\n") ==
        Lines{"job.yml:1:16: error: this quote is never closed"});
}

TEST_CASE("keys are text and stand once") {
  CHECK(lines_of(command_with("compute: local\n"
                              "compute: local\n")) ==
        Lines{"job.yml:4:1: error: the key 'compute' stands twice in this mapping"});
  CHECK(lines_of(command_with("tags: {yes: a, 5: b, ~: c, [x]: d}\n")) ==
        Lines{"job.yml:3:8: error: the key yes is a boolean in YAML 1.1: put it in quotes",
              "job.yml:3:16: error: the key 5 is an integer in YAML 1.1: put it in quotes",
              "job.yml:3:22: error: the key null is null in YAML 1.1: put it in quotes",
              "job.yml:3:28: error: a key must be text, not a list or a mapping"});
  CHECK(lines_of(command_with("tags: {a: b}\n"
                              "tags: {c: d}\n")) ==
        Lines{"job.yml:4:1: warning: 'tags' stands twice in this mapping: this one counts, the "
              "first one is lost"});
}

TEST_CASE("only core tags are allowed, and must fit") {
  CHECK(lines_of(command_with("description: !!python/object/apply:os.system [\"true\"]\n")) ==
        Lines{"job.yml:3:14: error: the tag !!python/object/apply:os.system is not allowed here: a "
              "job file holds plain values"});
  CHECK(
      lines_of(command_with("description: !mine x\n")) ==
      Lines{
          "job.yml:3:14: error: the tag !mine is not allowed here: a job file holds plain values"});
  CHECK(
      lines_of(command_with("description: !!int x\n"
                            "tags: !!set {a: b}\n")) ==
      Lines{
          "job.yml:3:14: error: 'x' is not a value of the type !!int",
          "job.yml:4:7: error: the tag !!set is not allowed here: a job file holds plain values"});
  CHECK(lines_of(command_with("limits: {timeout: !!int \"5\"}\n"
                              "description: !!str 5\n"
                              "inputs: {a: !!float 5, b: !!bool yes}\n"))
            .empty());
}

TEST_CASE("merges take mappings, and an alias cannot hold itself") {
  CHECK(lines_of(command_with("tags: {<<: text}\n")) ==
        Lines{"job.yml:3:12: error: << merges mappings, or a list of mappings"});
  CHECK(lines_of(command_with("tags: &t\n"
                              "  a: *t\n")) ==
        Lines{"job.yml:4:6: error: an alias cannot stand inside its own anchor"});
  CHECK(lines_of(command_with("inputs: &i {a: &x 1, b: *x}\n"
                              "environment_variables: {<<: [*i, {a: 2, c: 3}]}\n"))
            .empty());
}

}  // namespace
}  // namespace trawl::jobfile
