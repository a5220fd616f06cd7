#include "cli/shell_environment.h"

#include <algorithm>
#include <array>
#include <sys/stat.h>

#include "worker/environment.h"

extern char** environ;

namespace trawl::cli {
namespace {

// The shell, its session and its terminal.
constexpr std::array<std::string_view, 36> kSession = {"_",
                                                       "SHLVL",
                                                       "PWD",
                                                       "OLDPWD",
                                                       "COLUMNS",
                                                       "LINES",
                                                       "COLORTERM",
                                                       "LS_COLORS",
                                                       "PS1",
                                                       "PS2",
                                                       "PS3",
                                                       "PS4",
                                                       "PROMPT_COMMAND",
                                                       "PROMPT",
                                                       "RPROMPT",
                                                       "TMUX",
                                                       "TMUX_PANE",
                                                       "STY",
                                                       "WINDOW",
                                                       "WINDOWID",
                                                       "GPG_TTY",
                                                       "XAUTHORITY",
                                                       "DISPLAY",
                                                       "XDG_RUNTIME_DIR",
                                                       "XDG_SEAT",
                                                       "XDG_VTNR",
                                                       "DESKTOP_SESSION",
                                                       "SESSION_MANAGER",
                                                       "MAIL",
                                                       "NOTIFY_SOCKET",
                                                       "LISTEN_FDS",
                                                       "LISTEN_PID",
                                                       "INVOCATION_ID",
                                                       "JOURNAL_STREAM",
                                                       "TERM",
                                                       "TERMCAP"};
constexpr std::array<std::string_view, 10> kSessionPrefixes = {
    "TERM_", "SSH_",    "WAYLAND_", "XDG_SESSION_", "DBUS_",
    "VTE_",  "VSCODE_", "GNOME_",   "KONSOLE_",     "ITERM_"};

// Which run, job, experiment or server a process belongs to.
constexpr std::array<std::string_view, 2> kIdentityPrefixes = {"TRAWL_", "AZUREML_"};
constexpr std::array<std::string_view, 13> kIdentity = {"MLFLOW_TRACKING_URI",
                                                        "MLFLOW_TRACKING_TOKEN",
                                                        "MLFLOW_TRACKING_USERNAME",
                                                        "MLFLOW_TRACKING_PASSWORD",
                                                        "MLFLOW_TRACKING_AUTH",
                                                        "MLFLOW_REGISTRY_URI",
                                                        "MLFLOW_RUN_ID",
                                                        "MLFLOW_RUN_CONTEXT",
                                                        "MLFLOW_EXPERIMENT_ID",
                                                        "MLFLOW_EXPERIMENT_NAME",
                                                        "MLFLOW_WORKSPACE",
                                                        "MLFLOW_ACTIVE_MODEL_ID",
                                                        "MLFLOW_TRACKING_AWS_SIGV4"};

template <std::size_t size>
bool has(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

template <std::size_t size>
bool starts(const std::array<std::string_view, size>& prefixes, std::string_view name) {
  return std::ranges::any_of(prefixes, [&](std::string_view one) { return name.starts_with(one); });
}

}  // namespace

bool goes_along(std::string_view name) {
  return !has(kSession, name) && !has(kIdentity, name) && !starts(kSessionPrefixes, name) &&
         !starts(kIdentityPrefixes, name);
}

std::vector<NamedText> shell_environment() {
  std::vector<NamedText> variables = worker::variables_of(environ);
  std::erase_if(variables, [](const NamedText& one) { return !goes_along(one.name); });
  return variables;
}

mode_t shell_umask() {
  const mode_t mask = umask(S_IRWXG | S_IRWXO);
  umask(mask);
  return mask;
}

}  // namespace trawl::cli
