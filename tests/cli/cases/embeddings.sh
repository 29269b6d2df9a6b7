# Embeddings of masks beside the records: a row for each mask, the same bytes however the run goes; verify counts them.
maskmill run $QUICK --embeddings image "$IMAGES" -o one --workers 1 2>/dev/null || true
maskmill run $QUICK --embeddings image "$IMAGES" -o two --workers 2 --threads 2 2>/dev/null || true
diff -r one/@embeddings two/@embeddings && echo "same bytes"
python3 - <<'PYTHON'
import glob, json, struct
for path in sorted(glob.glob("one/@embeddings/**/*.npy", recursive=True)):
    record = json.load(open(path.replace("/@embeddings", "").replace(".npy", ".json")))
    data = open(path, "rb").read()
    header = data[10:128].decode().strip()
    rows = len(record["annotations"])
    width = int(header.split(", ")[-2].rstrip(")"))
    lengths = [sum(x * x for x in struct.unpack_from("<%de" % width, data, 128 + 2 * width * i)) for i in range(rows)]
    print(path, header, len(data) == 128 + 2 * width * rows,
          all(abs(length - (a["area"] > 0)) < 0.002 for length, a in zip(lengths, record["annotations"])))
PYTHON
grep embeddings one/.maskmill/run.json
status maskmill verify one

# Of crops, as safetensors; into tars.
one=$(ls "$IMAGES"/*.png | head -1)
maskmill run $QUICK --max-masks 2 --embeddings crop --embeddings-format safetensors "$one" -o crops 2>/dev/null
find crops/@embeddings -type f
python3 - <<'PYTHON'
import glob, json, struct
data = open(glob.glob("crops/@embeddings/*")[0], "rb").read()
length = struct.unpack("<Q", data[:8])[0]
print(json.loads(data[8:8 + length]), len(data) - 8 - length)
PYTHON
mkdir -p tar && tar -cf tar/a.tar -C "$(dirname "$one")" "$(basename "$one")"
maskmill run $QUICK --to tar --embeddings image tar/a.tar -o packed 2>/dev/null
tar -tf packed/a.tar
tar -xOf packed/a.tar "$(basename "${one%.*}").npy" | cmp - "one/@embeddings/$(basename "${one%.*}").npy" && echo "same in a tar"

# What verify finds: a file that is not there, one cut off, one of another record.
cp "one/@embeddings/$(basename "${one%.*}").npy" kept.npy
rm "one/@embeddings/$(basename "${one%.*}").npy"
status maskmill verify one
head -c 200 kept.npy >"one/@embeddings/$(basename "${one%.*}").npy"
status maskmill verify one
python3 - <<'PYTHON'
import glob, shutil
files = sorted(glob.glob("two/@embeddings/*.npy"), key=lambda path: len(open(path, "rb").read()))
shutil.copy(files[0], files[-1])
PYTHON
status maskmill verify two

# Another kind is another run; tiles are not taken.
status maskmill run $QUICK --embeddings crop "$IMAGES" -o one
status maskmill run $QUICK --tile 512 --halo 64 --embeddings crop "$IMAGES" -o tiles
status maskmill run $QUICK --embeddings best "$IMAGES" -o best

# A record that is done again leaves no older embeddings beside the new ones, nor beside a new record without any.
AGAIN="--max-masks 2 --overwrite -o crops"
maskmill run $QUICK $AGAIN --embeddings image "$one" 2>/dev/null
(cd crops && find @embeddings -type f)
status maskmill verify crops
maskmill run $QUICK $AGAIN --embeddings image --embeddings-format safetensors "$one" 2>/dev/null
(cd crops && find @embeddings -type f)
maskmill run $QUICK $AGAIN "$one" 2>/dev/null
(cd crops && find @embeddings -type f)

# --extend mixes neither kinds nor models.
other=$(ls "$IMAGES"/*.png | tail -1)
maskmill run $QUICK --max-masks 2 --embeddings image "$one" -o kinds 2>/dev/null
status maskmill run $QUICK --max-masks 2 --embeddings crop "$other" -o kinds --extend
maskmill run $QUICK --max-masks 1 --embeddings image "$other" -o kinds --extend 2>/dev/null
(cd kinds && find @embeddings -type f | sort)
