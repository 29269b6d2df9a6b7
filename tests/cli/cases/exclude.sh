# --exclude leaves out what matches, in folders, lists and tars alike; what is named on the command line is taken.
photo() {
    mkdir -p "$(dirname "$1")"
    cp "$IMAGES/tall.png" "$1"
}
run() {
    rm -rf out
    maskmill run --model "$MODEL" --points-per-side 2 -o out "$@" 2>&1 | grep -e "passed over" -e "--exclude" || true
    [ ! -d out ] || tree out
}
for name in a.png b_small.png thumbs/c.png x/thumbs/d.png x/y/e.png; do
    photo in/$name
done
tar -cf t.tar -C in a.png b_small.png thumbs x
(cd in && find . -name '*.png' | sort) >list
for pattern in '*_small.*' thumbs /thumbs thumbs/ 'x/*/*' x/y '*.png' '[ab]*'; do
    echo "--exclude '$pattern'"
    run in --exclude "$pattern"
    run t.tar --exclude "$pattern"
    cd in
    run --list ../list --exclude "$pattern"
    rm -rf out
    cd ..
done
echo "several, and a named file"
run in in/a.png --exclude thumbs --exclude 'a.png' --exclude=x/y
run in --exclude /
run in --exclude ''

echo '{"exclude": ["thumbs", "x/y"]}' >many.json
echo '{"exclude": "thumbs"}' >one.json
echo '{"exclude": ["thumbs", 1]}' >bad.json
echo '{"points_per_side": [2]}' >array.json
for config in many one bad array; do
    echo "$config.json"
    run in --config $config.json
done
run in --config many.json --exclude a.png

# It does not decide the bytes of records, so another start may have another.
maskmill run $QUICK in -o again --exclude x
status maskmill run $QUICK in -o again
tree again
