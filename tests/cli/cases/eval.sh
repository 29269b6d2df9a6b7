# Records of another tool against true segments; pairs that are bad are named and left out.
mkdir photos found
image='{"image": {"width": 4, "height": 2}, "annotations": ['
cp "$IMAGES/tall.png" photos/a.png
cp "$IMAGES/tall.png" photos/b.png
cp "$IMAGES/tall.png" photos/c.png
cp "$IMAGES/tall.png" photos/d.png
echo "$image"'{"segmentation": {"size": [2, 4], "counts": [0, 4, 4]}}]}' >photos/a.json
echo "$image"'{"segmentation": {"size": [2, 4], "counts": [0, 6, 2]}, "predicted_iou": 0.9}]}' >found/a.json
echo "$image"'{"segmentation": {"size": [2, 4], "counts": [0, 4, 5]}}]}' >photos/c.json
cp photos/a.json photos/d.json
echo "$image"']}' | sed 's/"width": 4/"width": 5/' >found/d.json
status maskmill eval --masks found photos
status maskmill eval --json --masks found --max-images 1 photos
# The model: how many clicks, not how good.
rm photos/[bcd]*
echo '{"image": {"width": 90, "height": 256}, "annotations": [
    {"segmentation": {"size": [256, 90], "counts": [0, 11520, 11520]}}]}' >photos/a.json
maskmill eval --json --model "$MODEL" --set points-per-side=4 photos | sed -E 's/, "miou.*//'
maskmill eval --json --model "$MODEL" --set points-per-side=4 --clicks 3 --box-prompts photos |
    grep -oE '"(miou_[0-9]_clicks?|box|miou)": [{0]' | sort | uniq -c | sed 's/^ *//'
status maskmill eval --json --annotator 5 --model "$MODEL" photos | sed -E 's/, "single.*//'
status maskmill eval --set points photos
status maskmill eval --masks found --clicks 2 photos
status maskmill eval --clicks 10 photos
status maskmill eval
