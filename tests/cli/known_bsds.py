#!/usr/bin/env python3
"""Keeps human segmentations through `run --known`, and measures what the grid adds.

    tests/cli/known_bsds.py RECORDS_AND_PHOTOGRAPHS [IMAGES]

The folder has NAME.jpg with NAME.json each (BSDS500 as records; it is not part of the sources). Of each record every
annotation must come out byte for byte; no other mask may overlap one by more than the NMS threshold, neither by its box
nor by its pixels. Three runs: all annotations; all, with --known-parts; every third annotation."""
import json
import os
import subprocess
import sys
import tempfile
import time

import known

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                       os.environ.get('BUILD', 'build'), 'maskmill')


def threshold_of(out):
    with open(out + '/.maskmill/run.json', encoding='utf-8') as file:
        return float(json.load(file)['box-nms-thresh'])


def every_third(folder, names, made):
    os.makedirs(made)
    for name in names:
        text = known.read(f'{folder}/{name}.json')
        image = json.dumps(json.loads(text)['image'])
        with open(f'{made}/{name}.json', 'w', encoding='utf-8') as file:
            file.write(f'{{"image": {image}, "annotations": [' + ', '.join(known.own_texts(text)[::3]) + ']}')


def run(title, photos, names, beside, out, *more):
    start = time.monotonic()
    subprocess.run([PROGRAM, 'run', '--quiet', '--known', beside, *more, '-o', out, *photos], check=True)
    seconds = time.monotonic() - start
    kept = added = 0
    for name in names:
        one = known.check_one(known.read(f'{beside}/{name}.json'), known.read(f'{out}/{name}.json'), threshold_of(out))
        kept, added = kept + one[0], added + one[1]
    print(f'{title}: {len(names)} images, {kept} known annotations kept byte for byte, {added} masks added, '
          f'none above {threshold_of(out)}; {seconds:.0f} s', flush=True)


def main():
    folder = sys.argv[1]
    names = sorted(name[:-5] for name in os.listdir(folder) if name.endswith('.json'))
    names = names[:int(sys.argv[2])] if len(sys.argv) > 2 else names
    photos = [f'{folder}/{name}.jpg' for name in names]
    with tempfile.TemporaryDirectory() as work:
        run('all', photos, names, folder, work + '/all')
        run('all, --known-parts', photos, names, folder, work + '/parts', '--known-parts')
        every_third(folder, names, work + '/third')
        run('every third', photos, names, work + '/third', work + '/some')


if __name__ == '__main__':
    main()
