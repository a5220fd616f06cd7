// cli/context.h: what every verb shares: the state folder, the output format, and how an error
// leaves.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "cli/client.h"

namespace trawl::cli {

struct Context {
  std::string home;         // absolute
  std::string coordinator;  // HOST:PORT of one elsewhere, as given; "": that of `home`
  std::string key;          // the key file, as given; "": that of `home`
  std::optional<protocol::KeyFile> key_read;  // with --key -
  std::optional<std::string> format;          // as given with -o
  std::string query;                          // as given with --query
  bool verbose = false;
  int exit_code = 0;  // what the process ends with
};

/// Makes `home` if need be (0700). One that is there already is never changed: kInvalid if others
/// may enter it or own it.
Result<void> prepare_home(Context& context);

/// Reads the key where it comes on standard input, which can be done once.
Result<void> prepare_key(Context& context);

/// The coordinator that the command line names.
Target target_of(const Context& context);

/// kAnswerTimeout at most, starting the local coordinator if none runs.
Result<std::string> ask_coordinator(const Context& context, protocol::ClientRequest request);

/// `trawl: error: ...` on standard error; sets the exit code.
void report(Context& context, const Error& error);

/// Prints an answer in the format asked for, or `fallback`.
void print_answer(Context& context, const std::string& json, const char* fallback);

/// "cannot write to the output: " and the text of errno `number`.
std::string output_failure(int number);

/// Last thing of all: flushes standard output. `exit_code`, or kExitOutput and a message where
/// something that was to be printed could not be written.
int finish_output(int exit_code);

}  // namespace trawl::cli
