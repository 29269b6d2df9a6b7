# Nothing taken at all is no success: status 2, with the reason, and nothing begun.
run() {
    status maskmill run $QUICK "$@"
}
mkdir empty bmp tars
for i in 1 2 3; do
    touch bmp/$i.bmp
done
touch bmp/.hidden.png list
run empty -o out
run bmp -o out
run empty bmp --exclude '1.*' -o out
run --list list -o out
tree out
# Tars are known only once they are read.
tar -cf tars/t.tar -C bmp 1.bmp 2.bmp .hidden.png
run tars -o out
maskmill status out | tail -n 1
# A shard without images of a collection that has some, and a finished run, are done.
cp "$IMAGES/tall.png" bmp/a.png
for i in 0 1 2 0; do
    run bmp -o sharded --shard $i/3
done
run tars -o sharded_tars --shard 0/2
run bmp -o done
run bmp -o done
run tars bmp -o with_tars
