# Names, hosts and metadata from outside reach no terminal as they are: an escape sequence, a C1 control, a newline that
# fakes a message, a mark that turns text around.
name=$(printf 'a\033]52;c;eA==\007\302\233\342\200\256\nmaskmill: done')
mkdir images records run run/.maskmill
echo no image >"images/$name.jpg"
echo no record >"records/$name.json"
# Prints the output; od shows whether anything got through.
plain() {
    code=0
    "$@" >output 2>&1 || code=$?
    sed "s|$PWD|FOLDER|g; s|last line .* ago|last line some time ago|" output
    LC_ALL=C grep -c "$(printf '[\033\007\302\342]')" output || true
    echo "status $code"
}
plain maskmill run $QUICK images -o out
plain maskmill verify records
plain maskmill stats records
plain maskmill export records --format coco -o exported
plain maskmill eval images --masks records
plain maskmill info "images/$name.jpg"
plain maskmill run $QUICK "$name" -o out
plain maskmill "$name"
printf '{"event":"start","time":"2026-01-01T00:00:00Z","host":"h\\u001b[2J\\u009b","images":1}\n' >run/.maskmill/ledger-0-of-1.ndjson
plain maskmill status run
