// The parts that command jobs and sweeps share: every complaint, word for word, at its place.
#include <catch2/catch.hpp>

#include "tests/unit/jobfile/reading.h"

namespace trawl::jobfile {
namespace {

TEST_CASE("a literal is an integer, a float, text or a boolean") {
  CHECK(lines_of(command_with("inputs: {a: 1, b: 0.5, c: text, d: yes, e: {value: 3}}\n")).empty());
  CHECK(lines_of(command_with(
            "inputs: {a: null, b: [1], c: 2024-01-01, d: .inf, e: {value: [1]}, f-g: 1}\n")) ==
        Lines{"job.yml:3:13: error: inputs.a cannot be null: a literal is an integer, a finite "
              "float, text or a boolean, and data is a mapping with 'type' and 'path'",
              "job.yml:3:22: error: inputs.b cannot be a list: a literal is an integer, a finite "
              "float, text or a boolean, and data is a mapping with 'type' and 'path'",
              "job.yml:3:30: error: inputs.c cannot be 2024-01-01 (a date): a literal is an "
              "integer, a finite float, text or a boolean, and data is a mapping with 'type' and "
              "'path'; put it in quotes to pass it as text",
              "job.yml:3:45: error: inputs.d cannot be .inf (a float): a literal is an integer, a "
              "finite float, text or a boolean, and data is a mapping with 'type' and 'path'; put "
              "it in quotes to pass it as text",
              "job.yml:3:62: error: inputs.e cannot be a list: a literal is an integer, a finite "
              "float, text or a boolean, and data is a mapping with 'type' and 'path'",
              "job.yml:3:68: error: 'f-g' cannot be a name in inputs: letters, digits and "
              "underscores, no digit first"});
  CHECK(lines_of(command_with("inputs: [a]\n")) ==
        Lines{"job.yml:3:9: error: inputs must be a mapping from names to inputs; it is a list"});
  CHECK(lines_of(command_with("inputs: {a: {value: 1, type: uri_file}}\n")) ==
        Lines{"job.yml:3:24: error: unknown key 'type' in inputs.a; known keys: value"});
}

TEST_CASE("data must be on this machine, and of its type") {
  CHECK(lines_of(
            command_with("inputs: {a: {type: uri_file, path: data.csv}, b: {path: file:data}}\n"))
            .empty());
  CHECK(lines_of(command_with("inputs: {a: {type: uri_file, path: nowhere.csv}, b: {type: "
                              "uri_file, path: data}, c: {path: data.csv}, d: {path: \"\"}}\n")) ==
        Lines{"job.yml:3:36: error: the path of inputs.a does not exist: nowhere.csv",
              "job.yml:3:76: error: inputs.b is a uri_file, but its path is a folder: data; use "
              "type uri_folder",
              "job.yml:3:93: error: inputs.c is a uri_folder, but its path is a file: data.csv; "
              "use type uri_file",
              "job.yml:3:114: error: the path of inputs.d is empty"});
  CHECK(
      lines_of(command_with("inputs: {a: {type: url_file, path: data.csv, mode: rw_mount}, b: "
                            "{type: uri_file}}\n")) ==
      Lines{
          "job.yml:3:20: error: inputs.a.type cannot be 'url_file'; allowed: uri_file, uri_folder, "
          "mltable, mlflow_model, custom_model, triton_model; did you mean 'uri_file'?",
          "job.yml:3:52: error: inputs.a.mode cannot be 'rw_mount'; allowed: ro_mount, download, "
          "direct; did you mean 'ro_mount'?",
          "job.yml:3:63: error: inputs.b needs the key 'path'"});
  CHECK(lines_of(command_with("inputs: {a: {path: \"https://example.invalid/x\"}, b: {path: "
                              "\"wasbs://c@a/x\", mode: direct}}\n"))
            .empty());
  for (const std::string place : {"wasbs://c@a/x", "azureml://datastores/d/paths/p"}) {
    CHECK(
        lines_of(command_with("inputs: {a: {path: \"" + place + "\"}}\n")) ==
        Lines{"job.yml:3:20: error: inputs.a is in a place that Trawl cannot fetch from: " + place +
              "; give a local copy, or an http or https URL, with --set inputs.a.path=PLACE"});
  }
  CHECK(lines_of(command_with("inputs: {a: {path: \"azureml:d:1\", mode: direct}}\n")).size() == 1);
  CHECK(lines_of(command_with("inputs: {a: {path: data, mode: mount, datastore: d}}\n")) ==
        Lines{"job.yml:3:32: error: inputs.a.mode cannot be 'mount'; allowed: ro_mount, download, "
              "direct; it is now 'ro_mount'",
              "job.yml:3:39: warning: inputs.a.datastore is not used"});
  CHECK(lines_of(command_with("inputs: {a: {data: x}, b: {file: y}, c: {path: data, optional: "
                              "true}, d: {pth: data}}\n")) ==
        Lines{"job.yml:3:14: error: 'data' is not a key of inputs.a: write 'type: uri_folder' and "
              "'path: ...'",
              "job.yml:3:28: error: 'file' is not a key of inputs.b: write 'type: uri_file' and "
              "'path: ...'",
              "job.yml:3:54: error: 'optional' is not a key of inputs.c: only components declare "
              "it; a job gives values",
              "job.yml:3:71: error: inputs.d needs the key 'path'",
              "job.yml:3:75: error: unknown key 'pth' in inputs.d; known keys: type, path, mode, "
              "path_on_compute, datastore; did you mean 'path'?"});
  CHECK(lines_of(command_with("inputs: {t: {type: mltable, path: data, mode: eval_mount}, u: "
                              "{path: data, mode: eval_mount}}\n")) ==
        Lines{"job.yml:3:82: error: inputs.u.mode cannot be 'eval_mount'; allowed: ro_mount, "
              "download, direct"});
}

TEST_CASE("outputs are places to write to") {
  CHECK(lines_of(command_with("outputs: {a: , b: {type: uri_file, mode: upload}}\n")).empty());
  CHECK(
      lines_of(command_with(
          "outputs: {a: {type: uri_fil, mode: ro_mount, path: 5, name: n}, b: text, c-d: }\n")) ==
      Lines{
          "job.yml:3:21: error: outputs.a.type cannot be 'uri_fil'; allowed: uri_file, uri_folder, "
          "mltable, mlflow_model, custom_model, triton_model; did you mean 'uri_file'?",
          "job.yml:3:36: error: outputs.a.mode cannot be 'ro_mount'; allowed: rw_mount, upload, "
          "mount, direct; did you mean 'rw_mount'?",
          "job.yml:3:46: warning: outputs.a.path is not used: the data stays in the job's own "
          "folder",
          "job.yml:3:52: error: outputs.a.path must be text; 5 is an integer in YAML 1.1: put it "
          "in quotes",
          "job.yml:3:55: warning: outputs.a.name is not used: the data stays in the job's own "
          "folder and is not registered",
          "job.yml:3:68: error: outputs.b must be a mapping with the keys type, mode, path, name, "
          "version; it is text",
          "job.yml:3:74: error: 'c-d' cannot be a name in outputs: letters, digits and "
          "underscores, no digit first"});
  CHECK(
      lines_of(command_with("outputs: [a]\n")) ==
      Lines{"job.yml:3:10: error: outputs must be a mapping from names to outputs; it is a list"});
}

TEST_CASE("an environment is a reference, a file, or an image or a build") {
  CHECK(lines_of("command: c\n"
                 "environment: sklearn\n") ==
        Lines{"job.yml:2:14: error: environment 'sklearn' must be azureml: and a name, as in "
              "azureml:sklearn; or file:FILE, or a mapping with 'image' or 'build'"});
  CHECK(lines_of("command: c\n"
                 "environment: \"azureml:\"\n") ==
        Lines{"job.yml:2:14: error: environment 'azureml:' must be azureml: and a name, as in "
              "azureml:NAME@latest; or file:FILE, or a mapping with 'image' or 'build'"});
  CHECK(lines_of("command: c\n"
                 "environment: file:nowhere.yml\n") ==
        Lines{"job.yml:2:14: error: the environment file does not exist: nowhere.yml"});
  CHECK(
      lines_of("command: c\n"
               "environment: {image: a, build: {path: src}}\n") ==
      Lines{"job.yml:2:15: error: an environment takes 'image' or 'build', not both: remove one"});
  CHECK(lines_of("command: c\n"
                 "environment: {}\n") ==
        Lines{"job.yml:2:1: error: an environment needs 'image' or 'build'"});
  CHECK(lines_of("command: c\n"
                 "environment: {conda_file: data.csv}\n") ==
        Lines{"job.yml:2:1: error: environment.conda_file needs an 'image' to build on"});
  CHECK(lines_of("command: c\n"
                 "environment: {build: {path: src}, conda_file: {channels: []}}\n") ==
        Lines{"job.yml:2:35: error: environment.conda_file goes with 'image', not with 'build'"});
  CHECK(
      lines_of(
          "command: c\n"
          "environment: {image: a, conda_file: none.yml, os_type: mac, name: n, version: 1}\n") ==
      Lines{"job.yml:2:37: error: environment.conda_file is not a file: none.yml",
            "job.yml:2:56: error: environment.os_type cannot be 'mac'; allowed: linux, windows",
            "job.yml:2:61: warning: environment.name is dropped: an environment in a job has none",
            "job.yml:2:70: warning: environment.version is dropped: an environment in a job has "
            "none"});
  CHECK(lines_of("command: c\n"
                 "environment: {build: {path: nowhere, dockerfile: D}}\n") ==
        Lines{"job.yml:2:38: error: 'dockerfile' is not a key of environment.build: it is now "
              "'dockerfile_path', relative to 'path'"});
  CHECK(lines_of("command: c\n"
                 "environment: {build: {path: nowhere}}\n") ==
        Lines{"job.yml:2:29: error: environment.build.path is not a folder: nowhere"});
  CHECK(lines_of("command: c\n"
                 "environment: {build: {}}\n") ==
        Lines{"job.yml:2:15: error: environment.build needs the key 'path'"});
  CHECK(lines_of("command: c\n"
                 "environment: {channels: [a], dependencies: [b]}\n") ==
        Lines{"job.yml:2:15: error: 'channels' is not a key of environment: it belongs in a conda "
              "file: write 'conda_file: FILE', or put it under 'conda_file'",
              "job.yml:2:30: error: 'dependencies' is not a key of environment: it belongs in a "
              "conda file: write 'conda_file: FILE', or put it under 'conda_file'"});
  CHECK(lines_of("command: c\n"
                 "environment: {docker: {image: a}}\n") ==
        Lines{"job.yml:2:15: error: 'docker' is not a key of environment: write 'image: NAME', or "
              "'build: {path: FOLDER}'"});
  CHECK(lines_of("command: c\n"
                 "environment: 5\n") == Lines{"job.yml:2:14: error: environment must be text; 5 is "
                                              "an integer in YAML 1.1: put it in quotes"});
  CHECK(lines_of("command: c\n"
                 "environment: {image: 5, tags: {a: 1}}\n") ==
        Lines{"job.yml:2:22: error: environment.image must be text; 5 is an integer in YAML 1.1: "
              "put it in quotes",
              "job.yml:2:35: error: environment.tags.a must be text; 1 is an integer in YAML 1.1: "
              "put it in quotes"});
}

TEST_CASE("environment variables are text or numbers") {
  CHECK(
      lines_of(command_with("environment_variables: {A: 1, B: [1], C: {d: e}, \"E=F\": g}\n")) ==
      Lines{
          "job.yml:3:34: error: environment_variables.B must be text or a number; it is a list",
          "job.yml:3:42: error: environment_variables.C must be text or a number; it is a mapping",
          "job.yml:3:50: error: 'E=F' cannot be the name of an environment variable"});
  CHECK(lines_of(command_with("environment_variables: [A]\n")) ==
        Lines{"job.yml:3:24: error: environment_variables must be a mapping from names to values; "
              "it is a list"});
  CHECK(lines_of(command_with("environment_variables:\n")).empty());
}

TEST_CASE("code is a file or a folder on this machine") {
  CHECK(lines_of(command_with("code: src/train.py\n")).empty());
  CHECK(lines_of(command_with("code: nowhere\n")) ==
        Lines{"job.yml:3:7: error: code does not exist: nowhere"});
  CHECK(lines_of(command_with("code: {local_path: src}\n")) ==
        Lines{"job.yml:3:7: error: code is a path, not a mapping: write 'code: FOLDER'"});
  CHECK(lines_of(command_with("code: git+https://example.invalid/x\n")) ==
        Lines{"job.yml:3:7: error: code is not on this machine, and Trawl does not fetch it: "
              "git+https://example.invalid/x; name a local file or folder"});
  CHECK(lines_of(command_with("code: \"\"\n")) ==
        Lines{"job.yml:3:7: error: code is empty: name a file or a folder, or remove the key"});
  CHECK(
      lines_of(command_with("code: 5\n")) ==
      Lines{
          "job.yml:3:7: error: code must be text; 5 is an integer in YAML 1.1: put it in quotes"});
}

TEST_CASE("resources are checked, and what is not used is said") {
  CHECK(lines_of(command_with("resources: {instance_count: 1}\n")).empty());
  CHECK(lines_of(command_with("resources: {instance_count: 0, gpus: 2, shm_size: 8 gigs}\n")) ==
        Lines{"job.yml:3:29: error: resources.instance_count must be from 1 to 100000; it is 0",
              "job.yml:3:32: error: unknown key 'gpus' in resources; known keys: instance_count, "
              "instance_type, max_instance_count, shm_size, docker_args, locations, properties",
              "job.yml:3:41: warning: resources.shm_size is not used",
              "job.yml:3:51: error: resources.shm_size must be a number and b, k, m or g, as in "
              "8g; it is '8 gigs'"});
  CHECK(lines_of(command_with(
            "resources: {instance_count: 2, instance_type: t, max_instance_count: 3, shm_size: 8g, "
            "docker_args: [--ipc, host], locations: [a], properties: {x: 1}}\n")) ==
        Lines{"job.yml:3:13: warning: resources.instance_count is 2: the job runs as one process "
              "on one node",
              "job.yml:3:32: warning: resources.instance_type is not used",
              "job.yml:3:50: warning: resources.max_instance_count is not used",
              "job.yml:3:73: warning: resources.shm_size is not used",
              "job.yml:3:87: warning: resources.docker_args is not used",
              "job.yml:3:115: warning: resources.locations is not used",
              "job.yml:3:131: warning: resources.properties is not used"});
  CHECK(lines_of(command_with("resources: {docker_args: {a: b}, locations: a, properties: 3}\n")) ==
        Lines{"job.yml:3:13: warning: resources.docker_args is not used",
              "job.yml:3:26: error: resources.docker_args must be text; it is a mapping",
              "job.yml:3:34: warning: resources.locations is not used",
              "job.yml:3:45: error: resources.locations must be a list of text; it is text",
              "job.yml:3:48: warning: resources.properties is not used",
              "job.yml:3:60: error: resources.properties must be a mapping; it is an integer"});
}

TEST_CASE("a distribution is checked, and what is not launched is said") {
  CHECK(lines_of(command_with("distribution: {type: pytorch, process_count_per_instance: 2}\n")) ==
        Lines{"job.yml:3:1: warning: distribution pytorch is not launched yet: the job runs as one "
              "process on one node"});
  CHECK(lines_of(command_with("distribution: {type: horovod}\n")) ==
        Lines{"job.yml:3:22: error: distribution.type cannot be 'horovod'; allowed: pytorch, mpi, "
              "tensorflow, ray"});
  CHECK(lines_of(command_with("distribution: {type: mpi, process_count_per_node: 2}\n")) ==
        Lines{"job.yml:3:1: warning: distribution mpi is not launched yet: the job runs as one "
              "process on one node",
              "job.yml:3:27: error: 'process_count_per_node' is not a key of distribution: it is "
              "now 'process_count_per_instance'"});
  CHECK(lines_of(command_with("distribution: {process_count_per_instance: 2}\n")) ==
        Lines{"job.yml:3:1: error: distribution needs the key 'type'"});
  CHECK(lines_of(command_with("distribution: mpi\n")) ==
        Lines{"job.yml:3:15: error: distribution must be a mapping with 'type' (pytorch, mpi, "
              "tensorflow, ray); it is text"});
  CHECK(lines_of(command_with(
            "distribution: {type: ray, port: 70000, include_dashboard: 1, address: 5}\n")) ==
        Lines{"job.yml:3:1: warning: distribution ray is not launched yet: the job runs as one "
              "process on one node",
              "job.yml:3:33: error: distribution.port must be from 1 to 65535; it is 70000",
              "job.yml:3:59: error: distribution.include_dashboard must be true or false; it is an "
              "integer",
              "job.yml:3:71: error: distribution.address must be text; 5 is an integer in YAML "
              "1.1: put it in quotes"});
  CHECK(lines_of(command_with(
            "distribution: {type: tensorflow, worker_count: 0, parameter_server_count: -1}\n")) ==
        Lines{"job.yml:3:1: warning: distribution tensorflow is not launched yet: the job runs as "
              "one process on one node",
              "job.yml:3:48: error: distribution.worker_count must be from 1 to 100000; it is 0",
              "job.yml:3:75: error: distribution.parameter_server_count must be from 0 to 100000; "
              "it is -1"});
}

TEST_CASE("compute, identity, services and queue settings are checked and not used") {
  CHECK(lines_of(command_with("compute: local\n")).empty());
  CHECK(lines_of(command_with("compute: azureml:gpu\n")) ==
        Lines{"job.yml:3:10: warning: compute 'azureml:gpu' is not used: the job runs here"});
  CHECK(lines_of(command_with("compute: {target: azureml:gpu, instance_count: 2}\n")) ==
        Lines{"job.yml:3:10: error: compute is a name, not a mapping: write 'compute: "
              "azureml:NAME'; instance_count belongs under 'resources'"});
  CHECK(lines_of(command_with("compute: 5\n")) ==
        Lines{"job.yml:3:10: error: compute must be text; 5 is an integer in YAML 1.1: put it in "
              "quotes"});
  CHECK(
      lines_of(command_with("identity: {type: user_identity}\n")) ==
      Lines{"job.yml:3:1: warning: identity is not used: the job runs as the user who starts it"});
  CHECK(lines_of(command_with("identity: {type: me}\n")) ==
        Lines{"job.yml:3:1: warning: identity is not used: the job runs as the user who starts it",
              "job.yml:3:18: error: identity.type cannot be 'me'; allowed: managed, "
              "managed_identity, aml_token, user_identity"});
  CHECK(lines_of(command_with("identity: {type: aml_token, client_id: x}\n")) ==
        Lines{"job.yml:3:1: warning: identity is not used: the job runs as the user who starts it",
              "job.yml:3:29: error: identity.client_id goes with 'type: managed' alone"});
  CHECK(lines_of(command_with("identity: me\n")) ==
        Lines{"job.yml:3:11: error: identity must be a mapping with the keys type, client_id, "
              "object_id, msi_resource_id; it is text"});
  CHECK(
      lines_of(command_with(
          "services: {s: {type: ssh, port: 22, status: Running}, t: {tipe: x}, u: {port: 0}}\n")) ==
      Lines{"job.yml:3:12: warning: services.s is not served",
            "job.yml:3:55: warning: services.t is not served",
            "job.yml:3:59: error: unknown key 'tipe' in services.t; known keys: type, port, nodes, "
            "properties, ssh_public_keys, log_dir; did you mean 'type'?",
            "job.yml:3:69: warning: services.u is not served",
            "job.yml:3:79: error: services.u.port must be from 1 to 65535; it is 0"});
  CHECK(
      lines_of(command_with("services: [ssh]\n")) ==
      Lines{
          "job.yml:3:11: error: services must be a mapping from names to services; it is a list"});
  CHECK(lines_of(
            command_with("queue_settings: {job_tier: cheap, priority: highest, tier: spot}\n")) ==
        Lines{"job.yml:3:1: warning: queue_settings is not used",
              "job.yml:3:28: error: queue_settings.job_tier cannot be 'cheap'; allowed: spot, "
              "basic, standard, premium, null",
              "job.yml:3:45: error: queue_settings.priority cannot be 'highest'; allowed: low, "
              "medium, high",
              "job.yml:3:54: error: unknown key 'tier' in queue_settings; known keys: job_tier, "
              "priority"});
  CHECK(lines_of(command_with("queue_settings: {job_tier: Spot}\n")) ==
        Lines{"job.yml:3:1: warning: queue_settings is not used"});
  CHECK(lines_of(command_with("parent_job_name: p\n")) ==
        Lines{"job.yml:3:1: warning: parent_job_name is not used"});
}

TEST_CASE("names and free text are text") {
  CHECK(
      lines_of(command_with("name: 5\n")) ==
      Lines{
          "job.yml:3:7: error: name must be text; 5 is an integer in YAML 1.1: put it in quotes"});
  CHECK(lines_of(command_with("name: a/b\n")) ==
        Lines{"job.yml:3:7: error: 'a/b' cannot be a job's name: 1 to 240 letters, digits, '_' "
              "or '-', a letter or digit first"});
  CHECK(lines_of(command_with("name: .hidden\n")) ==
        Lines{"job.yml:3:7: error: '.hidden' cannot be a job's name: 1 to 240 letters, digits, "
              "'_' or '-', a letter or digit first"});
  CHECK(lines_of(command_with("description: 5\n"
                              "display_name: [a]\n"
                              "experiment_name: yes\n")) ==
        Lines{"job.yml:3:14: error: description must be text; 5 is an integer in YAML 1.1: put it "
              "in quotes",
              "job.yml:4:15: error: display_name must be text; it is a list",
              "job.yml:5:18: error: experiment_name must be text; yes is a boolean in YAML 1.1: "
              "put it in quotes"});
  CHECK(
      lines_of(command_with("tags: {n: 1, m: }\n"
                            "properties: [a]\n")) ==
      Lines{
          "job.yml:3:11: error: tags.n must be text; 1 is an integer in YAML 1.1: put it in quotes",
          "job.yml:4:13: error: properties must be a mapping from names to text; it is a list"});
  CHECK(lines_of(command_with("tags: {é: 5}\n")) ==
        Lines{"job.yml:3:11: error: tags.é must be text; 5 is an integer in YAML 1.1: put it in "
              "quotes"});
  CHECK(lines_of(command_with("description: \"a\\0b\"\n")) ==
        Lines{"job.yml:3:14: error: description holds a NUL character"});
}

}  // namespace
}  // namespace trawl::jobfile
