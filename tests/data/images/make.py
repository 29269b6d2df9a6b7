#!/usr/bin/env python3
"""Makes the small images of this folder and tests/unit/image_table.h, which says what OpenCV reads from each.

    cd tests/data/images && python3 make.py

Needs NumPy, Pillow and OpenCV (opencv-python-headless). The table in the tree was made with
Pillow 13.0 and OpenCV 5.0. Everything is drawn here, so the images are free of foreign rights.
"""
import struct
import zlib

import cv2
import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

WIDTH, HEIGHT = 37, 29

y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
RGB = np.dstack([x * 255 // WIDTH, y * 255 // HEIGHT, 255 - (x + y) * 255 // (WIDTH + HEIGHT)])
RGB[(x - 24) ** 2 + (y - 11) ** 2 < 60] = (220, 40, 30)
RGB[20:26, 4:15] = (250, 240, 10)
RGB = RGB.astype(np.uint8)
ALPHA = ((x * 7 + y * 3) % 256).astype(np.uint8)
RGBA = np.dstack([RGB, ALPHA])
RGB16 = (RGB.astype(np.uint16) * 257 + (x * 91 + y * 53)[:, :, None]).astype(np.uint16)
image = Image.fromarray(RGB)
gray = image.convert("L")
rgba = Image.fromarray(RGBA)
made = []


def name(text):
    made.append(text)
    return text


def exif(orientation):
    block = Image.Exif()
    block[0x112] = orientation
    return block.tobytes()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, depth, colour, interlace, rows):
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, interlace)
    with open(name(path), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def interlaced():
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    return b"".join(b"\0" + row.tobytes() for x0, y0, dx, dy in passes for row in RGB[y0::dy, x0::dx])


def packed(bits):
    levels = np.array(gray) >> (8 - bits)
    per = 8 // bits
    wide = np.zeros((HEIGHT, -(-WIDTH // per) * per), np.uint8)
    wide[:, :WIDTH] = levels
    rows = sum(wide[:, k::per] << (8 - bits * (k + 1)) for k in range(per)).astype(np.uint8)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def patch_short(path, tag, value):
    data = bytearray(open(path, "rb").read())
    start = struct.unpack("<I", data[4:8])[0]
    for i in range(struct.unpack("<H", data[start:start + 2])[0]):
        entry = start + 2 + 12 * i
        if struct.unpack("<H", data[entry:entry + 2])[0] == tag:
            data[entry + 8:entry + 10] = struct.pack("<H", value)
    open(path, "wb").write(data)


def save_planes(path, samples):
    """A gray TIFF of 16 bits whose bands are stored one after the other."""
    bands = samples.shape[2]
    size = 2 * WIDTH * HEIGHT
    entries = ((256, 3, 1, WIDTH), (257, 3, 1, HEIGHT), (258, 3, bands, 300), (259, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, bands, 320), (277, 3, 1, bands), (278, 3, 1, HEIGHT), (279, 4, bands, 340), (284, 3, 1, 2),
               (338, 3, bands - 1, 360))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)
    head = head.ljust(300, b"\0") + struct.pack(f"<{bands}H", *[16] * bands)
    head = head.ljust(320, b"\0") + struct.pack(f"<{bands}I", *[400 + size * i for i in range(bands)])
    head = head.ljust(340, b"\0") + struct.pack(f"<{bands}I", *[size] * bands)
    with open(path, "wb") as file:
        file.write(head.ljust(400, b"\0") + samples.transpose(2, 0, 1).astype("<u2").tobytes())


# JPEG
for label, sampling in (("444", 0), ("422", 1), ("420", 2)):
    image.save(name(f"rgb{label}.jpg"), quality=85, subsampling=sampling)
image.save(name("progressive.jpg"), quality=85, progressive=True)
gray.save(name("gray.jpg"), quality=85)
image.convert("CMYK").save(name("cmyk.jpg"), quality=85)
image.save(name("untransformed.jpg"), quality=85, keep_rgb=True)
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
image.save(name("profile.jpg"), quality=85, icc_profile=profile)
for orientation in range(1, 9):
    image.save(name(f"turned{orientation}.jpg"), quality=85, exif=exif(orientation))
# PNG
image.save(name("rgb.png"))
gray.save(name("gray.png"))
rgba.save(name("rgba.png"))
Image.fromarray(np.dstack([np.array(gray), ALPHA])).save(name("gray_alpha.png"))
image.quantize(200).save(name("palette.png"))
image.quantize(4).save(name("palette2.png"), bits=2)
image.quantize(16).save(name("palette_transparent.png"), transparency=3)
image.save(name("rgb_transparent.png"), transparency=(250, 240, 10))
gray.convert("1").save(name("bit.png"))
png("gray2.png", 2, 0, 0, packed(2))
png("gray4.png", 4, 0, 0, packed(4))
png("interlaced.png", 8, 2, 1, interlaced())
cv2.imwrite(name("rgb16.png"), RGB16[:, :, ::-1])
cv2.imwrite(name("gray16.png"), RGB16[:, :, 0])
image.save(name("turned6.png"), exif=exif(6))
# TIFF
image.save(name("rgb.tif"))
image.save(name("lzw.tif"), compression="tiff_lzw")
image.save(name("jpeg.tif"), compression="jpeg")
gray.save(name("gray.tif"))
gray.convert("1").save(name("fax.tif"), compression="group4")
image.quantize(50).save(name("palette.tif"))
image.convert("CMYK").save(name("cmyk.tif"))
rgba.save(name("alpha.tif"))
Image.fromarray(np.dstack([(RGB.astype(int) * ALPHA[:, :, None] // 255).astype(np.uint8), ALPHA])).save(name("premultiplied.tif"))
patch_short("premultiplied.tif", 338, 1)
rgba.save(name("fourth_band.tif"))
patch_short("fourth_band.tif", 338, 0)
cv2.imwrite(name("rgb16.tif"), RGB16[:, :, ::-1])
cv2.imwrite(name("gray16.tif"), RGB16[:, :, 0])
tags = TiffImagePlugin.ImageFileDirectory_v2()
tags[274] = 3
image.save(name("turned3.tif"), tiffinfo=tags)
image.save(name("big.tif"), big_tiff=True)
image.save(name("pages.tif"), save_all=True, append_images=[gray.convert("RGB")])
# An EXIF block after the pixels, gray with further bands, colours above their alpha, JPEGs without their end
turned6 = open("turned6.png", "rb").read()
start = turned6.index(b"eXIf") - 4
end = start + 12 + struct.unpack(">I", turned6[start:start + 4])[0]
with open(name("turned6_late.png"), "wb") as file:
    file.write(turned6[:start] + turned6[end:-12] + turned6[start:end] + turned6[-12:])
rgba.save(name("gray_bands.tif"))
patch_short("gray_bands.tif", 262, 1)
patch_short("gray_bands.tif", 338, 0)
rgba.save(name("above_alpha.tif"))
patch_short("above_alpha.tif", 338, 1)
save_planes(name("gray_planes.tif"), np.dstack([RGB16, RGB16[:, ::-1, 0]]))
for label in ("rgb444", "rgb420", "progressive", "gray"):
    with open(name(label + "_endless.jpg"), "wb") as file:
        file.write(open(label + ".jpg", "rb").read()[:-2])
# WebP, GIF
image.save(name("lossy.webp"), quality=80)
rgba.save(name("alpha.webp"), lossless=True, exact=True)
image.save(name("frames.webp"), save_all=True, append_images=[gray.convert("RGB")], lossless=True)
image.save(name("turned6.webp"), lossless=True, exif=exif(6))
image.quantize(200).save(name("palette.gif"))
image.quantize(16).save(name("transparent.gif"), transparency=3)
image.quantize(50).save(name("frames.gif"), save_all=True, append_images=[gray.quantize(10)])


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


with open("../../unit/image_table.h", "w") as table:
    table.write("/* Made by make.py: file, width, height, FNV-1a of the RGB bytes that OpenCV reads. */\n")
    for path in made:
        pixels = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        height, width, _ = pixels.shape
        table.write('{"%s", %d, %d, 0x%016xU},\n' % (path, width, height, fnv1a(pixels.tobytes())))

# Read, but not as OpenCV does, or refused: not in the table.
image.save("lossy.avif", quality=80)
cv2.imwrite("float.tif", RGB.astype(np.float32) / 255)
image.convert("YCbCr").save("ycbcr.tif")
tags[274] = 6
image.save("turned6.tif", tiffinfo=tags)  # OpenCV 5.0 fails on TIFFs that lie on their side
