# A folder that cannot be read is one failure: the rest goes on. Every start tries it again; once it can be read, its
# images are done and nothing is left of its failure.
mkdir -p in/closed/deeper in/open
for name in a.png closed/b.png closed/deeper/c.png open/d.png; do
    cp "$IMAGES/tall.png" in/$name
done
# The superuser gives up the right to read everything.
drop=
if [ "$(id -u)" = 0 ]; then
    drop="setpriv --bounding-set=-dac_override,-dac_read_search"
    $drop true 2>/dev/null || exit 77
fi
start() {
    status $drop maskmill run $QUICK in -o out "$@"
}
counts() {
    maskmill status out | awk '$1 == "all" { print $2 " done, " $3 " failed, " $4 " left" }'
    cut -d, -f1-3 out/failed.ndjson
}
chmod 000 in/closed
start
tree out
counts
start
counts
chmod 755 in/closed
echo "readable again"
start --retry-failed
counts
start
tree out

echo "without --retry-failed"
rm -r out
chmod 000 in/closed
start --max-failures 0
chmod 755 in/closed
start
counts

echo "left out"
chmod 000 in/closed
start
start --exclude closed
counts
chmod 755 in/closed

echo "an INPUT"
chmod 000 in
start
chmod 755 in

echo "shards"
chmod 000 in/closed
for i in 0 1 2; do
    status $drop maskmill run $QUICK in -o sharded --shard $i/3
done
maskmill merge sharded | awk '$1 == "all" { print $2 " done, " $3 " failed, " $4 " left" }'
cut -d, -f1-2 sharded/failed.ndjson
chmod 755 in/closed

echo "paths that are too long"
python3 - <<'P'
import os
os.chdir("in")
for i in range(20):
    os.mkdir("long" * 60)
    os.chdir("long" * 60)
P
start 2>&1 | cut -c 1-60
cut -c 1-20 out/failed.ndjson
