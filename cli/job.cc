#include "cli/job.h"

#include <algorithm>
#include <memory>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/download.h"
#include "cli/exit_code.h"
#include "cli/stream.h"
#include "cli/submit.h"
#include "cli/update.h"

namespace trawl::cli {
namespace {

void add_set(CLI::App* verb, JobFileArguments& arguments) {
  verb->add_option("--set", arguments.overrides,
                   "PATH=VALUE ...: change the file before it is checked");
}

void add_file_options(CLI::App* verb, JobFileArguments& arguments) {
  verb->add_option("-f,--file", arguments.file, "the job's YAML file")->required();
  add_set(verb, arguments);
  verb->add_option("-n,--name", arguments.name, "the job's name (the file's, or a made-up one)");
  verb->fallthrough();
}

void create(Context& context, const JobFileArguments& arguments, bool stream) {
  auto spec = read_job(context, arguments, true);
  if (!spec) return;
  const std::string name = spec->name;
  const auto answer = submit(context, std::move(*spec));
  if (!answer) {
    report(context, answer.error());
    return;
  }
  if (!stream) {
    print_answer(context, *answer, "json");
    fmt::print(stderr, "follow it with `trawl job stream -n {}`\n", name);
    return;
  }
  fmt::print(stderr, "{} is submitted\n", name);
  // Standard output carries the answer alone: the job where -o asks for it, else what is streamed.
  const bool wants_answer = context.format && *context.format != "none";
  stream_job(context, name, wants_answer ? stderr : stdout);
  if (!wants_answer || context.exit_code == kExitDetached) return;
  const auto shown = ask_coordinator(context, protocol::ShowJob{name});
  if (!shown) {
    report(context, shown.error());
    return;
  }
  print_answer(context, *shown, "json");
}

void ask_and_print(Context& context, protocol::ClientRequest request, const char* format) {
  const auto answer = ask_coordinator(context, std::move(request));
  if (!answer) {
    report(context, answer.error());
    return;
  }
  print_answer(context, *answer, format);
}

void add_create(CLI::App* noun, Context& context) {
  auto arguments = std::make_shared<JobFileArguments>();
  auto stream = std::make_shared<bool>(false);
  CLI::App* verb = noun->add_subcommand("create", "submit a job; prints it as JSON");
  add_file_options(verb, *arguments);
  verb->add_flag("--stream", *stream, "follow it to its end");
  auto web = std::make_shared<bool>(false);
  verb->add_flag("--web", *web, "open the job in a browser: there is no page to open yet");
  verb->callback([&context, arguments, stream, web] {
    if (*web) fmt::print(stderr, "trawl: warning: --web: there is no dashboard to open yet\n");
    create(context, *arguments, *stream);
  });
}

void add_validate(CLI::App* noun, Context& context) {
  auto arguments = std::make_shared<JobFileArguments>();
  CLI::App* verb = noun->add_subcommand("validate", "all errors and warnings of a file, no effect");
  add_file_options(verb, *arguments);
  verb->callback([&context, arguments] {
    if (read_job(context, *arguments, false)) fmt::print(stderr, "{}: valid\n", arguments->file);
  });
}

// A verb that takes a job's or trial's name and nothing else.
template <class Action>
void add_named(CLI::App* noun, const char* name, const char* about, Action action) {
  auto job = std::make_shared<std::string>();
  CLI::App* verb = noun->add_subcommand(name, about);
  verb->add_option("-n,--name", *job, "a job's or a trial's name")->required();
  verb->fallthrough();
  verb->callback([job, action] { action(*job); });
}

// CLI11 says what is wrong with an argument in a check's return value; "" is good.
std::string is_positive(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  const bool zero = text.find_first_not_of('0') == std::string::npos;
  return digits && !zero ? "" : "must be a whole number of at least 1; it is '" + text + "'";
}

void add_list(CLI::App* noun, Context& context) {
  auto request = std::make_shared<protocol::ListJobs>();
  CLI::App* verb = noun->add_subcommand("list", "jobs, newest first, or the trials of a sweep");
  verb->add_option("--parent-job-name", request->parent, "a sweep: its trials");
  verb->add_option("-r,--max-results", request->max_results, "at most so many")
      ->check(is_positive, "at least 1");
  auto only = std::make_shared<bool>(false);
  auto included = std::make_shared<bool>(false);
  CLI::Option* only_flag = verb->add_flag("--archived-only", *only, "archived jobs alone");
  verb->add_flag("--include-archived", *included, "archived jobs too")->excludes(only_flag);
  verb->fallthrough();
  verb->callback([&context, request, only, included] {
    if (*included) request->archived = protocol::Archived::kIncluded;
    if (*only) request->archived = protocol::Archived::kOnly;
    ask_and_print(context, *request, isatty(STDOUT_FILENO) != 0 ? "table" : "json");
  });
}

void add_download(CLI::App* noun, Context& context) {
  auto arguments = std::make_shared<DownloadArguments>();
  CLI::App* verb =
      noun->add_subcommand("download", "the files of an ended job; of a sweep, its best trial's");
  verb->add_option("-n,--name", arguments->name, "a job's or a trial's name")->required();
  verb->add_option("-p,--download-path", arguments->folder, "where to (here)");
  verb->add_flag("--all", arguments->all, "named outputs too");
  verb->add_option("--output-name", arguments->output_name, "this named output alone");
  verb->fallthrough();
  verb->callback([&context, arguments] {
    const auto done = download(context, *arguments);
    if (!done) report(context, done.error());
  });
}

void add_update(CLI::App* noun, Context& context) {
  struct Arguments {
    std::string name;
    std::vector<std::string> set;
    std::vector<std::string> remove;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = noun->add_subcommand(
      "update", "change a job's display_name, description, tags and properties");
  verb->add_option("-n,--name", arguments->name, "a job's name")->required();
  verb->add_option("--set", arguments->set,
                   "any of display_name=TEXT, description=TEXT, tags.NAME=TEXT and "
                   "properties.NAME=TEXT");
  verb->add_option("--remove", arguments->remove, "any of tags.NAME and properties.NAME");
  verb->fallthrough();
  verb->callback([&context, arguments] {
    const auto update = job_update(arguments->set, arguments->remove);
    if (!update) {
      report(context, update.error());
      return;
    }
    ask_and_print(context, protocol::UpdateJob{arguments->name, *update}, "json");
  });
}

// In `trawl run --set a=1 b=2 sweep.yml` the option takes all three words.
void take_file(JobFileArguments& arguments) {
  const auto file = std::ranges::find_if(arguments.overrides, [](const std::string& word) {
    return word.find('=') == std::string::npos;
  });
  if (file == arguments.overrides.end()) return;
  arguments.file = *file;
  arguments.overrides.erase(file);
}

}  // namespace

void add_job_verbs(CLI::App& app, Context& context) {
  CLI::App* noun = app.add_subcommand("job", "submit, follow and end jobs");
  noun->require_subcommand(1);
  noun->fallthrough();
  add_create(noun, context);
  add_validate(noun, context);
  add_named(noun, "show", "one job or trial", [&context](const std::string& name) {
    ask_and_print(context, protocol::ShowJob{name}, "json");
  });
  add_list(noun, context);
  add_named(noun, "stream", "follow a job to its end; a trial's or command's log",
            [&context](const std::string& name) { stream_job(context, name, stdout); });
  add_named(noun, "wait", "block until a job ends",
            [&context](const std::string& name) { wait_for_job(context, name); });
  add_named(noun, "cancel", "end a job, or one trial", [&context](const std::string& name) {
    ask_and_print(context, protocol::CancelJob{name}, "none");
  });
  add_download(noun, context);
  const auto archive = [&context](const std::string& name, bool archived) {
    JobUpdate update;
    update.archived = archived;
    ask_and_print(context, protocol::UpdateJob{name, std::move(update)}, "none");
  };
  add_named(noun, "archive", "leave a job out of `job list`",
            [archive](const std::string& name) { archive(name, true); });
  add_named(noun, "restore", "undo archive",
            [archive](const std::string& name) { archive(name, false); });
  add_update(noun, context);

  auto arguments = std::make_shared<JobFileArguments>();
  CLI::App* run = app.add_subcommand("run", "short for job create -f FILE --stream");
  run->add_option("file", arguments->file, "the job's YAML file (required)");
  add_set(run, *arguments);
  run->add_option("-n,--name", arguments->name, "the job's name");
  run->fallthrough();
  run->callback([&context, arguments] {
    if (arguments->file.empty()) take_file(*arguments);
    if (arguments->file.empty()) throw CLI::RequiredError("file");
    create(context, *arguments, true);
  });
}

}  // namespace trawl::cli
