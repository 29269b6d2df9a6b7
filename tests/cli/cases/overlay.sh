# --overlay writes a JPEG of the image's size beside the record.
maskmill run $QUICK --overlay "$IMAGES/tall.png" -o out
tree out
head -c 3 out/tall.overlay.jpg | od -An -tx1
