# `maskmill predict --serve-ndjson`: a line of JSON in, a line out, in order; errors are answers; images are
# encoded once.
cp "$IMAGES/tall.png" "$IMAGES/enlarged.png" .
serve() { maskmill predict --model "$MODEL" --serve-ndjson "$@"; }
# An answer without the pixels of its masks.
cat >say.py <<'PYTHON'
import json, sys
for line in sys.stdin:
    if not line.startswith("{"):
        print(line, end="")
        continue
    assert line.endswith("\n")
    answer = json.loads(line)
    for mask in answer.get("masks", []):
        for member in "segmentation", "area", "bbox", "predicted_iou", "stability_score", "crop_box":
            del mask[member]
    print(json.dumps(answer))
PYTHON
say() { python3 say.py; }

echo "-- prompts"
cat >requests <<'LINES'
{"id": 1, "image": "tall.png", "points": [[40, 100, 1]]}
{"id": "two", "image": "tall.png", "points": [[40, 100], [20, 30, 0]], "multimask": true}

{"id": {"any": [1.50, null]}, "image": "./tall.png", "boxes": [[10, 20, 80, 200], [5, 5, 50, 50]]}
{"image": "enlarged.png"}
{"id": 5, "image": "enlarged.png", "prompts": [{"points": [[10, 10]], "box": [1, 1, 100, 100]}, {"points": [[1, 2, 0]]}]}
LINES
printf '{"id": 6, "image": "tall.png", "mask": {"size": [256, 90], "counts": [1000, 500, 21540]}}' >>requests
serve <requests >answers
say <answers

echo "-- the masks are those of the command line"
maskmill predict --quiet --model "$MODEL" tall.png --point 40,100 --point 20,30,0 --multimask --json >record
python3 - <<'PYTHON'
import json
answer = [json.loads(line) for line in open("answers")][1]
record = json.load(open("record"))
assert len(answer["masks"]) == 3
for mask, annotation in zip(answer["masks"], record["annotations"]):
    assert mask.pop("prompt") == 0
    assert mask == annotation, (mask, annotation)
PYTHON
serve --quiet -t 3 <requests | cmp - answers

echo "-- errors are answers"
status serve --quiet <<'LINES' | say
nonsense
[1]
7
{"id": 1}
{"id": 2, "image": ""}
{"id": 3, "image": "a\u0000b", "points": [[1, 1]]}
{"id": 4, "image": "missing.png", "points": [[1, 1]]}
{"id": 5, "image": "requests", "points": [[1, 1]]}
{"id": 6, "image": ".", "points": [[1, 1]]}
{"id": 7, "image": "tall.png", "point": [[1, 1]]}
{"id": 8, "image": "tall.png", "points": []}
{"id": 9, "image": "tall.png", "points": [[900, 1]]}
{"id": 10, "image": "tall.png", "boxes": [[1, 1, 5, 5], [95, 1, 99, 5]]}
{"id": 11, "id": 12, "image": "tall.png"}
{"id": 13, "image": "tall.png", "mask": {"size": [3, 3], "counts": [4, 5]}}
{"id": 123456789012345678901, "image": "tall.png"}
{"id": 14, "image": "tall.png", "points": [[1, 1]]}
LINES
printf '{"id": [1\000], "image": "tall.png"}\n' | serve --quiet | say
{ printf '{"id": 1, "image": "'; head -c 17000000 /dev/zero | tr '\0' x; printf '"}\n{"id": 2, "image": "tall.png"}\n'; } | serve --quiet | say

echo "-- an image that is replaced is encoded again"
cat >replace.py <<'PYTHON'
import shutil, subprocess, sys, os, json
shutil.copy("tall.png", "a.png")
pipe = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
for name in "tall.png", "tall.png", "enlarged.png":
    if name != "tall.png":
        shutil.copy(name, "b.png")
        os.rename("b.png", "a.png")
    print('{"image": "a.png"}', file=pipe.stdin, flush=True)
    print(pipe.stdout.readline(), end="", flush=True)
pipe.stdin.close()
print("status", pipe.wait())
PYTHON
python3 replace.py maskmill predict --model "$MODEL" --serve-ndjson

echo "-- a signal ends it, whatever it waits for"
cat >end.py <<'PYTHON'
import signal, subprocess, sys
pipe = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print('{"id": 1, "image": "tall.png"}', file=pipe.stdin, flush=True)
print(pipe.stdout.readline(), end="", flush=True)
print('{"id": 2, "image": "ta', end="", file=pipe.stdin, flush=True) # half a line is no request
pipe.send_signal(signal.SIGTERM)
print(repr(pipe.stdout.read()), "status", pipe.wait())
PYTHON
python3 end.py maskmill predict --model "$MODEL" --serve-ndjson

echo "-- no input, no output, wrong usage"
status serve </dev/null
full() { serve <requests >/dev/full; }
status full
status serve tall.png
status serve --point 1,1
status serve -o out
status serve --boxes x.json
