# What others put into a run's folder leads nowhere: links, pipes, second names. Each is named, and the victim's file
# stays as it is.
mkdir photos photos/sub elsewhere
cp "$IMAGES/tall.png" photos/a.png
cp "$IMAGES/tall.png" photos/sub/b.png
echo 'a victim' >victim
export PATH_OF_VICTIM="$PWD/victim"
fresh() { rm -rf out && mkdir -p out/.maskmill; }
untouched() { cat victim && ls elsewhere; }

fresh && ln -s "$PATH_OF_VICTIM" out/.maskmill/lock-0-of-1
status maskmill run $QUICK photos -o out
fresh && ln -s "$PATH_OF_VICTIM" out/.maskmill/ledger-0-of-1.ndjson
status maskmill run $QUICK photos -o out
status maskmill status out
fresh && ln "$PATH_OF_VICTIM" out/.maskmill/ledger-0-of-1.ndjson
status maskmill run $QUICK photos -o out
fresh && ln -s /dev/zero out/.maskmill/run.json
status maskmill run $QUICK photos -o out
fresh && mkfifo out/.maskmill/run.json
status timeout 20 maskmill run $QUICK photos -o out
fresh && mkfifo out/.maskmill/ledger-0-of-1.ndjson
status timeout 20 maskmill run $QUICK photos -o out
status timeout 20 maskmill status out
rm -rf out && mkdir out && ln -s "$PWD/elsewhere" out/.maskmill
status maskmill run $QUICK photos -o out
untouched

# A linked folder costs what would lie in it.
fresh && ln -s "$PWD/elsewhere" out/sub
status maskmill run $QUICK photos -o out
ls out
untouched
status maskmill run $QUICK --retry-failed --trust-folder photos -o out
ls elsewhere

# Other formats, and what `merge` writes.
fresh && ln -s "$PWD/elsewhere" out/@coco
status maskmill run $QUICK --format coco photos -o out
rm out/@coco
status maskmill run $QUICK photos -o out --extend
ln -s "$PATH_OF_VICTIM" out/ledger.ndjson
status maskmill merge out | tail -n 1
ln -sf "$PWD/elsewhere" out/@tar
status maskmill export out --format tar -o out/@tar
rm -f elsewhere/b.json && untouched

# Records: what is none of the folder's own is said, and costs itself.
mkdir records
cp out/a.json records/a.json
mkfifo records/pipe.json
ln -s "$PATH_OF_VICTIM" records/linked.json
ln -s /dev/zero records/zero.json
cp out/a.json elsewhere/twice.json
ln elsewhere/twice.json records/twice.json
status timeout 20 maskmill verify records
timeout 20 maskmill stats records >/dev/null || true
status timeout 20 maskmill export records --format ndjson -o packed
wc -l <packed/records.ndjson
status timeout 20 maskmill verify records --trust-folder
rm elsewhere/twice.json && untouched

# A pipe as configuration is not waited for.
mkfifo pipe
status timeout 20 maskmill run $QUICK --config pipe photos -o other
