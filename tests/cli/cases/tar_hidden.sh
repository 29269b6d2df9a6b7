# Hidden members of a tar are left out, as hidden files of a folder are.
mkdir -p x/.cache
cp "$IMAGES/tall.png" x/a.png
cp x/a.png x/.cache/b.png
echo AppleDouble >x/._a.png
tar -cf x.tar -C x ./._a.png ./.cache/b.png ./a.png
maskmill run $QUICK x.tar -o tar
maskmill run $QUICK x -o folder
tree tar
tree folder
