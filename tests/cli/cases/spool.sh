# Shards that lie in a store, here a folder to which "the store's program" copies: --spool, --get, --put.
mkdir -p store/in work
for name in one 'two words'; do
    cp "$IMAGES/tall.png" "work/$name 1.png"
    cp "$IMAGES/enlarged.png" "work/$name 2.png"
    (cd work && tar cf "../store/in/$name.tar" "$name 1.png" "$name 2.png")
done
# Options after $QUICK, in which messages are left out.
LOUD=$(echo "$QUICK" | sed 's/--quiet //')
put='cp "$1" "store/${2#s3://}"'
get='cp "store/${1#s3://}" "$2"'
spool() {
    status maskmill run $LOUD --get "$get" --put "$put" "$@" 2>&1 | sed 's/ in [0-9a-z]* ([0-9.]* images.s)//'
}

echo "-- two shards, one of them named with a blank"
mkdir store/out
spool 's3://in/{one,two words}.tar' -o s3://out --spool spool
tree store
tree spool
tar tf 'store/out/two words.tar'
maskmill run $QUICK store/in/*.tar -o local --to tar
for name in one 'two words'; do
    cmp "store/out/$name.tar" "local/$name.tar" && echo the same bytes
done
sed 's/[0-9a-f]\{64\}/HASH/g; s/"[a-z]*_bytes": [0-9]*/"BYTES"/g' store/out/one.done.json

echo "-- again: everything is put; on another machine: the markers say so"
spool s3://in/one.tar 's3://in/two words.tar' -o s3://out/ --spool spool
spool s3://in/one.tar 's3://in/two words.tar' -o s3://out/ --spool other
maskmill status other/out | sed 's/on .*, last/on HOST, last/; s/last line .*/last line/; s/  */ /g; s/ [0-9]*\.[0-9]* / RATE /'

echo "-- a list: names from behind the scheme on"
printf 's3://in/one.tar\n  s3://in//two words.tar\r\n' >list
mkdir -p store/listed/in
spool --list list -o s3://listed --spool listed
tree store/listed

echo "-- a damaged marker is none"
cp store/listed/in/one.tar before
head -c 40 store/listed/in/one.done.json >part
mv part store/listed/in/one.done.json
spool --list list -o s3://listed --spool mended | sort
cmp store/listed/in/one.tar before && echo the same bytes

echo "-- a put that fails: what is computed waits, and is put without being fetched again"
mkdir store/later
spool s3://in/one.tar -o s3://later --spool later --retries 0 --put 'echo full >&2; exit 5; {} {}' |
    sed "s|'[^']*/later/out|'SPOOL/out|"
ls later/out store/later
spool s3://in/one.tar -o s3://later --spool later --get 'exit 9; {} {}'
ls later/out store/later
cmp store/later/one.tar store/out/one.tar && echo the same bytes

echo "-- an image that fails, and is mended"
mkdir store/bad store/done
cp work/one*.png .
head -c 100 'work/one 2.png' >'one 2.png'
tar cf store/bad/one.tar one*.png
spool s3://bad/one.tar -o s3://done --spool bad
spool s3://bad/one.tar -o s3://done --spool bad --retry-failed
cp store/in/one.tar store/bad/one.tar
spool s3://bad/one.tar -o s3://done --spool elsewhere --retry-failed
cmp store/done/one.tar store/out/one.tar && echo the same bytes
find bad elsewhere -name '*.tar*'

echo "-- another configuration, and another place in the store"
spool s3://in/one.tar -o s3://out --spool third --max-masks 1
spool s3://in/one.tar -o s3://elsewhere --spool spool
spool s3://in/one.tar -o s3://out --spool third --max-masks 1 --overwrite
