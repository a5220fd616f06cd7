"""Page tokens of run search, experiment search and metric history."""
from mlflow import MlflowClient
from mlflow.entities import Metric

from kit import Kit, name

k = Kit()
c = MlflowClient()
e = c.create_experiment(name("paging"))
for i in range(23):
    c.log_metric(c.create_run(e, run_name=f"r{i:02d}", start_time=1000 + i).info.run_id, "m", i % 4, timestamp=1)


def pages(size, order):
    out, tok = [], None
    while True:
        p = c.search_runs([e], order_by=order, max_results=size, page_token=tok)
        out.append([r.info.run_name for r in p])
        tok = p.token
        if not tok:
            return out


for n in (5, 10, 23, 50):
    k.obs(f"pages of {n}", pages(n, ["start_time ASC"]))
k.obs("by metric", pages(6, ["metrics.m DESC", "start_time ASC"]))
k.err("bad token", c.search_runs, [e], page_token="bogus")
k.err("no results asked", c.search_runs, [e], max_results=0)
k.err("too many asked", c.search_runs, [e], max_results=50001)
for i in range(7):
    c.create_experiment(name(f"page-exp-{i}"))
out, tok = [], None
while True:
    p = c.search_experiments(filter_string="name LIKE 'page-exp-%-" + __import__("kit").TAG + "'", max_results=3, page_token=tok, order_by=["name ASC"])
    out.append([x.name for x in p])
    tok = p.token
    if not tok:
        break
k.obs("experiments", out)
rid = c.create_run(e, run_name="hist", start_time=1).info.run_id
for b in range(3):
    c.log_batch(rid, metrics=[Metric("h", float(i), 10 + i, i) for i in range(b * 1000, b * 1000 + 1000)])
one = k.get("mlflow/metrics/get-history", run_id=rid, metric_key="h", max_results=1200)
k.obs("history page", [len(one["metrics"]), bool(one.get("next_page_token"))])
two = k.get("mlflow/metrics/get-history", run_id=rid, metric_key="h", max_results=1200, page_token=one["next_page_token"])
three = k.get("mlflow/metrics/get-history", run_id=rid, metric_key="h", max_results=1200, page_token=two["next_page_token"])
k.obs("history rest", [len(two["metrics"]), len(three["metrics"]), bool(three.get("next_page_token"))])
k.obs("history whole", sorted(m["step"] for m in one["metrics"] + two["metrics"] + three["metrics"]) == list(range(3000)))
k.done()
