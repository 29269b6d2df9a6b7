# What is not there, and where nothing can be written.
status maskmill run $QUICK missing.png -o out
status maskmill run $QUICK missing-folder/ -o out
status maskmill run $QUICK --list missing.txt -o out
: >file
status maskmill run $QUICK "$IMAGES/tall.png" -o file/out
