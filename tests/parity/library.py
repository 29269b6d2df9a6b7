"""maskmill's C library through ctypes, as far as tests/parity needs it: a model, an image, prompts, masks as arrays."""

import ctypes
import os

import numpy as np

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("system", ctypes.c_int), ("text", ctypes.c_char * 1024)]


class Prompt(ctypes.Structure):
    _fields_ = [("points", ctypes.POINTER(ctypes.c_double)), ("labels", ctypes.POINTER(ctypes.c_int)), ("point_count", ctypes.c_int),
                ("box", ctypes.POINTER(ctypes.c_double)), ("logits", ctypes.POINTER(ctypes.c_float)), ("single", ctypes.c_bool)]


class Mask(ctypes.Structure):
    _fields_ = [("width", ctypes.c_int32), ("height", ctypes.c_int32), ("area", ctypes.c_uint64), ("box", ctypes.c_int32 * 4),
                ("predicted_iou", ctypes.c_double), ("stability_score", ctypes.c_double), ("point", ctypes.c_double * 2),
                ("crop", ctypes.c_int32 * 4), ("runs", ctypes.POINTER(ctypes.c_uint32)), ("run_count", ctypes.c_size_t),
                ("logits", ctypes.POINTER(ctypes.c_float)), ("prompt", ctypes.c_size_t)]


def open_library():
    library = ctypes.CDLL(f"{TOP}/build/libmaskmill.so.0")
    for name in ("mm_model_open", "mm_image_new", "mm_segmenter_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.mm_masks_count.restype = ctypes.c_size_t
    library.mm_masks_get.restype = Mask
    return library


def pointer(array, kind):
    """A pointer to a contiguous array, which the caller keeps alive; None to NULL."""
    return None if array is None else array.ctypes.data_as(ctypes.POINTER(kind))


class Prompts:
    """Prompts as an array for the library, which lives as long as this. Each is a dict that may have points [n,2], labels [n],
    box [4], logits [L,L] and single."""

    def __init__(self, prompts):
        self.array = (Prompt * len(prompts))()
        self.kept = []  # what the pointers point to
        for at, prompt in zip(self.array, prompts):
            at.points = self.keep(prompt.get("points"), np.float64, ctypes.c_double)
            at.labels = self.keep(prompt.get("labels"), np.int32, ctypes.c_int)
            at.point_count = len(prompt.get("points", ()))
            at.box = self.keep(prompt.get("box"), np.float64, ctypes.c_double)
            at.logits = self.keep(prompt.get("logits"), np.float32, ctypes.c_float)
            at.single = prompt.get("single", False)

    def keep(self, values, dtype, kind):
        if values is not None:
            values = np.ascontiguousarray(values, dtype)
            self.kept.append(values)
        return pointer(values, kind)


class Segmenter:
    """A model with one image at a time, uint8 [h,w,3]."""

    def __init__(self, model, threads=2):
        self.library, self.error, self.image = open_library(), Error(), None
        path = model.encode() if model else None
        self.model = self.need(self.library.mm_model_open(path, None, ctypes.byref(self.error)))
        self.low_size = self.library.mm_model_low_size(ctypes.c_void_p(self.model))
        self.segmenter = self.need(self.library.mm_segmenter_new(ctypes.c_void_p(self.model), None, threads, ctypes.byref(self.error)))

    def need(self, result):
        if not result:
            raise RuntimeError(self.error.text.decode())
        return result

    def call(self, name, *arguments):
        if getattr(self.library, name)(ctypes.c_void_p(self.segmenter), *arguments, ctypes.byref(self.error)):
            raise RuntimeError(self.error.text.decode())

    def set_image(self, pixels):
        pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape[:2]
        image = self.need(self.library.mm_image_new(pointer(pixels, ctypes.c_uint8), width, height, ctypes.c_size_t(3 * width),
                                                    ctypes.byref(self.error)))
        self.call("mm_segmenter_set_image", ctypes.c_void_p(image))
        self.library.mm_image_free(ctypes.c_void_p(self.image))
        self.image = image

    def predict(self, prompt):
        """The masks of one prompt, as dicts (see `mask`)."""
        prompts = Prompts([prompt])
        return self.masks("mm_segmenter_predict", prompts.array)

    def predict_many(self, prompts):
        """The masks of all prompts, one list."""
        prompts = Prompts(prompts)
        return self.masks("mm_segmenter_predict_many", prompts.array, ctypes.c_size_t(len(prompts.array)))

    def masks(self, name, *arguments):
        masks = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(masks))
        found = [self.mask(self.library.mm_masks_get(masks, ctypes.c_size_t(i))) for i in range(self.library.mm_masks_count(masks))]
        self.library.mm_masks_free(masks)
        return found

    def mask(self, view):
        """A mask's bitmap [h,w], score, prompt, and logits [L,L] or None."""
        bits = np.zeros((view.height, view.width), np.uint8)
        self.library.mm_mask_bitmap(ctypes.byref(view), pointer(bits, ctypes.c_uint8), ctypes.c_size_t(view.width))
        logits = np.ctypeslib.as_array(view.logits, (self.low_size, self.low_size)).copy() if view.logits else None
        return dict(bits=bits.astype(bool), score=view.predicted_iou, logits=logits, prompt=view.prompt)

    def mask_logits(self, bits):
        """Logits [L,L] that serve as mask prompt for a mask of the image, bool [h,w]."""
        column = np.concatenate([[0], bits.T.reshape(-1).astype(np.int8), [0]])
        edges = np.flatnonzero(np.diff(column))
        runs = np.diff(np.concatenate([[0], edges, [bits.size]])).astype(np.uint32)
        if runs[-1] == 0:
            runs = runs[:-1]
        logits = np.zeros((self.low_size, self.low_size), np.float32)
        self.call("mm_segmenter_mask_logits", pointer(runs, ctypes.c_uint32), ctypes.c_size_t(len(runs)), pointer(logits, ctypes.c_float))
        return logits
