# Polygons that cross an image a million times, in 400 MB.
python3 - <<'PYTHON'
import json
def put(name, width, height, polygons):
    with open(name + ".json", "w") as file:
        json.dump({"image": {"width": width, "height": height}, "annotations": [{"segmentation": polygons}]}, file)
put("wide", 250000000, 2, [[0, 0, 250000000, 0, 250000000, 1, 0, 1]])
put("zigzag", 20000, 20000, [[0, 0, 20000, 9, 0, 20, 20000, 31] * 10000])
put("many", 20000, 20000, [[x, y, x + 2, y, x + 1, y + 2] for x in range(0, 1600, 4) for y in range(0, 1600, 4)])
PYTHON
OMP_NUM_THREADS=2 # each thread takes address space
export OMP_NUM_THREADS
limit_memory 400000
status maskmill stats wide.json | tail -n 2
status maskmill stats zigzag.json | tail -n 2
status timeout $((20 * ${EMULATOR_SLOWER:-1})) maskmill stats many.json | head -n 1
