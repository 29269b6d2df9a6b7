# How many images tars hold is not known before they have been read: the ledger leaves the number out, `status` shows
# "-" while a start goes on or was stopped, and --watch ends with it. A tar in a list is no different.
mkdir in
cp "$IMAGES/tall.png" in/1.png
cp "$IMAGES/tall.png" in/2.png
tar cf t.tar -C in 1.png 2.png
echo t.tar >list
left() {
    maskmill status masks | awk '$1 == "all" { print $2 " done, " $4 " left" }'
    maskmill status masks --json | cut -d, -f1-4
}
maskmill run $QUICK --list list -o masks
left
ledger=masks/.maskmill/ledger-0-of-1.ndjson
grep -c '"images"' $ledger || true
# As a start that goes on has it, and one that was stopped.
cp $ledger whole
grep -v '"end"' whole | grep -v '2\.png' >$ledger
left
status timeout 2 sh -c 'exec maskmill status masks --watch >watched'
sed 's/"reason":"done"/"reason":"stopped"/' whole | grep -v '2\.png' >$ledger
left
status timeout 20 sh -c 'exec maskmill status masks --watch >watched'
# A folder's images are known.
maskmill run $QUICK in -o known
maskmill status known --json | cut -d, -f1-4
