# A link in a tar gives the picture of the earlier member that it leads to; other links and special members are
# counted. The tar is the same compressed and in a pipe, where nothing can be read twice.
cat >make.py <<'P'
import io, sys, tarfile
path, mode = sys.argv[1:3]
small, tall = (open(sys.argv[i], "rb").read() for i in (3, 4))
tar = tarfile.open(path, mode)
def add(name, kind=tarfile.REGTYPE, target="", data=b""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, target, len(data)
    tar.addfile(member, io.BytesIO(data))
add("./", tarfile.DIRTYPE)
add("late_hard.png", tarfile.LNKTYPE, "x/tall.png")
add("late.png", tarfile.SYMTYPE, "x/tall.png")
add("./x/tall.png", data=tall)
add("x/blob", data=small)
add("x/hard.png", tarfile.LNKTYPE, "./x/tall.png")
add("x/soft.png", tarfile.SYMTYPE, "tall.png")
add("y/up.png", tarfile.SYMTYPE, "../x/./blob")
add("y/chain.png", tarfile.SYMTYPE, "up.png")
add("y/current", tarfile.SYMTYPE, "chain.png")
add("y/through.png", tarfile.SYMTYPE, "current")
add("y/.hidden.png", tarfile.SYMTYPE, "../x/blob")
add("y/notes.txt", tarfile.SYMTYPE, "../x/blob")
add("y/out.png", tarfile.SYMTYPE, "../../x/blob")
add("y/absolute.png", tarfile.SYMTYPE, "/x/blob")
add("y/nowhere.png", tarfile.SYMTYPE, "nothing.png")
add("y/self.png", tarfile.SYMTYPE, "self.png")
add("y/folder.png", tarfile.SYMTYPE, "../x")
add("x/soft.png", tarfile.LNKTYPE, "x/blob")
add("x/tall.png", data=small)
add("x/clash.jpg", data=small)
add("x/clash.png", tarfile.LNKTYPE, "x/blob")
add("null.png", tarfile.CHRTYPE)
add("pipe.png", tarfile.FIFOTYPE)
add("late.png", data=tall)
tar.close()
P
make_tar() {
    python3 make.py "$1" "$2" "$IMAGES/shrunk.png" "$IMAGES/tall.png"
}
run() {
    maskmill run --model "$MODEL" --points-per-side 2 "$@" 2>&1 | grep -v -e "images done"
}
make_tar t.tar w
make_tar z.tgz w:gz
run t.tar -o out
tree out
for name in x/tall x/hard x/soft y/up y/through; do
    echo "$name $(grep -o '"height": [0-9]*' out/t/$name.json | head -n 1)"
done
maskmill status out | tail -n 1
echo "compressed"
run z.tgz -o z
tree z
rm out/t/y/up.json
run t.tar -o out
tree out/t/y
echo "a pipe"
mkfifo p.tar
cat t.tar >p.tar &
run p.tar -o p
tree p
