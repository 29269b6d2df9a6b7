# Records as other tools write them, read by verify, stats, export and eval: amg.py's bare lists, counts as run
# lengths, annotations without the image, COCO's documents of one image, polygons.
python3 - <<'PYTHON'
import json, os
mask = {"segmentation": {"size": [5, 7], "counts": ";32NO012004"}, "area": 11, "bbox": [2, 1, 3, 2],
        "predicted_iou": 0.93, "point_coords": [[3.0, 2.5]], "stability_score": 0.975, "crop_box": [0, 0, 7, 5]}
runs = {"size": [5, 7], "counts": [11, 3, 2, 1, 1, 1, 2, 3, 2, 3, 6]}
empty = dict(mask, segmentation={"size": [5, 7], "counts": [35]}, area=0, bbox=[0, 0, 0, 0], stability_score=0)
image = {"image_id": 1, "width": 7, "height": 5, "file_name": "a.png"}
coco = {"id": 3, "width": 7, "height": 5, "file_name": "a.png"}
polygon = {"segmentation": [[2, 1, 6, 1, 6, 4, 2, 4]], "area": 12.0, "bbox": [2, 1, 4, 3], "extra": None}
def put(folder, name, content):
    os.makedirs(folder, exist_ok=True)
    json.dump(content, open(folder + "/" + name + ".json", "w"))
put("amg", "a", [mask, dict(mask, segmentation=runs), empty])
put("amg", "b", [])
put("nan", "a", [dict(empty, stability_score=float("nan")), dict(mask, other='NaN"NaN')])
put("alone", "a", {"annotations": [mask], "info": 2**60})
put("rle", "a", {"image": image, "annotations": [dict(mask, segmentation=runs, id=0)]})
put("coco", "a", {"images": [coco], "annotations": [dict(mask, id=5, bbox=[2.0, 1, 4, 3], area=11.0)], "categories": []})
put("lean", "a", {"image": {"width": 7, "height": 5}, "annotations": [{"segmentation": runs}, polygon]})
put("bad", "many", {"images": [coco, dict(coco, id=4, file_name="x/c.png")],
                    "annotations": [dict(mask, image_id=4), dict(mask, image_id=5), dict(mask, image_id=4, area=12)]})
put("bad", "results", [dict(mask, image_id=3)])
put("bad", "sizes", [mask, dict(mask, segmentation={"size": [5, 8], "counts": [40]})])
put("bad", "sums", [mask, dict(mask, segmentation={"size": [5, 7], "counts": [30, 4]})])
put("bad", "polygon", [polygon])
put("bad", "shapes", {"shapes": []})
PYTHON
for folder in amg nan alone rle coco lean bad; do
    echo "--- $folder"
    status maskmill verify $folder
    status maskmill stats $folder | sed -n '1p; $p'
    status maskmill export $folder -f sa1b,rle,ndjson,coco,polygons,png,labels,yolo,tar -o out/$folder
    cat out/$folder/sa1b/a.json 2>/dev/null && echo
    [ ! -e out/$folder/sa1b/a.json ] || maskmill verify out/$folder/rle | tail -n 1
done
cat out/amg/coco/instances.json out/lean/png/a/metadata.csv
echo
status maskmill export lean -f coco-results -o out/results

echo "--- the images say what the records do not"
mkdir images
python3 - <<'PYTHON'
import struct, zlib
def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
for name in "a.PNG", "b.png":
    with open("images/" + name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 5, 8, 0, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(bytes(5 * 8))) + chunk(b"IEND", b""))
PYTHON
status maskmill verify amg --images images
status maskmill export amg -f sa1b,tar -o out/named --images images
grep -oh '"image": {[^}]*}' out/named/sa1b/*.json
tar -tf out/named/tar/000000.tar
cp images/b.png images/b.jpg
status maskmill verify amg --images images
rm images/b.*
status maskmill export amg -f coco -o out/named --images images

echo "--- eval"
mkdir truth
cp images/a.PNG truth/a.png
cp lean/a.json truth/a.json
for folder in amg alone rle coco lean; do
    maskmill eval --json --masks $folder truth | grep -oE '"(images|failed|ar50_at_10)": [0-9.]*' | head -n 3 | tr '\n' ' '
    echo
done

echo "--- many images in one file"
mkdir many
for i in 1 2 3; do
    sed 's/"image_id": 1/"image_id": '$i'/; s/a.png/'$i.png'/' rle/a.json >many/$i.json
done
maskmill export many -f sa1b,ndjson,coco,polygons -o out/many
for format in ndjson coco polygons; do
    status maskmill verify out/many/$format
    maskmill stats out/many/$format | head -n 1
    maskmill export out/many/$format -f sa1b -o out/again/$format
done
diff -r out/many/sa1b out/again/ndjson && echo "the same records"
{ cat out/many/ndjson/records.ndjson; printf '\n{broken\n'; } >lines.jsonl
status maskmill verify lines.jsonl
status maskmill eval --masks out/many/coco truth

echo "--- no records"
mkdir none
status maskmill verify none
status maskmill stats none
status maskmill export none -f coco -o out/none
ls out/none

echo "--- amg.py's folders of PNG files"
mkdir -p masks
cp amg/a.json masks
maskmill export masks -f png,sa1b -o out/masks
status maskmill verify out/masks/png
status maskmill verify out/masks/png/a
maskmill stats out/masks/png | head -n 1
maskmill export out/masks/png -f sa1b -o out/again/png --images images
sed 's/.*"annotations"//' out/again/png/a.json >again
sed 's/.*"annotations"//' out/masks/sa1b/a.json | cmp - again && echo "the same masks"
cp -r out/masks/png faulty
echo '3,1,2' >>faulty/a/metadata.csv
cp -r out/masks/png/a faulty/b
sed -i 's/^1,11,/1,12,/' faulty/b/metadata.csv
cp -r out/masks/png/a faulty/c
rm faulty/c/1.png
maskmill export lean -f png -o faulty/d
status maskmill verify faulty
maskmill export faulty/d -f sa1b -o out/again/d 2>/dev/null
cat out/again/d/a.json
