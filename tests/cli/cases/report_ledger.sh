# What a report takes from ledgers: the last line of an image, failures, machines; of any number.
mkdir -p run/.maskmill
python3 - <<'PYTHON'
import json
lines = [{"event": "start", "time": 1, "host": "two", "pid": 1}]
def item(path, status, **more):
    lines.append(dict(path=path, status=status, time=2, seconds=1, bytes=0, **more))
item("fails.png", "done")
item("fails.png", "failed", error="damaged")
item("silent.png", "failed")
item("done.png", "failed", error="damaged")
item("done.png", "done")
for number in range(100000):
    lines.append({"event": "start", "time": 3, "host": f"node-{number}", "pid": 1})
lines.append({"event": "start", "time": 4, "host": "one", "pid": 1})
item("late.png", "failed", error="missing")
with open("run/.maskmill/ledger-0-of-1.ndjson", "w") as ledger:
    for line in lines:
        print(json.dumps(line), file=ledger)
PYTHON
status timeout 20 maskmill report run
python3 - <<'PYTHON'
import json, re
def document(name):
    return json.loads(re.fullmatch(r"maskmillReport\(\S+ (.*)\);\n", open(f"report/data/{name}.js").read(), re.S)[1])
print(document("report")["runs"][0]["machines"])
index = document("index-0-0")
print(index["name"], index["status"], index["reason"])
PYTHON

# A ledger that cannot be read.
mkdir -p linked/.maskmill
ln -s ../../run/.maskmill/ledger-0-of-1.ndjson linked/.maskmill/ledger-0-of-1.ndjson
status maskmill report linked -o other
ls -A
