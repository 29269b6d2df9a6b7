# Files that are not this run's are never replaced: labelme's records, somebody's overlays, exports.
mkdir d
cp "$IMAGES/tall.png" d/a.png
cp "$IMAGES/enlarged.png" d/b.png
echo '{"version": "5.4.1", "shapes": [], "imagePath": "a.png"}' >d/a.json
echo precious >d/b.overlay.jpg
status maskmill run d -o d $QUICK --overlay
status maskmill run d -o d $QUICK
cat d/a.json d/b.overlay.jpg

# --overwrite says otherwise.
status maskmill run d -o d $QUICK --overwrite
grep -c image_id d/a.json

# A record that was written just before a kill is the run's own, though no ledger knows it.
rm -r d/a.json d/b.json d/.maskmill
rm d/b.overlay.jpg
status maskmill run d -o d $QUICK
rm d/.maskmill/ledger*
status maskmill run d -o d $QUICK

# A record that somebody put there later is not.
cp d/a.png d/c.png
echo '{"image": {"image_id": 1, "width": 64}}' >d/c.json
status maskmill run d -o d $QUICK
cat d/c.json

# Folders of other formats, and of the members of a tar.
mkdir -p out/@coco out2/t
echo '{}' >out/@coco/instances.json
status maskmill run d/a.png -o out $QUICK --format coco
echo '{}' >out2/t/a.json
tar -cf t.tar -C d a.png
status maskmill run t.tar -o out2 $QUICK
