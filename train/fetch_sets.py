"""Makes the folders of photographs and masks that train.py --photographs reads, from their public sources.

    fetch_sets.py OUT [--set NAME ...] [--repositories TEMPLATE] [--coco FOLDER]

sources.json says for every set where it comes from, at which commit, under which licence, in which file that is stated,
and which photographs are taken. Needs git and a network; a set is refused where its licence is no longer stated as
it was. Photographs are made smaller where a side is longer than 768 pixels. Every folder gets a NOTICE with source and
licence.

--repositories    where repositories lie, https://github.com/{owner}/{name} unless given
--coco            folder for COCO's own files, 1.1 GB, which are fetched into it where they are missing
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import tempfile
import urllib.request
import zipfile

import cv2
import numpy as np

from record import decode, run_lengths

LONGEST, QUALITY = 768, 90
LEAST = 80  # pixels of the smallest mask that is kept
GITHUB = "https://github.com/{owner}/{name}"
COCO = "http://images.cocodataset.org/"
ARCHIVES = ("annotations_trainval2017", "panoptic_annotations_trainval2017")
FREE = {4: "CC BY 2.0", 5: "CC BY-SA 2.0", 7: "No known copyright restrictions (Flickr Commons)",
        8: "United States Government Work"}  # COCO's numbers of the licences that allow training and passing on


def git(folder, *words, given=None):
    return subprocess.run(["git", "-C", str(folder), *words], input=given, check=True, stdout=subprocess.PIPE).stdout


class Repository:
    """One commit of a repository, of which single files are fetched; `commit` None: its newest."""

    def __init__(self, folder, template, full_name, commit):
        owner, name = full_name.split("/")
        self.folder = folder
        git(folder, "init", "--quiet")
        git(folder, "remote", "add", "origin", template.format(owner=owner, name=name))
        git(folder, "fetch", "--quiet", "--depth", "1", "--filter=blob:none", "origin", commit or "HEAD")
        git(folder, "tag", "wanted", "FETCH_HEAD")
        entries = git(folder, "ls-tree", "-r", "-z", "wanted").decode().strip("\0").split("\0")
        self.paths = {path: entry.split()[2] for entry, path in (line.split("\t") for line in entries)}

    def fetch(self, paths):
        """All at once: checkout alone would ask for one file after another."""
        git(self.folder, "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags", "--filter=blob:none",
            "--no-write-fetch-head", "--stdin", "origin", given="\n".join(self.paths[path] for path in paths).encode())
        git(self.folder, "checkout", "--quiet", "wanted", "--pathspec-from-file=-", "--pathspec-file-nul",
            given="\0".join(f":(literal){path}" for path in paths).encode())

    def text(self, path):
        self.fetch([path])
        return (self.folder / path).read_text()

    def image(self, path, flags=cv2.IMREAD_COLOR):
        image = cv2.imread(str(self.folder / path), flags)
        if image is None:
            raise SystemExit(f"{path}: no image that OpenCV can read")
        return image


def filled(polygons, height, width):
    """Inside of any of the polygons, each a list of x, y, x, y, ... -> bool [H, W]"""
    mask = np.zeros((height, width), np.uint8)
    for polygon in polygons:
        corners = np.round(np.array(polygon, float).reshape(-1, 2)).astype(np.int32)
        one = np.zeros_like(mask)
        cv2.fillPoly(one, [corners], 1)
        mask |= one
    return mask > 0


def components(labels):
    """Connected parts of every label, bool [H, W] each, without crumbs."""
    for label in np.unique(labels):
        count, parts, stats, _ = cv2.connectedComponentsWithStats((labels == label).astype(np.uint8))
        for number in range(1, count):
            if stats[number, cv2.CC_STAT_AREA] >= LEAST:
                yield parts == number


def coco_mask(segmentation, height, width):
    return decode(segmentation) if isinstance(segmentation, dict) else filled(segmentation, height, width)


# How sets are marked: each gives a function of a photograph's path, to its masks bool [H, W] one after another.

def from_coco(repository, source):
    of_name = {pathlib.PurePath(path).name: path for path in source["images"]}
    outlines = collections.defaultdict(list)
    for listing in source["annotations"]:
        content = json.loads(repository.text(listing))
        images = {image["id"]: image for image in content["images"]}
        for annotation in content["annotations"]:
            image = images[annotation["image_id"]]
            path = of_name.get(pathlib.PurePath(image["file_name"]).name)
            if path and annotation["segmentation"]:
                outlines[path].append((annotation["segmentation"], image["height"], image["width"]))
    return lambda path: (coco_mask(*outline) for outline in outlines[path])


def from_yolo(repository, source):
    listings = {path: re.sub(r"\.\w+$", ".txt", path.replace("/images/", "/labels/")) for path in source["images"]}
    repository.fetch([*listings.values()])

    def masks(path):
        height, width = repository.image(path).shape[:2]
        for line in (repository.folder / listings[path]).read_text().splitlines():
            shape = [float(word) for word in line.split()[1:]]
            if len(shape) > 4:
                yield filled([np.reshape(shape, (-1, 2)) * (width, height)], height, width)
    return masks


def from_via(repository, source):
    shapes = collections.defaultdict(list)
    for folder in {str(pathlib.PurePath(path).parent) for path in source["images"]}:
        for entry in json.loads(repository.text(f"{folder}/via_region_data.json")).values():
            regions = entry["regions"].values() if isinstance(entry["regions"], dict) else entry["regions"]
            shapes[f"{folder}/{entry['filename']}"] += [region["shape_attributes"] for region in regions]

    def masks(path):
        height, width = repository.image(path).shape[:2]
        for shape in shapes[path]:
            if "all_points_x" in shape:
                yield filled([np.stack([shape["all_points_x"], shape["all_points_y"]], 1)], height, width)
    return masks


def from_labels(repository, source):
    """A picture of labels beside each photograph: whole instances, or classes, of which every connected part counts."""
    pictures = {path: re.sub(*source["mask"], path) for path in source["images"]}
    repository.fetch([*pictures.values()])

    def masks(path):
        labels = repository.image(pictures[path], cv2.IMREAD_UNCHANGED).astype(np.int64)
        if labels.ndim == 3:
            labels = labels[:, :, :3] @ (1, 256, 65536)
        if source.get("instances"):
            yield from (labels == label for label in np.unique(labels[labels > 0]))
        else:
            yield from components(labels)
    return masks


def from_mask_files(repository, source):
    """images/NAME.png beside masks/*.png, in a folder for each photograph."""
    files = {path: [other for other in repository.paths
                    if other.startswith(f"{pathlib.PurePath(path).parent.parent}/masks/")] for path in source["images"]}
    repository.fetch([file for some in files.values() for file in some])
    return lambda path: (repository.image(file, cv2.IMREAD_GRAYSCALE) > 127 for file in files[path])


FORMS = {"coco": from_coco, "yolo": from_yolo, "via": from_via, "labels": from_labels, "mask_files": from_mask_files,
         "none": lambda repository, source: lambda path: ()}


def check_licence(repository, source, name):
    for path, words in source["stated"].items():
        if path not in repository.paths or words not in repository.text(path):
            raise SystemExit(f"{name}: {path} no longer states {words!r}; the set is left out")


class Folder:
    """A set as sets.py reads it, while it is written."""

    def __init__(self, path, least):
        self.path, self.least, self.images, self.annotations = path, least, [], []
        (path / "images").mkdir(parents=True, exist_ok=True)

    def add(self, image, masks, members):
        """image uint8 [H, W, 3] in OpenCV's order, or a file's bytes, which are kept; masks bool [H, W]."""
        number = len(self.images) + 1
        name = f"{number:05d}.jpg"
        content = image if isinstance(image, bytes) else None
        if content:
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        share = min(1, LONGEST / max(image.shape[:2]))
        width, height = round(image.shape[1] * share), round(image.shape[0] * share)
        if content and share == 1:
            (self.path / "images" / name).write_bytes(content)
        else:
            small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(self.path / "images" / name), small, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
        self.images.append({"id": number, "file_name": name, "width": width, "height": height, **members})
        for mask in masks:
            self.mark(cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0.5)

    def mark(self, mask):
        area = int(np.count_nonzero(mask))
        if area < self.least:
            return
        self.annotations.append({
            "id": len(self.annotations) + 1, "image_id": len(self.images), "category_id": 1, "iscrowd": 0, "area": area,
            "bbox": list(cv2.boundingRect(mask.view(np.uint8))),
            "segmentation": {"size": list(mask.shape), "counts": run_lengths(mask)}})

    def close(self, notice):
        (self.path / "NOTICE").write_text(notice + "\n")
        if self.annotations:
            (self.path / "annotations.json").write_text(json.dumps(
                {"images": self.images, "annotations": self.annotations, "categories": [{"id": 1, "name": "segment"}]}))
        print(f"{self.path.name}: {len(self.images)} photographs, {len(self.annotations)} masks", flush=True)


def make_from_repository(name, source, out, template):
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as other:
        repository = Repository(pathlib.Path(place), template, source["repository"], source["commit"])
        stating = repository
        if "stated_in" in source:
            stating = Repository(pathlib.Path(other), template, source["stated_in"], None)
        check_licence(stating, source, name)
        repository.fetch(source["images"])
        masks = FORMS[source["form"]](repository, source)
        folder = Folder(out / name, source.get("least", LEAST))
        for path in source["images"]:
            folder.add(repository.image(path), masks(path), {"source": path})
        folder.close(f"https://github.com/{source['repository']} at {source['commit']}\n{source['licence']}\n"
                     "Changes: made smaller where larger than 768 pixels, stored as JPEG; outlines turned into masks.")


def coco_files(folder):
    """What COCO says of all its photographs of 2017, fetched where it is missing. -> photographs by their address on
    Flickr, annotations and segments of every pixel by photograph"""
    folder.mkdir(parents=True, exist_ok=True)
    photographs, instances, every_pixel = {}, collections.defaultdict(list), {}
    for archive in ARCHIVES:
        if not (folder / f"{archive}.zip").exists():
            urllib.request.urlretrieve(f"{COCO}annotations/{archive}.zip", folder / f"{archive}.zip")
    for part in ("train2017", "val2017"):
        with zipfile.ZipFile(folder / f"{ARCHIVES[0]}.zip") as packed:
            content = json.loads(packed.read(f"annotations/instances_{part}.json"))
        photographs.update((image["flickr_url"], {**image, "part": part}) for image in content["images"])
        names = {category["id"]: category["name"] for category in content["categories"]}
        for annotation in content["annotations"]:
            if not annotation["iscrowd"]:
                instances[annotation["image_id"]].append({**annotation, "name": names[annotation["category_id"]]})
        with zipfile.ZipFile(folder / f"{ARCHIVES[1]}.zip") as packed:
            content = json.loads(packed.read(f"annotations/panoptic_{part}.json"))
        every_pixel.update((annotation["image_id"], annotation["file_name"]) for annotation in content["annotations"])
    return photographs, instances, every_pixel


def panoptic_masks(folder, part, file_name):
    with zipfile.ZipFile(folder / f"{ARCHIVES[1]}.zip") as packed:
        with zipfile.ZipFile(packed.open(f"annotations/panoptic_{part}.zip")) as inner:
            picture = np.frombuffer(inner.read(f"panoptic_{part}/{file_name}"), np.uint8)
    labels = cv2.imdecode(picture, cv2.IMREAD_COLOR).astype(np.int64) @ (65536, 256, 1)
    return [labels == label for label in np.unique(labels[labels > 0])]


def make_from_coco(name, source, out, folder):
    """Only photographs whose own licence allows it; it stands with each of them."""
    photographs, instances, every_pixel = coco_files(folder)
    made = Folder(out / name, LEAST)
    for address, licence in source["images"]:
        photograph = photographs[address]
        if FREE.get(photograph["license"]) != licence:
            raise SystemExit(f"{name}: {address} is no longer under {licence}; the set is left out")
        if address in source.get("every_pixel", []):
            masks = panoptic_masks(folder, photograph["part"], every_pixel[photograph["id"]])
        else:
            marked = instances[photograph["id"]]
            if "only" in source:
                marked = sorted((one for one in marked if one["name"] == source["only"]), key=lambda one: -one["area"])[:1]
            masks = [coco_mask(one["segmentation"], photograph["height"], photograph["width"]) for one in marked]
        with urllib.request.urlopen(photograph["coco_url"]) as answer:
            made.add(answer.read(), masks, {"source": address, "license": licence})
    made.close(f"COCO 2017, https://cocodataset.org\n{source['licence']}\nLicence and address of every photograph stand in "
               "annotations.json.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--set", action="append", help="only this one; may be given again")
    parser.add_argument("--repositories", default=GITHUB)
    parser.add_argument("--coco", type=pathlib.Path)
    arguments = parser.parse_args()
    sources = json.loads((pathlib.Path(__file__).parent / "sources.json").read_text())
    for name in arguments.set or sources:
        if sources[name]["form"] == "coco2017":
            make_from_coco(name, sources[name], arguments.out, arguments.coco or arguments.out / "coco_files")
        else:
            make_from_repository(name, sources[name], arguments.out, arguments.repositories)


if __name__ == "__main__":
    main()
