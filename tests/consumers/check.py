"""Reads every output format with the tools that people use; prints "N passed, N failed"."""
import contextlib
import csv
import glob
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import traceback
from urllib.parse import unquote

import cv2
import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import collection as drawn


def read_plane(path):
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)


class Checks:
    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = folder
        self.masks = drawn.write(folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def maskmill(self, *arguments, status=0):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True)
        assert done.returncode == status, f"{arguments}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def export(self, form, *options):
        out = self.path(form)
        self.maskmill("export", self.path("records"), "--format", form, "-o", out, *options)
        return out

    def coco(self, form="coco"):
        with contextlib.redirect_stdout(io.StringIO()):
            return COCO(os.path.join(self.export(form), "instances.json"))

    def stem(self, file_name):
        return os.path.splitext(file_name)[0]

    def expect_masks(self, got, stem):
        """The record's masks, all of them, in their order, to the pixel."""
        masks = self.masks[stem][1]
        assert len(got) == len(masks), f"{stem}: {len(got)} masks, expected {len(masks)}"
        for number, (a, b) in enumerate(zip(got, masks)):
            assert (a.astype(bool) == b).all(), f"{stem}, mask {number}: {(a.astype(bool) != b).sum()} pixels differ"

    def check_verify(self):
        assert " 0 faults" in self.maskmill("verify", self.path("records"), "--images", self.path("images"))

    def check_stats(self):
        told = json.loads(self.maskmill("stats", self.path("records"), "--json"))
        assert told["images"] == len(self.masks) and told["images_without_masks"] == 1
        assert told["masks"] == sum(len(masks) for _, masks in self.masks.values())

    def check_records_have_python_bytes(self):
        out = self.export("sa1b")
        for stem in self.masks:
            with open(self.path("records", stem + ".json"), "rb") as a, open(os.path.join(out, stem + ".json"), "rb") as b:
                assert a.read() == b.read(), stem

    def check_ndjson(self):
        with open(os.path.join(self.export("ndjson"), "records.ndjson")) as file:
            records = [json.loads(line) for line in file]
        assert sorted(r["image"]["file_name"] for r in records) == sorted(name for name, _ in self.masks.values())

    def check_pycocotools(self):
        coco = self.coco()
        assert len(coco.imgs) == len(self.masks)
        for image in coco.imgs.values():
            annotations = coco.imgToAnns[image["id"]]
            self.expect_masks([coco.annToMask(a) for a in annotations], self.stem(image["file_name"]))
            for a in annotations:
                assert coco_mask.area(a["segmentation"]) == a["area"]
                assert list(coco_mask.toBbox(a["segmentation"])) == a["bbox"]

    def check_cocoeval(self):
        truth = self.coco()
        with contextlib.redirect_stdout(io.StringIO()):
            found = truth.loadRes(os.path.join(self.export("coco-results"), "results.json"))
            for kind in ("segm", "bbox"):
                evaluation = COCOeval(truth, found, kind)
                evaluation.evaluate()
                evaluation.accumulate()
                evaluation.summarize()
                assert evaluation.stats[0] == 1.0, f"{kind}: AP {evaluation.stats[0]}"

    def check_polygons(self):
        coco = self.coco("polygons")
        for image in coco.imgs.values():
            annotations = coco.imgToAnns[image["id"]]
            assert all(isinstance(a["segmentation"], list) for a in annotations)
            self.expect_masks([coco.annToMask(a) for a in annotations], self.stem(image["file_name"]))

    def check_uncompressed_runs(self):
        out = self.export("rle")
        for stem in self.masks:
            with open(os.path.join(out, stem + ".json")) as file:
                record = json.load(file)
            runs = [a["segmentation"] for a in record["annotations"]]
            self.expect_masks([coco_mask.decode(coco_mask.frPyObjects(r, *r["size"])) for r in runs], stem)

    def check_png_folder(self):
        out = self.export("png")
        for stem, (_, masks) in self.masks.items():
            with open(os.path.join(out, stem, "metadata.csv")) as file:
                rows = list(csv.DictReader(file))
            planes = [read_plane(os.path.join(out, stem, row["id"] + ".png")) for row in rows]
            assert all(p.ndim == 2 and set(np.unique(p)) <= {0, 255} for p in planes)
            self.expect_masks(planes, stem)
            assert [int(row["area"]) for row in rows] == [int(m.sum()) for m in masks]

    def check_label_maps(self):
        out = self.export("labels")
        for stem, (_, masks) in self.masks.items():
            labels = read_plane(os.path.join(out, stem + ".png"))
            assert labels.dtype == np.uint16
            expected = np.zeros(labels.shape, np.uint16)
            for number in sorted(range(len(masks)), key=lambda i: -int(masks[i].sum())):
                expected[masks[number]] = number + 1
            assert (labels == expected).all(), stem

    def check_wide_label_map(self):
        size, count = 270, 70000
        annotations = []
        for i in range(count):
            x, y = divmod(i, size)
            runs = {"size": [size, size], "counts": [i, 1, size * size - i - 1]}
            counts = coco_mask.frPyObjects(runs, size, size)["counts"].decode()
            annotations.append({
                "segmentation": {"size": [size, size], "counts": counts}, "area": 1, "bbox": [x, y, 0, 0],
                "predicted_iou": 1.0, "point_coords": [[x + 0.5, y + 0.5]], "stability_score": 1.0,
                "crop_box": [0, 0, size, size], "id": i})
        image = {"image_id": 1, "width": size, "height": size, "file_name": "many.png"}
        os.makedirs(self.path("many"))
        with open(self.path("many", "many.json"), "w") as file:
            json.dump({"image": image, "annotations": annotations}, file)
        self.maskmill("export", self.path("many"), "-f", "labels", "-o", self.path("wide"))
        labels = np.array(Image.open(self.path("wide", "many.tif")))
        expected = np.zeros(size * size, np.int64)
        expected[:count] = np.arange(1, count + 1)
        assert (labels == expected.reshape(size, size).T).all()

    def check_webdataset(self):
        import webdataset

        out = self.export("tar", "--images", self.path("images"), "--shard-images", "2")
        shards = sorted(glob.glob(os.path.join(out, "*.tar")))
        assert len(shards) == 3
        seen = set()
        for sample in webdataset.WebDataset(shards, shardshuffle=False).decode("rgb8"):
            record = sample["json"]
            file_name = record["image"]["file_name"]
            stem = self.stem(file_name)
            assert unquote(sample["__key__"]) == stem, sample["__key__"]
            image = sample[os.path.splitext(file_name)[1][1:]]
            assert (image == np.array(Image.open(self.path("images", file_name)))).all()
            self.expect_masks([coco_mask.decode(a["segmentation"]) for a in record["annotations"]], stem)
            seen.add(stem)
        assert seen == set(self.masks)

    def check_supervision_coco(self):
        import supervision

        path = os.path.join(self.export("coco"), "instances.json")
        data = supervision.DetectionDataset.from_coco(self.path("images"), path, force_masks=True)
        assert len(data) == len(self.masks)
        for image_path, _, detections in data:
            stem = self.stem(os.path.relpath(image_path, self.path("images")))
            self.expect_masks([] if detections.mask is None else list(detections.mask), stem)

    def check_supervision_yolo(self):
        import supervision

        labels, flat = self.export("yolo"), self.path("flat")
        for part in ("images", "labels"):
            os.makedirs(os.path.join(flat, part))
        for stem, (file_name, _) in self.masks.items():
            plain = stem.replace("/", "_")
            ending = os.path.splitext(file_name)[1]
            shutil.copy(self.path("images", file_name), os.path.join(flat, "images", plain + ending))
            shutil.copy(os.path.join(labels, stem + ".txt"), os.path.join(flat, "labels", plain + ".txt"))
        with open(os.path.join(flat, "data.yaml"), "w") as file:
            file.write("nc: 1\nnames: [object]\n")
        parts = [os.path.join(flat, part) for part in ("images", "labels", "data.yaml")]
        data = supervision.DetectionDataset.from_yolo(*parts, force_masks=True)
        stems = {stem.replace("/", "_"): stem for stem in self.masks}
        for image_path, _, detections in data:
            stem = stems[self.stem(os.path.basename(image_path))]
            masks = self.masks[stem][1]
            got = [] if detections.mask is None else list(detections.mask)
            assert len(got) == len(masks), f"{stem}: {len(got)} masks"
            # It fills with OpenCV, which also paints the outline: up to one pixel more on each side.
            for number, (a, b) in enumerate(zip(got, masks)):
                grown = cv2.dilate(b.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
                assert not (b & ~a).any(), f"{stem}, mask {number}: pixels lost"
                if number in (0, 6, 8):  # one part, so no cut from part to part is painted
                    assert not (a & ~grown).any(), f"{stem}, mask {number}: pixels added"

    def check_datumaro(self):
        import datumaro

        root = self.path("datumaro")
        os.makedirs(os.path.join(root, "annotations"))
        shutil.copy(os.path.join(self.export("coco"), "instances.json"),
                    os.path.join(root, "annotations", "instances_all.json"))
        shutil.copytree(self.path("images"), os.path.join(root, "images", "all"))
        data = datumaro.Dataset.import_from(root, "coco_instances")
        assert len(data) == len(self.masks)
        for item in data:
            masks = sorted((a for a in item.annotations if hasattr(a, "image")), key=lambda a: a.id)
            self.expect_masks([np.asarray(m.image) for m in masks], item.id)

    def shard(self, path, members):
        """A tar of (name, bytes)."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with tarfile.open(path, "w") as tar:
            for name, data in members:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))

    def picture(self, number):
        data = io.BytesIO()
        random = np.random.default_rng(number)
        pixels = np.kron(random.integers(0, 255, (4, 4, 3), dtype=np.uint8), np.ones((12, 10, 1), np.uint8))
        Image.fromarray(pixels).save(data, "JPEG")
        return data.getvalue()

    def detections(self):
        """Boxes of a detector around the drawn masks: a COCO document, and COCO's results of the same."""
        images, boxes = [], []
        for number, (stem, (name, masks)) in enumerate(sorted(self.masks.items())):
            height, width = drawn.SIZES[name]
            images.append({"id": 10 + number, "file_name": name, "width": width, "height": height})
            for mask in masks:
                rows, columns = np.nonzero(mask)
                boxes.append({"id": 500 - len(boxes), "image_id": 10 + number, "category_id": 1 + len(boxes) % 3,
                              "bbox": [float(columns.min()) - 0.5, float(rows.min()) - 0.5,
                                       float(np.ptp(columns)) + 2, float(np.ptp(rows)) + 2], "score": 0.99 - len(boxes) / 100})
        categories = [{"id": i, "name": name} for i, name in enumerate(("cat", "dog", "bird"), 1)]
        with open(self.path("detections.json"), "w") as out:
            json.dump({"images": images, "annotations": boxes, "categories": categories}, out)
        with open(self.path("results.json"), "w") as out:
            json.dump([{k: v for k, v in box.items() if k != "id"} for box in boxes], out)
        return boxes

    def check_predicted_instances(self):
        """The masks of a detector's boxes: ids, classes and scores as they came; pixels as the PNG files have them."""
        boxes = self.detections()
        out = self.path("instances")
        self.maskmill("predict", "--boxes", self.path("detections.json"), "--images", self.path("images"), "--png", "-q", "-o", out)
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(os.path.join(out, "@coco", "instances.json"))
        assert sorted(coco.anns) == sorted(box["id"] for box in boxes)
        assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == ["cat", "dog", "bird"]
        assert len(coco.imgs) == len(self.masks)
        seen = {}
        for box in boxes:
            found = coco.anns[box["id"]]
            assert all(found[k] == box[k] for k in ("image_id", "category_id", "score")) and found["prompt_box"] == box["bbox"]
            mask = coco.annToMask(found)
            assert found["area"] == mask.sum() and found["bbox"] == coco_mask.toBbox(found["segmentation"]).tolist()
            stem = self.stem(coco.imgs[box["image_id"]]["file_name"])
            number = seen[stem] = seen.get(stem, -1) + 1
            assert ((read_plane(os.path.join(out, "@png", stem, f"{number}.png")) > 127) == mask).all()

    def check_predicted_results(self):
        """COCO's results in, results out, which COCOeval takes: the masks of the document above, areas of masks."""
        boxes = self.detections()
        out = self.path("predicted-results")
        self.maskmill("predict", "--boxes", self.path("results.json"), "--coco", self.path("detections.json"),
                      "--images", self.path("images"), "-q", "-o", out)
        self.maskmill("predict", "--boxes", self.path("detections.json"), "--images", self.path("images"), "-q", "-o", out + "2")
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(os.path.join(out + "2", "@coco", "instances.json"))
            found = truth.loadRes(os.path.join(out, "@coco-results", "results.json"))
            evaluation = COCOeval(truth, found, "segm")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        assert len(found.anns) == len(boxes)
        assert all(int(a["area"]) == coco_mask.area(a["segmentation"]) for a in found.anns.values())
        expected = [truth.anns[box["id"]]["segmentation"] for box in sorted(boxes, key=lambda box: box["image_id"])]
        assert [a["segmentation"] for a in found.anns.values()] == expected

    def run_to_tar(self):
        """Shards as img2dataset and as SA-1B have them, with a broken image, from tar to tar; written once."""
        out = self.path("shards-out")
        if os.path.isdir(out):
            return out
        pictures = [self.picture(i) for i in range(8)]
        pictures[2] = b"not an image"
        self.shard(self.path("shards", "00000.tar"), [
            (f"{i:09d}.{ending}", data) for i in range(4)
            for ending, data in (("jpg", pictures[i]), ("json", b'{"url": "u"}'), ("txt", b"a caption"))])
        self.shard(self.path("shards", "sa_000001.tar"), [
            (f"./sa_{i}.{ending}", data) for i in range(4, 8)
            for ending, data in (("jpg", pictures[i]), ("json", b'{"image": {}, "annotations": []}'))])
        self.maskmill("run", self.path("shards"), "-o", out, "--to", "tar", "--copy-images", "--points-per-side", "4",
                      "--pred-iou-thresh", "0", "--stability-score-thresh", "0", "-q", status=1)
        return out

    def check_tar_to_tar(self):
        import webdataset

        out = self.run_to_tar()
        keys = {"00000": [f"{i:09d}" for i in range(4)], "sa_000001": [f"sa_{i}" for i in range(4, 8)]}
        for shard, expected in keys.items():
            samples = list(webdataset.WebDataset([os.path.join(out, shard + ".tar")], shardshuffle=False).decode("rgb8"))
            assert [sample["__key__"] for sample in samples] == expected
            for sample in samples:
                if sample["__key__"] == "000000002":
                    assert "json" not in sample and "not an image" in sample["error.json"]["error"]
                    continue
                record = sample["json"]
                assert record["image"]["file_name"] == f"{shard}/{sample['__key__']}.jpg"
                height, width = sample["jpg"].shape[:2]
                masks = [coco_mask.decode(a["segmentation"]) for a in record["annotations"]]
                assert masks and all(mask.shape == (height, width) for mask in masks)

    def check_tables_of_tars(self):
        import duckdb
        import pyarrow.json
        import pyarrow.parquet

        out = self.run_to_tar()
        duckdb.sql(f"COPY (FROM '{out}/[0s]*.ndjson') TO '{out}/duckdb.parquet'")
        pyarrow.parquet.write_table(pyarrow.json.read_json(f"{out}/00000.ndjson"), f"{out}/pyarrow.parquet")
        table = pyarrow.parquet.read_table(f"{out}/duckdb.parquet")
        assert table.num_rows == 8 and pyarrow.parquet.read_table(f"{out}/pyarrow.parquet").num_rows == 4
        kinds = {field.name: str(field.type) for field in table.schema}
        for name in ("key", "file_name", "file_name_hex", "status", "error"):
            assert kinds[name] == "string", kinds
        for name in ("width", "height", "masks", "offset", "bytes", "record_offset", "record_bytes"):
            assert kinds[name] == "int64", kinds
        assert kinds["seconds"] == "double" and kinds["predicted_iou"] == kinds["stability_score"]
        for row in table.to_pylist():
            shard = row["file_name"].split("/")[0]
            with open(os.path.join(out, shard + ".tar"), "rb") as file:
                file.seek(row["record_offset"])
                record = json.loads(file.read(row["record_bytes"]))
            assert record["image"]["file_name"] == row["file_name"]
            scores = [a["predicted_iou"] for a in record.get("annotations", [])]
            assert len(scores) == row["masks"] and scores == row["predicted_iou"], row["key"]


def main(program):
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(program, folder)
        for name in (n for n in dir(checks) if n.startswith("check_")):
            try:
                getattr(checks, name)()
                passed += 1
                print(f"{name[6:]}: ok")
            except Exception:
                failed += 1
                print(f"{name[6:]}: FAILED\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
