/* tar_probe.h - whether a file is a tar or an image, by its first bytes. */
#ifndef IMAGES_TAR_PROBE_H
#define IMAGES_TAR_PROBE_H

struct error;

enum tar_probe_kind {
    TAR_PROBE_OTHER, /* neither, or no file that can be read */
    TAR_PROBE_TAR,   /* plain, or in one of the compressions of tar_input.h */
    TAR_PROBE_IMAGE
};

/* Opens the file and looks. Pipes and devices are left alone. Returns 0 with *kind, or -1 with
 * ERROR_IO or ERROR_MEMORY for a fault that says nothing about the file, such as a lack of
 * descriptors. */
int tar_probe(const char *path, enum tar_probe_kind *kind, struct error *error);

#endif
