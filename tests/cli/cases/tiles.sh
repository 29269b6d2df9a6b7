# Objects that cross the borders of tiles are whole masks, and no mask ends where a tile does. The model is one that
# finds each of the drawn objects in every tile.
python3 "$SOURCE/tests/cli/seams.py" draw drawn.png
for tile in 224 256; do
    maskmill run --quiet --model "$SOURCE/train/starter-v0.safetensors" --tile $tile --halo 96 --points-per-side 8 \
        --pred-iou-thresh 0.4 --max-area-fraction 0.3 --min-mask-region-area 300 -o $tile drawn.png
    python3 "$SOURCE/tests/cli/seams.py" check $tile/drawn.json $tile 96
done
maskmill verify 256 --images . | sed 's/[0-9]* good/N good/'

# A tile that holds the whole image changes nothing.
maskmill run $QUICK -o plain "$IMAGES/tall.png"
maskmill run $QUICK --tile 512 -o tiled "$IMAGES/tall.png"
cmp plain/tall.json tiled/tall.json && echo the same
status maskmill run $QUICK --tile 128 --halo 128 -o out "$IMAGES/tall.png"
status maskmill run $QUICK --tile 128 --halo 32 --crop-n-layers 1 -o out "$IMAGES/tall.png"
status maskmill run $QUICK --tile 128 --halo 32 --crop-layers 0,1 -o out "$IMAGES/tall.png"
status maskmill run $QUICK --tile 128 --halo 32 --overlay -o out "$IMAGES/tall.png"

# A tar is read from its beginning to its end, so there are no rows to go back to.
tar -cf images.tar -C "$IMAGES" tall.png
status maskmill run $QUICK --tile 128 --halo 32 -o out images.tar
{ echo "$IMAGES/tall.png"; echo images.tar; } | status maskmill run $QUICK --tile 128 --halo 32 -o out --list -
tree out
