# `maskmill pipe`: requests in, answers out; records as `run` writes them; what a bad request gets.
cp "$IMAGES/tall.png" tall.png
mkdir -p some/folder
cp "$IMAGES/enlarged.png" "some/folder/b.png"
size=$(stat -c %s tall.png)
pipe() { maskmill pipe $QUICK "$@"; }
# The answers without their seconds; of a record its image and the number of masks.
short() { sed 's/, "seconds": [0-9.]*}$/}/; s/"record": {"image": \({[^}]*}\), "annotations": .*}}$/\1}/'; }
record() { sed 's/^.*"record": //; s/, "seconds": [0-9.]*}$//' | tr -d '\n'; }

echo "-- the records are those of run"
maskmill run $QUICK --list - -o out <<'LIST'
tall.png
some/folder/b.png
LIST
printf 'tall.png\n' | pipe | record | cmp - out/tall.json
printf './some//folder/b.png\n' | pipe | record | cmp - out/some/folder/b.json
{ printf '{"id": 0, "bytes": %d, "name": "some/folder/b.png"}\n' "$(stat -c %s some/folder/b.png)"; cat some/folder/b.png; } |
    pipe --threads 2 | record | cmp - out/some/folder/b.json

echo "-- requests of all kinds, in order"
{
    printf 'tall.png\n\n\r\n{"id": "a", "path": "some/folder/b.png"}\nmissing.png\n'
    printf '{"id": 1.50, "bytes": %d}\n' "$size"; cat tall.png
    printf '\n{"bytes": %d, "id": 123456789012345678901234567890, "name": "../x/y.png", "more": [1, {}]}\n' "$size"; cat tall.png
    printf '{"id": "\\u00e4\\n", "bytes": 5}\nimage{"id": "last", "path": "tall.png"}'
} | status pipe | short

echo "-- bad requests"
printf 'x\000y.png\n\377.png\n/\n{\n{"id": 1, "id": 2, "path": "tall.png"}\n{"id": [], "path": "tall.png"}\n{"path": "tall.png"}\n{"id": 3}
{"id": 4, "path": "tall.png", "bytes": 3}\nabc{"id": 5, "path": 7}\n{"id": 6, "bytes": -1}\n{"id": 7, "bytes": 2.5}\n{"id": 8, "bytes": 0}
{"id": 9, "bytes": "10"}\n{"id": 10, "path": "tall.png", "name": "/.."}\n{"id": 11, "path": "a\\u0000b"}\n{"id": 12, "path": ""}\n{"id": "\377", "path": "tall.png"}\n' |
    status pipe | short
{ head -c 65537 /dev/zero | tr '\0' 'x'; printf '\n{"id": "next", "bytes": 99999999999}\nabc'; } | status pipe | short
printf '{"id": "cut", "bytes": 10}\nabc' | status pipe | short
printf '{"id": "%05000d", "bytes": 5}\nimage' 0 | pipe | sed 's/0\{9,\}/0/g' # there is room for the reason

echo "-- as they end, with further members, and the options of run"
printf 'missing.png\n{"id": 1, "path": "tall.png"}\n' | pipe --unordered | sort | short
printf 'tall.png\n' | pipe --fields centroid --max-masks 1 | grep -o '"centroid"'
printf 'tall.png\n' | pipe --max-pixels 100 | short
printf '{"id": "b", "bytes": %d}\n' "$size" | cat - tall.png | pipe --tile 64 --halo 16 | short
printf '{"id": "t", "path": "tall.png"}\n' | pipe --tile 64 --halo 16 | short
pipe --print-config | maskmill pipe --config /dev/stdin --print-config >again
maskmill run $QUICK --print-config | cmp - again

echo "-- no input, no output, wrong usage"
status pipe </dev/null
closed() { maskmill pipe $QUICK >&-; }
printf 'tall.png\n' | status closed
full() { maskmill pipe $QUICK >/dev/full; }
printf 'tall.png\n' | status full
# The reader ends at once, the writer stays: the pipe sees that without an answer to write.
mkfifo requests
sleep 60 >requests &
(code=0; maskmill pipe $QUICK <requests || code=$?; echo "status $code" >code) | true
cat code
kill $!
status maskmill pipe photos
status maskmill pipe --fields wings
status maskmill pipe --model missing.pth </dev/null 2>&1 | sed 's/ in [0-9]*s / in Ns /' # emulation takes seconds to start
