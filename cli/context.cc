#include "cli/context.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "cli/exit_code.h"
#include "cli/patient_client.h"
#include "cli/view/display_text.h"
#include "cli/view/output.h"

namespace trawl::cli {

namespace {

// A folder that was there before is somebody's: it is used as it is, or not at all. State holds
// what jobs were given, so others may not enter it.
Result<void> check_private(const std::string& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) return fail_errno("cannot look at " + folder, errno);
  if (!S_ISDIR(info.st_mode)) return fail_errno("cannot make the state folder " + folder, ENOTDIR);
  if (info.st_uid != geteuid()) {
    return fail(ErrorCode::kInvalid, "the state folder " + folder +
                                         " belongs to another user; name one of your own with "
                                         "--home");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return fail(ErrorCode::kInvalid, "the state folder " + folder +
                                       " is open to other users; name a folder that is not there "
                                       "yet with --home, or close it with `chmod 700 " +
                                       folder + "` if it is for trawl alone");
}

}  // namespace

Result<void> prepare_home(Context& context) {
  if (context.home.empty()) {
    const char* user_home = std::getenv("HOME");
    if (user_home == nullptr || *user_home == '\0') {
      return fail(ErrorCode::kInvalid, "HOME is not set; name a state folder with --home DIR");
    }
    context.home = std::string(user_home) + "/.trawl";
  }
  std::error_code error;
  const std::filesystem::path home = std::filesystem::absolute(context.home, error);
  if (!error) std::filesystem::create_directories(home.parent_path(), error);
  if (error) {
    return fail(ErrorCode::kSystem,
                "cannot make the state folder " + context.home + ": " + error.message());
  }
  // Private from its first moment: another command may look at it at the same time.
  if (mkdir(home.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return fail_errno("cannot make the state folder " + context.home, errno);
  }
  context.home = std::filesystem::canonical(home, error).string();
  return check_private(context.home);
}

Result<void> prepare_key(Context& context) {
  if (context.key != "-") return {};
  auto file = protocol::read_key_file(context.key);
  if (!file) return tl::unexpected(file.error());
  context.key_read = *std::move(file);
  return {};
}

Target target_of(const Context& context) {
  return {context.home, context.coordinator, context.key, context.key_read};
}

Result<std::string> ask_coordinator(const Context& context, protocol::ClientRequest request) {
  PatientClient client(target_of(context));
  return client.ask(request);
}

void report(Context& context, const Error& error) {
  // A message may carry a name or the end of a log, and with them what somebody else wrote.
  std::fprintf(stderr, "trawl: error: %s\n", escaped_lines(error.message).c_str());
  context.exit_code = exit_code(error);
}

void print_answer(Context& context, const std::string& json, const char* fallback) {
  const auto text = formatted(json, context.format.value_or(fallback), context.query);
  if (!text) {
    report(context, text.error());
    return;
  }
  std::fputs(text->c_str(), stdout);
}

std::string output_failure(int number) {
  return std::string("cannot write to the output: ") + std::strerror(number);
}

int finish_output(int exit_code) {
  errno = 0;
  std::cout.flush();
  const bool flushed = std::fflush(stdout) == 0;
  const int number = errno != 0 ? errno : EIO;
  const bool written = flushed && std::ferror(stdout) == 0 && std::cout.good();
  if (written || exit_code == kExitOutput) return exit_code;
  std::fprintf(stderr, "trawl: error: %s\n", output_failure(number).c_str());
  return kExitOutput;
}

}  // namespace trawl::cli
