# Text lists as other systems write them, lines that name a file again, and lines that name none.
mkdir "my photos" lists
cp "$IMAGES/tall.png" a.png
cp "$IMAGES/enlarged.png" "my photos/b.png"
run() { status maskmill run $QUICK --list "$@"; }
failures() { sed 's/.*"error":"\(.*\)","seconds".*/\1/' "$1/failed.ndjson"; }

# Marks, CR LF, blanks; two lists joined.
printf '\357\273\277a.png\r\n\r\n  \r\n\357\273\277 my photos/b.png \t\r\n' >list.txt
run list.txt -o marked
tree marked
cp "$IMAGES/tall.png" ' a.png'
printf ' a.png\n' >list.txt
run list.txt -o spaced
tree spaced
printf ' a.png\0' >list.bin
run list.bin --null -o exact
tree exact

# A line that names a file again.
printf 'a.png\n./a.png\n\nmy photos//b.png\nmy photos/b.png\n' >list.txt
run list.txt -o twice
run list.txt -o twice
tree twice
run list.txt a.png -o twice-and-more
mkdir up
cp "$IMAGES/enlarged.png" up/a.png
printf 'up/a.png\nup/../a.png\n../%s/up/a.png\n' "$(basename "$PWD")" >list.txt
(cd up && status maskmill run $QUICK --list - -o ../clash <<'LIST'
a.png

../a.png
LIST
)

# Lines that name no file, and what is wrong with them.
printf '"a.png"\n'"'my photos/b.png'"'\nmy\\ photos/b.png\nmy photos\\b.png\na.png\tlabel\nmissing.png\n' >list.txt
printf 'file://%s/my%%20photos/b.png\n' "$PWD" >>list.txt
run list.txt -o named
failures named | sed "s|$PWD|FOLDER|g"
printf 'a.png\rmy photos/b.png\r' >list.txt
run list.txt -o cr
printf 'c.png\n' >lists/list.txt
cp a.png lists/c.png
run lists/list.txt -o beside
printf '~/a.png\n' >list.txt
HOME=. run list.txt -o home

# What is no list.
for encoding in UTF-16 UTF-16LE UTF-16BE; do
    printf 'a.png\r\n' | iconv -f UTF-8 -t $encoding >list.txt
    run list.txt -o wide
done
run lists -o folder
run a.png -o image
printf 'a.png\0my photos/b.png\0' >list.txt
run list.txt -o null
printf 'a.png\n..\n' >list.txt
run list.txt -o up
