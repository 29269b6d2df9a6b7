/* tar_probe.h - whether a file is a tar or an image, by its first bytes. */
#ifndef IMAGES_TAR_PROBE_H
#define IMAGES_TAR_PROBE_H

struct error;
struct image_server;

enum tar_probe_kind {
    TAR_PROBE_OTHER, /* neither, or no file that can be read */
    TAR_PROBE_TAR,   /* plain, or in one of the compressions of tar_name.h */
    TAR_PROBE_IMAGE
};

/* Opens the file and looks. A compressed file is unpacked, up to its first member, in a child of the
 * server; without a server it is TAR_PROBE_OTHER. Pipes and devices are left alone. Returns 0 with
 * *kind, or -1 with ERROR_IO or ERROR_MEMORY for a fault that says nothing about the file, such as a
 * lack of descriptors. */
int tar_probe(const char *path, struct image_server *server, enum tar_probe_kind *kind,
              struct error *error);

#endif
