#include "cli/context.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>

#include "cli/exit_code.h"
#include "cli/patient_client.h"
#include "cli/view/output.h"

namespace trawl::cli {

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
  if (!error) std::filesystem::create_directories(home, error);
  if (error) {
    return fail(ErrorCode::kSystem,
                "cannot make the state folder " + context.home + ": " + error.message());
  }
  context.home = std::filesystem::canonical(home, error).string();
  if (chmod(context.home.c_str(), S_IRWXU) != 0) {
    return fail_errno("cannot protect the state folder " + context.home, errno);
  }
  return {};
}

Result<std::string> ask_coordinator(const Context& context, protocol::ClientRequest request) {
  PatientClient client(context.home);
  return client.ask(request);
}

void report(Context& context, const Error& error) {
  std::fprintf(stderr, "trawl: error: %s\n", error.message.c_str());
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

}  // namespace trawl::cli
