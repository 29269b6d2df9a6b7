"""Known masks for the golden test `known`, and what must hold of the records that a run makes beside them.

    known.py make PHOTOS OUT            OUT/records/tall.json, coco.json, lines.ndjson, boxes.json
    known.py check KNOWN OUT THRESHOLD  known annotations stand first, byte for byte; no other overlaps one too much
    known.py same PLAIN OUT NAME        but for "source", the records are equal
    known.py masks OUT OTHER            the records have equal masks with equal sources, in the same order
    known.py boxes BOXES OUT            each box has a mask
    known.py kept KNOWN OUT             the known masks are there, and come first
"""
import glob
import json
import os
import sys

W, H = 0, 1


def png_size(path):
    with open(path, 'rb') as file:
        head = file.read(24)
    return int.from_bytes(head[16:20], 'big'), int.from_bytes(head[20:24], 'big')


def counts_of(bits):
    """Run lengths of a column-major list of 0 and 1."""
    counts, last, run = [], 0, 0
    for bit in bits:
        if bit != last:
            counts.append(run)
            last, run = bit, 0
        run += 1
    return counts + [run]


def rectangle(size, box):
    x0, y0, x1, y1 = box
    return [int(x0 <= x < x1 and y0 <= y < y1) for x in range(size[W]) for y in range(size[H])]


def runs_of(counts):
    """COCO's compressed string, or run lengths, to run lengths."""
    if isinstance(counts, str):
        runs, at = [], 0
        data = counts.encode()
        while at < len(data):
            value, shift, more = 0, 0, True
            while more:
                byte = data[at] - 48
                value |= (byte & 0x1f) << shift
                more, at, shift = bool(byte & 0x20), at + 1, shift + 5
                if not more and byte & 0x10:
                    value |= -1 << shift
            runs.append(value + runs[-2] if len(runs) > 2 else value)
        counts = runs
    return counts


def ranges(counts):
    """The foreground's (start, end), column by column."""
    place = 0
    for i, run in enumerate(runs_of(counts)):
        if i % 2:
            yield place, place + run
        place += run


def decode(counts):
    """The mask as a number with a bit for each pixel."""
    pixels = 0
    for start, end in ranges(counts):
        pixels |= ((1 << (end - start)) - 1) << start
    return pixels


def own_texts(text):
    """The texts of the members of "annotations", as they stand in the file."""
    decoder = json.JSONDecoder()
    at = text.index('[', text.index('"annotations"')) + 1
    texts = []
    while True:
        while text[at] in ' ,\n\r\t':
            at += 1
        if text[at] == ']':
            return texts
        _, end = decoder.raw_decode(text, at)
        texts.append(text[at:end])
        at = end


def read(path):
    with open(path) as file:
        return file.read()


def records(folder):
    return {os.path.basename(path): json.loads(read(path)) for path in sorted(glob.glob(folder + '/*.json'))}


