# Names of tars and of members that would lead out of the output folder, or are no names, lead nowhere.
cp "$IMAGES/tall.png" a.png
mkdir deep
for name in ...tar ..tar .tar; do
    tar -cf "deep/$name" a.png
    maskmill run $QUICK "deep/$name" -o "deep/out$name"
done
tree deep | grep -v failed.ndjson
cp deep/...tar .
printf '%s\n' ...tar >list
maskmill run $QUICK --list list -o deep/listed
tree deep/listed
python3 - <<'P'
import io, tarfile
picture = open("a.png", "rb").read()
with tarfile.open("t.tar", "w") as tar:
    for name in "../up.png", "/etc/x.png", "a/../b.png", "l" * 5000 + ".png", "y/z.png":
        member = tarfile.TarInfo(name)
        member.size = len(picture)
        tar.addfile(member, io.BytesIO(picture))
P
status maskmill run $QUICK t.tar -o deep/t 2>&1 | sed 's/llll*/LONG/g'
tree deep/t
