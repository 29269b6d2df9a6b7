# Which defaults a model may bring along in its metadata: thresholds and the search, never paths or what else a run does.
# with_metadata NAME KEY=VALUE...: a model with these metadata.
with_metadata() {
    python3 - "$MODEL" "$@" <<'PYTHON'
import json, struct, sys
source, target, *pairs = sys.argv[1:]
content = open(source, "rb").read()
size, = struct.unpack("<Q", content[:8])
header = json.loads(content[8:8 + size])
header["__metadata__"].update(pair.split("=") for pair in pairs)
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open(target, "wb").write(struct.pack("<Q", len(text)) + text + content[8 + size:])
PYTHON
}

with_metadata own.safetensors points_per_side=8 pred_iou_thresh=0.1 stability_score_thresh=0.2 \
    stability_score_offset=0.3 box_nms_thresh=0.4 crop_nms_thresh=0.5 mask_threshold=0.6 \
    min_mask_region_area=90
maskmill info own.safetensors | sed -n '/^defaults/,/^metadata/p' | sed '$d'
maskmill run --print-config --model own.safetensors --pred-iou-thresh 0.7 2>&1 |
    grep -E 'own defaults|pred_iou_thresh|mask_threshold'
maskmill run --print-config --model own.safetensors --preset amg | grep -E 'pred_iou_thresh|mask_threshold'
maskmill run --print-config --model own.safetensors --preset sam2 | grep -E 'pred_iou_thresh|mask_threshold'
for preset in amg recall; do
    maskmill run --print-config --model own.safetensors --preset $preset |
        grep -E '_score|pred_iou|nms_thresh|region_area|mask_threshold'
done

# The search options of a model apply all or none: none if any of them is given, or if images are cut into tiles.
with_metadata crops.safetensors points_per_side=14 crop_n_layers=1 crop_n_points_downscale_factor=2 crop_nms_thresh=0.5
maskmill info crops.safetensors | grep -E "the model's own"
for given in "" "--points-per-side 32" "--crop-n-layers 2" "--crop-layers 1" "--tile 1024" "--preset sa1b" "--crop-nms-thresh 0.6"; do
    echo "given: $given"
    maskmill run --print-config --model crops.safetensors $given 2>&1 |
        grep -E 'own defaults|points_per_side|crop_n_layers|downscale|crop_nms'
done

# What is neither is shown, and does nothing.
with_metadata other.safetensors format=pt output=out point_grid=/dev/full tile=1024 use_m2m=true crop_layers=2 \
    max_masks=1
maskmill info other.safetensors | grep -E "the model's own|point_grid"
maskmill run --print-config --model other.safetensors |
    grep -E '"(format|point_grid|tile|use_m2m|crop_layers|max_masks)"'

with_metadata bad.safetensors mask_threshold=200
status maskmill run $QUICK --model bad.safetensors "$IMAGES/tall.png" -o out