def make(photos, out):
    os.makedirs(out + '/records')
    size = png_size(photos + '/tall.png')
    w, h = size
    boxes = [(0, 0, w // 2, h // 3), (w // 4, h // 4, w // 2, h // 2), (0, h * 3 // 4, w, h)]
    annotations = [{'annotator': i, 'segmentation': {'size': [h, w], 'counts': counts_of(rectangle(size, box))},
                    'bbox': [box[0], box[1], box[2] - box[0], box[3] - box[1]],
                    'area': (box[2] - box[0]) * (box[3] - box[1]), 'id': 3 * i} for i, box in enumerate(boxes)]
    image = {'width': w, 'height': h, 'file_name': 'tall.png'}
    record = {'image': image, 'annotations': annotations}
    with open(out + '/records/tall.json', 'w') as file: # not in the way that this program would write it
        file.write(json.dumps(record, separators=(' ,', ':')).replace('{"annotator"', '{ "annotator"'))
    with open(out + '/lines.ndjson', 'w') as file:
        file.write(json.dumps(record) + '\n')
    listed = [dict(image, id=1)]
    with open(out + '/coco.json', 'w') as file:
        json.dump({'images': listed, 'annotations': [dict(a, image_id=1) for a in annotations]}, file)
    detections = [{'image_id': 1, 'category_id': 18, 'bbox': a['bbox'], 'score': 0.236} for a in annotations]
    detections[1].update(id=40, segmentation=None)
    with open(out + '/boxes.json', 'w') as file:
        json.dump({'images': listed, 'annotations': detections}, file)


def box_iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    union = a[2] * a[3] + b[2] * b[3] - both
    return both / union if union else 0


def coco_box(box):
    """With the last column and row."""
    return [box[0], box[1], box[2] + 1, box[3] + 1]


def bbox(counts, height):
    """SA-1B's bbox of a mask."""
    found = list(ranges(counts))
    if not found:
        return [0, 0, 0, 0]
    whole = any(start // height != (end - 1) // height for start, end in found)
    left, right = found[0][0] // height, (found[-1][1] - 1) // height
    top = 0 if whole else min(start % height for start, _ in found)
    bottom = height - 1 if whole else max((end - 1) % height for _, end in found)
    return [left, top, right - left, bottom - top]


def overlap(a, b):
    """Intersection over union of two masks."""
    union = (a | b).bit_count()
    return (a & b).bit_count() / union if union else 0


def check_one(known_text, text, threshold):
    mine, all_texts = own_texts(known_text), own_texts(text)
    for before, after in zip(mine, all_texts):
        assert after == before[:-1] + ', "source": "known"}', after[:200]
    record = json.loads(text)
    height = record['image']['height']
    annotations = record['annotations']
    ids = [a['id'] for a in annotations]
    known = [(decode(a['segmentation']['counts']), bbox(a['segmentation']['counts'], height))
             for a in annotations[:len(mine)]]
    highest = max(ids[:len(mine)], default=-1)
    for a in annotations[len(mine):]:
        pixels = decode(a['segmentation']['counts'])
        assert a['source'] == 'grid' and a['id'] > highest, a
        for other, box in known:
            assert overlap(pixels, other) <= threshold, (a['id'], overlap(pixels, other))
            assert box_iou(a['bbox'], box) <= threshold + 1e-6, (a['id'], box)
            assert box_iou(coco_box(a['bbox']), coco_box(box)) <= threshold + 1e-6, (a['id'], box)
    assert len(set(ids)) == len(ids)
    return len(mine), len(annotations) - len(mine)


def check(known, out, threshold):
    for name in sorted(os.listdir(known)):
        kept, added = check_one(read(f'{known}/{name}'), read(f'{out}/{name}'), float(threshold))
        print(name, kept, 'known,', 'some' if added else 'none', 'added')


def same(plain, out, name):
    a, b = (json.loads(read(f'{folder}/{name}.json')) for folder in (plain, out))
    assert all(annotation.pop('source') == 'grid' for annotation in b['annotations'])
    assert a == b
    print('the same')


def masks(out, other):
    def of(folder):
        return {name: [(decode(a['segmentation']['counts']), a['source']) for a in record['annotations']]
                for name, record in records(folder).items()}
    assert of(out) == of(other)
    print('the same')


def boxes(path, out):
    detections = json.loads(read(path))['annotations']
    annotations = records(out)['tall.json']['annotations']
    for box, a in zip(detections, annotations):
        assert a['source'] == 'box' and a['box'] == box['bbox'] and a['score'] == 0.236, a
        assert a['category_id'] == 18 and 'point_coords' not in a and a['predicted_iou'], a
        assert 'id' not in box or a['id'] == box['id']
    assert all(a['source'] == 'grid' and a['id'] > 40 for a in annotations[len(detections):])
    print(len(detections), 'boxes')


def kept(known, out):
    for name, record in records(known).items():
        after = records(out)[name]['annotations']
        assert len(after) == len(record['annotations'])
        for a, b in zip(record['annotations'], after):
            assert b['source'] == 'known'
            assert decode(a['segmentation']['counts']) == decode(b['segmentation']['counts'])
    print('kept')


if __name__ == '__main__':
    {'make': make, 'check': check, 'same': same, 'masks': masks, 'boxes': boxes,
     'kept': kept}[sys.argv[1]](*sys.argv[2:])
