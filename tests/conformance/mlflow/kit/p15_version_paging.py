"""Page tokens of model version search."""
from mlflow import MlflowClient

from kit import Kit, name

k = Kit()
c = MlflowClient()
e = c.create_experiment(name("version-paging"))
rid = c.create_run(e, start_time=1).info.run_id
c.create_registered_model(name("paged"))
for i in range(5):
    c.create_model_version(name("paged"), f"mlflow-artifacts:/{e}/{rid}/artifacts/m{i}", run_id=rid)
out, tok = [], None
while True:
    p = c.search_model_versions(f"name = '{name('paged')}'", max_results=2, order_by=["version_number ASC"], page_token=tok)
    out.append([int(x.version) for x in p])
    tok = p.token
    if not tok:
        break
k.obs("versions", out)
k.done()
