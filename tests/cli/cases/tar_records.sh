# Records in tars: as the format tar writes them, as SA-1B has them, beside their index in a folder, damaged.
python3 - <<'PYTHON'
import io, json, os, tarfile
mask = {"segmentation": {"size": [5, 7], "counts": ";32NO012004"}, "area": 11, "bbox": [2, 1, 3, 2],
        "predicted_iou": 0.93, "point_coords": [[3.0, 2.5]], "stability_score": 0.975, "crop_box": [0, 0, 7, 5], "id": 0}
def record(number, name):
    return json.dumps({"image": {"image_id": number, "width": 7, "height": 5, "file_name": name},
                       "annotations": [mask]})
def pack(path, members):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
pack("a/x/0.tar", [("p.jpg", "no image"), ("p.json", record(1, "0/p.jpg")), ("q.error.json", '{"error": "damaged"}'),
                   ("r%2Es.json", record(2, "0/r.s.jpg"))])
open("a/x/0.ndjson", "w").close()
pack("a/photos.tar", [("t.jpg", "no image"), ("t.json", "no record")]) # no index: not of records
pack("sa1b/sa_0.tar", [("./sa_1.jpg", "no image"), ("./sa_1.json", record(3, "sa_1.jpg"))])
pack("bad/0.tar", [("a.json", record(1, "a.jpg")), ("b.json", "no record"), ("../c.json", record(3, "c.jpg")),
                   ("d.json", record(4, "d.jpg")), ("e.json", record(5, "e.jpg"))])
with open("bad/0.tar", "r+b") as file:
    file.truncate(4 * 1024 + 512 + 100) # within the last record
PYTHON
for records in a sa1b/sa_0.tar bad/0.tar; do
    echo "--- $records"
    status maskmill verify $records
    status maskmill stats $records | sed -n '1p; $p'
    status maskmill export $records -f sa1b,ndjson -o out/$records
    (cd out/$records/sa1b && find . -name '*.json' | sort)
done
echo "--- a folder of tars without their index"
status maskmill stats sa1b
