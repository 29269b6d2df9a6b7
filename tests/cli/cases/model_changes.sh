# A model that is overwritten or shortened while a run maps it: the run stops with a message, and nothing is done by two
# models.
mkdir images
for i in 1 2 3 4 5 6; do cp "$IMAGES/tall.png" images/$i.png; done
python3 - "$MODEL" <<'PYTHON'
import os, subprocess, sys, time

def attempt(name, change):
    with open(sys.argv[1], "rb") as file:
        content = file.read()
    with open("model.safetensors", "wb") as file:
        file.write(content)
    options = "--quiet --points-per-side 24 --workers 1".split()
    run = subprocess.Popen(["maskmill", "run", "-m", "model.safetensors", "images", "-o", name, *options], stderr=subprocess.PIPE, text=True)
    while not os.path.exists(f"{name}/1.json"):
        time.sleep(0.02)
    change(content)
    said = run.communicate()[1]
    print(name, "a message," if said.startswith("maskmill: ") else "no message,", "status", run.returncode)
    done = open(f"{name}/.maskmill/ledger-0-of-1.ndjson").read().count('"done"')
    print("all done" if done >= 6 else "not all done")

def overwrite(content):
    time.sleep(0.02)
    with open("model.safetensors", "r+b") as file:
        file.seek(len(content) // 2)
        file.write(content[len(content) // 2:])

def shorten(content):
    os.truncate("model.safetensors", 1000)

def rename(content):
    with open("new", "wb") as file:
        file.write(content[:1000])
    os.rename("new", "model.safetensors")

attempt("overwritten", overwrite)
attempt("shortened", shorten)
attempt("renamed", rename)
PYTHON
