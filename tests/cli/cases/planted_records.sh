# Records that others planted are not believed about files: no file that is not an image is packed beside them, and none
# outside the folder of the images.
mkdir images
cp "$IMAGES/tall.png" images/a.png
cp "$IMAGES/tall.png" outside.png
echo 'a private key' >images/key.pem
printf 'images/a.png\n' >list.txt
status maskmill run $QUICK --list list.txt -o out
plant() { sed "s|\"image_id\": [0-9]*|\"image_id\": $3|; s|\"file_name\": \"[^\"]*\"|\"file_name\": \"$2\"|" out/images/a.json >"$1"; }
plant out/absolute.json "$PWD/images/key.pem" 1
plant out/up.json "../outside.png" 2
plant out/key.json "images/key.pem" 3
status maskmill run $QUICK --list list.txt --extend --format tar -o out
tar -tf out/@tar/*.tar | sort
mkdir records
plant records/absolute.json "$PWD/images/key.pem" 1
plant records/up.json "../outside.png" 2
plant records/key.json key.pem 3
plant records/a.json a.png 4
status maskmill export records --images images --format tar -o packed
tar -tf packed/tar/*.tar 2>/dev/null | sort || find packed

echo "--- an image in the folder that this run has left out is not packed, and no link leads out"
mkdir photos photos/private secret
cp "$IMAGES/tall.png" photos/a.png
cp "$IMAGES/tall.png" photos/b.png
cp "$IMAGES/tall.png" photos/private/c.png
cp "$IMAGES/tall.png" secret/d.png
ln -s ../secret photos/linked
ln -s ../secret/d.png photos/e.png
status maskmill run $QUICK photos --exclude private -o again
sed 's|"image_id": [0-9]*|"image_id": 5|; s|"file_name": "[^"]*"|"file_name": "private/c.png"|' again/a.json >again/c.json
sed 's|"image_id": [0-9]*|"image_id": 6|; s|"file_name": "[^"]*"|"file_name": "linked/d.png"|' again/a.json >again/d.json
status maskmill run $QUICK photos --exclude private --extend --format tar -o again
tar -tf again/@tar/*.tar | sort
status maskmill export again --images photos --format tar -o packed-again
tar -tf packed-again/*.tar | sort
echo "--- nor does verify look at an image behind a linked folder, unless it is trusted"
mkdir away looked
cp images/a.png away/a.png
ln -s ../away images/linked
sed 's|"file_name": "[^"]*"|"file_name": "linked/a.png"|' out/images/a.json >looked/a.json
status maskmill verify looked --images images
status maskmill verify looked --images images --trust-folder
