"""What a training script does with the stock client, and what the endpoint must hold afterwards.

Run by `run` with MLFLOW_RUN_ID set, as a worker starts a trial. Each step is a process of its own
where the client's state in a process matters. Uses plain REST only to read.
"""
import json
import math
import os
import subprocess
import sys
import tempfile
import urllib.request

URI = os.environ["MLFLOW_TRACKING_URI"]
TOKEN = os.environ["MLFLOW_TRACKING_TOKEN"]
OWN = os.environ["MLFLOW_RUN_ID"]


def get(path):
    request = urllib.request.Request(f"{URI}/api/2.0/{path}",
                                     headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def run(run_id=OWN):
    found = get(f"mlflow/runs/get?run_id={run_id}")["run"]
    data = found["data"]
    return {
        "info": found["info"],
        "inputs": found.get("inputs", {}),
        "outputs": found.get("outputs", {}),
        "params": {p["key"]: p["value"] for p in data.get("params", [])},
        "tags": {t["key"]: t["value"] for t in data.get("tags", [])},
        "metrics": {m["key"]: m for m in data.get("metrics", [])},
    }


def history(key, run_id=OWN):
    return get(f"mlflow/metrics/get-history?run_id={run_id}&metric_key={key}").get("metrics", [])


def equal(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: expected {wanted!r}, got {got!r}")


def script(body):
    """Runs a training script in a fresh process; gives back what it printed."""
    done = subprocess.run([sys.executable, "-c", body], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"exit status {done.returncode} of the script:\n{body}")
    return done.stdout


def implicit_run():
    script("import mlflow\n"
           "mlflow.log_param('sampled', 0.1)\n"
           "mlflow.log_param('sampled', '0.10')\n"  # another text for the sampled value: a warning
           "mlflow.log_param('none', None)\n"
           "mlflow.log_params({f'p{i}': i for i in range(130)})\n"
           "for i in range(5): mlflow.log_metric('loss', 1 / (i + 1), step=i)\n"
           "mlflow.log_metric('nan', float('nan'), step=1)\n"
           "mlflow.log_metric('inf', float('-inf'), step=1)\n"
           "mlflow.log_metrics({'m1': 1, 'm/2': 2.0}, step=7)\n"
           "mlflow.set_tag('t', 'v1')\n"
           "mlflow.set_tags({'t': 'v2', 'num': 5, 'gone': 'soon'})\n"
           "mlflow.delete_tag('gone')\n")
    own = run()
    equal("sampled param", own["params"]["sampled"], "0.1")
    equal("params", (own["params"]["none"], own["params"]["p129"]), ("None", "129"))
    equal("latest loss", own["metrics"]["loss"]["value"], 0.2)
    equal("loss steps", [m["step"] for m in history("loss")], [0, 1, 2, 3, 4])
    equal("nan", own["metrics"]["nan"]["value"], "NaN")
    equal("infinity", own["metrics"]["inf"]["value"], -sys.float_info.max)
    equal("metrics", (own["metrics"]["m1"]["value"], own["metrics"]["m/2"]["step"]), (1.0, 7))
    equal("tags", (own["tags"]["t"], own["tags"]["num"], "gone" in own["tags"]), ("v2", "5", False))
    equal("name and status", (own["info"]["run_name"], own["info"]["status"]),
          ("trial_0", "FINISHED"))


def resumed_with_block():
    script("import mlflow\n"
           "e = mlflow.set_experiment('some other name')\n"
           "assert e.experiment_id == '7', e\n"
           "with mlflow.start_run(run_name='mine') as r:\n"
           f"  assert r.info.run_id == '{OWN}', r\n"
           "  mlflow.log_metric('loss', 0.5, step=2)\n"
           "  try: mlflow.log_param('p1', 'other')\n"
           "  except mlflow.exceptions.MlflowException as x:\n"
           "    assert x.error_code == 'INVALID_PARAMETER_VALUE', x\n"
           "  else: raise SystemExit('a changed param was accepted')\n"
           "  with mlflow.start_run(nested=True) as child:\n"
           "    mlflow.log_metric('c', 1)\n"
           "  print(child.info.run_id)\n")
    own = run()
    equal("experiment asked for", own["tags"]["trawl.asked_experiment"], "some other name")
    equal("latest after resuming", own["metrics"]["loss"]["value"], 0.2)
    equal("rows after resuming", len(history("loss")), 6)


def second_run():
    printed = script("import mlflow\n"
                     "with mlflow.start_run(): mlflow.log_metric('x', 1)\n"
                     "with mlflow.start_run(run_name='stray') as r: mlflow.log_metric('y', 1)\n"
                     "print('id=' + r.info.run_id)\n")
    stray = run(printed.split("id=")[1].split()[0])
    equal("stray", (stray["info"]["run_name"], stray["info"]["experiment_id"],
                    stray["info"]["status"], stray["metrics"]["y"]["value"]),
          ("stray", "7", "FINISHED", 1.0))


def batch_of_1000():
    script("import mlflow, os\n"
           "from mlflow.entities import Metric\n"
           "c = mlflow.MlflowClient()\n"
           "rows = [Metric('b', i / 7, 1000 + i, i) for i in range(1000)]\n"
           f"for _ in range(2): c.log_batch('{OWN}', metrics=rows)\n"
           f"h = c.get_metric_history('{OWN}', 'b')\n"
           "assert [m.step for m in h] == list(range(1000)), len(h)\n")
    equal("batch", len(history("b")), 1000)


def asynchronous():
    script("import mlflow\n"
           "with mlflow.start_run():\n"
           "  if hasattr(mlflow, 'config') and hasattr(mlflow.config, 'enable_async_logging'):\n"
           "    mlflow.config.enable_async_logging(True)\n"
           "  for i in range(300): mlflow.log_metric('a', float(i), step=i)\n"
           "  if hasattr(mlflow, 'flush_async_logging'): mlflow.flush_async_logging()\n")
    equal("asynchronous", [m["value"] for m in history("a")], [float(i) for i in range(300)])


def artifacts():
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("a file.txt", "hello"), ("empty", ""), ("ünï.bin", "x" * 300_000)):
            with open(os.path.join(folder, name), "w") as f:
                f.write(content)
        script("import mlflow, os\n"
               f"mlflow.log_artifact({folder!r} + '/a file.txt')\n"
               f"mlflow.log_artifacts({folder!r}, 'all')\n"
               "mlflow.log_text('text', 'deep/er/t.txt')\n"
               "mlflow.log_dict({'k': 1}, 'd.json')\n"
               "c = mlflow.MlflowClient()\n"
               f"listed = sorted((f.path, f.is_dir, f.file_size) for f in c.list_artifacts('{OWN}', 'all'))\n"
               "assert [(p, s or 0) for p, d, s in listed] == [('all/a file.txt', 5), ('all/empty', 0),"
               " ('all/ünï.bin', 300000)], listed\n"
               f"p = mlflow.artifacts.download_artifacts(run_id='{OWN}', artifact_path='all')\n"
               "assert os.path.getsize(p + '/ünï.bin') == 300000\n"
               "assert open(p + '/a file.txt').read() == 'hello'\n"
               f"assert mlflow.artifacts.load_text(mlflow.get_run('{OWN}').info.artifact_uri + "
               "'/deep/er/t.txt') == 'text'\n")


def model():
    printed = script("import mlflow, mlflow.sklearn, numpy, sys\n"
                     "from sklearn.linear_model import LogisticRegression\n"
                     "x = numpy.array([[0.0], [1.0]]); m = LogisticRegression().fit(x, [0, 1])\n"
                     "v3 = mlflow.__version__.startswith('3')\n"
                     "with mlflow.start_run():\n"
                     "  mlflow.log_metric('acc', 0.5, step=3)\n"
                     "  kw = dict(pip_requirements=['scikit-learn'], serialization_format='cloudpickle')\n"
                     "  if v3: info = mlflow.sklearn.log_model(m, name='model', step=3, **kw)\n"
                     "  else: info = mlflow.sklearn.log_model(m, 'model', **kw)\n"
                     "  if v3: mlflow.log_metric('after', 0.25, step=3, model_id=info.model_id)\n"
                     "back = mlflow.sklearn.load_model(info.model_uri)\n"
                     "assert list(back.predict(x)) == [0, 1]\n"
                     "print('id=' + (info.model_id if v3 else ''))\n")
    model_id = printed.split("id=")[1].strip()
    own = run()
    if not model_id:
        equal("model history", len(json.loads(own["tags"]["mlflow.log-model.history"])), 1)
        return
    equal("model output", own["outputs"]["model_outputs"], [{"model_id": model_id, "step": 3}])
    logged = get(f"mlflow/logged-models/{model_id}")["model"]
    equal("model", (logged["info"]["status"], logged["info"]["name"], logged["info"]["source_run_id"]),
          ("LOGGED_MODEL_READY", "model", OWN))
    equal("model metrics", "after" in {m["key"] for m in logged["data"]["metrics"]}, True)


def search():
    script("import mlflow\n"
           "from mlflow import MlflowClient\n"
           "from mlflow.entities import ViewType\n"
           "client = MlflowClient()\n"
           "runs = []\n"
           "for i in range(5):\n"
           "  run = client.create_run('7', run_name=f'searched{i}', start_time=1 + i)\n"
           "  client.log_metric(run.info.run_id, 'rank/of one', float('nan') if i == 4 else i)\n"
           "  client.log_param(run.info.run_id, 'parity', 'even' if i % 2 == 0 else 'odd')\n"
           "  runs.append(run.info.run_id)\n"
           "def names(text, order=None, view=ViewType.ACTIVE_ONLY, page=2):\n"
           "  found, token = [], None\n"
           "  while True:\n"
           "    part = client.search_runs(['7'], text, view, page, order, token)\n"
           "    found += [run.data.tags['mlflow.runName'][-1] for run in part]\n"
           "    token = part.token\n"
           "    if not token: return ''.join(found)\n"
           "mine = \"attributes.run_name LIKE 'searched%' \"\n"
           "assert names(mine) == '43210', names(mine)\n"
           "assert names(mine + \"AND params.parity = 'even'\") == '420'\n"
           "assert names(mine + 'and metrics.`rank/of one` >= 1') == '321'\n"
           "assert names(mine, ['metrics.`rank/of one` ASC']) == '01234'\n"
           "assert names(mine, ['params.parity DESC', 'start_time ASC']) == '13024'\n"
           "client.delete_run(runs[0])\n"
           "assert names(mine) == '4321'\n"
           "assert names(mine, view=ViewType.DELETED_ONLY) == '0'\n"
           "try: client.log_metric(runs[0], 'late', 1)\n"
           "except mlflow.MlflowException as why: assert 'active' in str(why), why\n"
           "else: raise AssertionError('a deleted run took a metric')\n"
           "client.restore_run(runs[0])\n"
           "assert names(mine, view=ViewType.ALL) == '43210'\n"
           "frame = mlflow.search_runs(['7'], mine + \"AND params.parity = 'odd'\")\n"
           "assert list(frame['params.parity']) == ['odd', 'odd']\n"
           "assert sorted(e.experiment_id for e in client.search_experiments()) == ['0', '7']\n"
           "history = client.get_metric_history(runs[3], 'rank/of one')\n"
           "assert [m.value for m in history] == [3.0]\n")


def main():
    for step in (implicit_run, resumed_with_block, second_run, batch_of_1000, asynchronous,
                 artifacts, model, search):
        step()
        print("ok", step.__name__, flush=True)
    equal("final state is a run", math.isfinite(run()["info"]["start_time"]), True)


if __name__ == "__main__":
    main()
