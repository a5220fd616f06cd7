// cli/shell_environment.h: which variables of the submitting shell a job runs with.
#pragma once

#include <string_view>
#include <sys/types.h>
#include <vector>

#include "sweep/job.h"

namespace trawl::cli {

/// False for what describes the shell's session or its terminal (`_`, PWD, TERM, SSH_*, DISPLAY,
/// ...), which is another one by the time that the job runs, and for what says which run, job or
/// server a process belongs to (TRAWL_*, AZUREML_*, MLFLOW_RUN_ID, ...), which the job has its own
/// of. Everything else goes along, as with Slurm's sbatch: CUDA_VISIBLE_DEVICES, LD_LIBRARY_PATH,
/// exported functions (`module`), tokens.
bool goes_along(std::string_view name);

/// This process's variables that go along.
std::vector<NamedText> shell_environment();

/// This process's umask. Not while another thread makes files: it can only be read by changing it.
mode_t shell_umask();

}  // namespace trawl::cli
