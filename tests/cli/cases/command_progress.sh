# On a terminal, report and filter say how far they are; elsewhere they do not.
mkdir run
cat >watch.py <<'PYTHON'
"""Runs a command with a terminal for its standard error, and says what was drawn there."""
import os, pty, re, subprocess, sys
ours, theirs = pty.openpty()
process = subprocess.Popen(sys.argv[1:], stderr=theirs, stdout=subprocess.DEVNULL)
os.close(theirs)
text = b""
try:
    while piece := os.read(ours, 4096):
        text += piece
except OSError:
    pass
lines = {re.sub(rb"[\d.,]+", b"N", line.strip()).decode() for line in re.split(rb"\r|\x1b\[K|\n", text)} - {""}
print(*sorted({re.sub("(records/s).*", r"\1", line) for line in lines}), f"status {process.wait()}", sep="\n")
PYTHON
python3 - <<'PYTHON'
import json
record = {"image": {"image_id": 1, "width": 7, "height": 5, "file_name": "a.png"}, "annotations": []}
for number in range(1000):
    json.dump(record, open(f"run/{number}.json", "w"))
open("run/1.json", "w").write("damaged")
# More than is read before the first line is drawn, which is after a fifth of a second.
with open("many.jsonl", "w") as many:
    for number in range(60000):
        record["image"].update(image_id=number, file_name=f"{number}.png")
        many.write(json.dumps(record) + "\n")
    many.write("damaged\n")
PYTHON
python3 watch.py maskmill report many.jsonl --photos none
status maskmill report many.jsonl --photos none -o other
python3 watch.py maskmill filter run -o filtered --min-area 3
