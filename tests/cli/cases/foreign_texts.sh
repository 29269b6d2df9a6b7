# Configurations, point grids and records as Windows tools write them: marks, UTF-16, CR LF, quotes.
mark='\357\273\277'
wide() { iconv -f UTF-8 -t "$1" "$2" >"$3"; }

printf "$mark"'{"points_per_side": 8}\r\n' >config.json
maskmill run --model $MODEL --config config.json --print-config | grep points_per_side
maskmill run --model $MODEL --config config.json --print-config >file
cat config.json | maskmill run --model $MODEL --config /dev/stdin --print-config | cmp - file
for encoding in UTF-16 UTF-16LE UTF-16BE UTF-32; do
    echo '{"points_per_side": 8}' >plain.json
    wide $encoding plain.json wide.json
    status maskmill run --config wide.json --print-config
done
printf "{'points_per_side': 8}\n" >quotes.json
status maskmill run --config quotes.json --print-config
printf '{\342\200\234points_per_side\342\200\235: 8}\n' >quotes.json
status maskmill run --config quotes.json --print-config
status maskmill run --config missing.json --print-config

printf "$mark"'# two points\r\n\r\n  \n0.5 , 0.5 \r\n0.25\t0.75\t\r\n' >grid.txt
status maskmill run $QUICK --min-area 1 --point-grid grid.txt "$IMAGES/tall.png" -o out
printf '0.5,0.5\n0.25,0.75\n' >plain.txt
status maskmill run $QUICK --min-area 1 --point-grid plain.txt "$IMAGES/tall.png" -o again
cmp out/tall.json again/tall.json
for encoding in UTF-16 UTF-16LE UTF-16BE; do
    wide $encoding plain.txt wide.txt
    status maskmill run $QUICK --min-area 1 --point-grid wide.txt "$IMAGES/tall.png" -o other
done
printf '0.5,0.5\n"0.5","0.5"\n' >grid.txt
status maskmill run $QUICK --min-area 1 --point-grid grid.txt "$IMAGES/tall.png" -o other

mkdir marked wide
{ printf "$mark"; cat out/tall.json; printf '\r\n'; } >marked/tall.json
wide UTF-16 out/tall.json wide/tall.json
status maskmill verify marked
status maskmill verify wide
