// cli/main.cc: the one binary, and the only place where things are wired together.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/context.h"
#include "cli/daemon.h"
#include "cli/exit_code.h"
#include "cli/job.h"
#include "cli/worker.h"

namespace {

constexpr const char* kAbout =
    "Trawl runs Azure ML v2 sweep and command jobs on your own machines.\n"
    "\n"
    "  trawl run sweep.yml            submit a job and follow it to its end\n"
    "  trawl job stream -n NAME       come back to it\n"
    "  trawl job show -n NAME         its state and its best trial\n"
    "  trawl job download -n NAME     the best trial's files\n";

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 the job Failed, 2 the job was Canceled, 3 bad usage or an invalid "
    "file,\n"
    "4 not found, 5 the coordinator cannot be reached or refuses, 6 a conflict (name taken, state\n"
    "folder held), 70 a defect in Trawl, 74 the output cannot be written, 130 Ctrl-C while\n"
    "watching.\n";

// "trawl job create": the command that was being read when something was wrong.
std::string command_line_of(const CLI::App& app) {
  std::string line = app.get_name();
  const CLI::App* noun = &app;
  while (!noun->get_subcommands().empty()) {
    noun = noun->get_subcommands().front();
    line += " " + noun->get_name();
  }
  return line;
}

// The message for a word that is no command, with the nearest that is.
std::string unknown_command(const CLI::App& app, const std::string& word) {
  const CLI::App* noun = &app;
  while (!noun->get_subcommands().empty()) noun = noun->get_subcommands().front();
  std::vector<std::string> names;
  for (const CLI::App* verb : noun->get_subcommands(nullptr)) names.push_back(verb->get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  std::string text = "trawl: error: '" + word + "' is not a command here; there are: ";
  for (const std::string& name : names) text += (&name == &names.front() ? "" : ", ") + name;
  const std::string near = trawl::nearest(word, known);
  return text + (near.empty() ? "" : "; did you mean '" + near + "'?") + "\n";
}

int run(int argc, char** argv) {
  trawl::cli::Context context;
  if (const char* home = std::getenv("TRAWL_HOME")) context.home = home;
  if (const char* address = std::getenv("TRAWL_COORDINATOR")) context.coordinator = address;
  if (const char* file = std::getenv("TRAWL_KEY")) context.key = file;

  CLI::App app{kAbout, "trawl"};
  app.footer(kExitCodes);
  app.set_version_flag("--version", "trawl " TRAWL_VERSION);
  app.require_subcommand(1);
  app.add_option("-o,--output", context.format, "json, jsonc, yaml, table, tsv or none")
      ->check(CLI::IsMember({"json", "jsonc", "yaml", "table", "tsv", "none"}));
  app.add_option("--query", context.query, "a JMESPath of dotted names, [n] and []");
  app.add_option("--home", context.home, "the state folder (TRAWL_HOME, else ~/.trawl)");
  app.add_option("--coordinator", context.coordinator,
                 "HOST:PORT of a coordinator on another machine (TRAWL_COORDINATOR)");
  app.add_option("--key", context.key,
                 "the key file for that, or - for standard input (TRAWL_KEY, else keys/submit.key "
                 "in the state folder)");
  app.add_flag("-v,--verbose", context.verbose, "say more");
  // Verbs run when parsing is over, so the folder is made ready before the first of them.
  app.parse_complete_callback([&context] {
    auto ready = trawl::cli::prepare_home(context);
    if (ready) ready = trawl::cli::prepare_key(context);
    if (!ready) {
      trawl::cli::report(context, ready.error());
      throw CLI::RuntimeError(context.exit_code);
    }
  });
  app.failure_message([](const CLI::App* noun, const CLI::Error& error) {
    return "trawl: error: " + std::string(error.what()) + "\nsee `" + command_line_of(*noun) +
           " --help`\n";
  });
  trawl::cli::add_job_verbs(app, context);
  trawl::cli::add_coordinator_verbs(app, context);
  trawl::cli::add_worker_verbs(app, context);

  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();
  } catch (const CLI::RequiredError& error) {
    // CLI11 says that a command is missing also where one was misspelt.
    const auto extra = app.remaining(true);
    if (extra.empty()) return app.exit(error) == 0 ? 0 : trawl::cli::kExitUsage;
    std::fputs(unknown_command(app, extra.front()).c_str(), stderr);
    return trawl::cli::kExitUsage;
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? trawl::cli::kExitDone : trawl::cli::kExitUsage;
  }
  return context.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  return trawl::cli::finish_output(run(argc, argv));
}
