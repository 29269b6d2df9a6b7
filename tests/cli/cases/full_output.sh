# Standard output that takes nothing: a report that is cut off is no success.
[ -w /dev/full ] || exit 77
mkdir records
echo '{"image": {"image_id": 1, "width": 7, "height": 5, "file_name": "a.png"}, "annotations": []}' >records/a.json

# Runs maskmill into a full disk.
full() {
    code=0
    maskmill "$@" >/dev/full || code=$?
    echo "$1: status $code"
}
full --version
full --help
full info --json
full run --help
full run --print-config
full stats records
full verify records

# What prints nothing does not mind, and a reader that has seen enough is no fault of the report's.
full run $QUICK "$IMAGES/tall.png" -o out
maskmill run $QUICK "$IMAGES/tall.png" -o closed >&-
maskmill info | head -n 0
