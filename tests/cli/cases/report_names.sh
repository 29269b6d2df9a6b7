# Names in a report: any bytes, and texts that would be HTML or JavaScript elsewhere.
CHECK="python3 $SOURCE/tests/cli/report_check.py"
python3 - <<'PYTHON'
import json, os
names = [b"plain.jpg", b"</script><script>alert(1)</script>.jpg", b"<!--<script>.jpg", b'"quotes\' & <b>.jpg', b"new\nline.jpg",
         b"bad\xff\xfebytes.jpg", b"__proto__.jpg", "\u2028\u2029\u202e.jpg".encode(), b"javascript:alert(1).jpg",
         "émoji \U0001f600.jpg".encode()]
os.makedirs("run")
for number, name in enumerate(names):
    image = {"image_id": number, "width": 7, "height": 5, "file_name": name.decode("utf-8", "replace")}
    try:
        name.decode()
    except UnicodeDecodeError:
        image["file_name_hex"] = name.hex()
    record = {"image": image, "annotations": []}
    json.dump(record, open(f"run/{number}.json", "w"))
PYTHON
for form in "-o folder" "--single-file -o one.html"; do
    status maskmill report run --photos none $form
done
$CHECK show folder
$CHECK show folder >a
$CHECK show one.html >b
cmp a b
# Nothing but the page's own script ends a script element in the data.
! grep -l '</script><script>alert' one.html folder/data/*.js
python3 - <<'PYTHON'
import glob
for path in glob.glob("folder/data/*.js"):
    assert open(path, "rb").read().isascii(), path
PYTHON
