#include "images/image_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int image_shared_new(struct image_shared *shared, struct error *error)
{
    *shared = (struct image_shared){-1, NULL, 0};
    shared->descriptor = memfd_create("maskmill-pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (shared->descriptor >= 0 &&
        fcntl(shared->descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
        return 0;
    error_set_system(error, ERROR_IO, errno, "shared memory for decoding");
    image_shared_free(shared);
    return -1;
}

int image_shared_grow(struct image_shared *shared, size_t size, struct error *error)
{
    struct stat status;
    if (size <= shared->size)
        return 0;
    if (fstat(shared->descriptor, &status) == 0 &&
        ((size_t)status.st_size >= size || ftruncate(shared->descriptor, (off_t)size) == 0)) {
        if (shared->bytes)
            munmap(shared->bytes, shared->size);
        shared->size = 0;
        void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shared->descriptor, 0);
        shared->bytes = map == MAP_FAILED ? NULL : map;
        if (shared->bytes) {
            shared->size = size;
            return 0;
        }
    }
    return error_set_system(error, ERROR_MEMORY, errno, "no %zu bytes of shared memory", size);
}

void image_shared_clear(struct image_shared *shared)
{
    if (shared->size)
        fallocate(shared->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                  (off_t)shared->size);
}

void image_shared_free(struct image_shared *shared)
{
    if (shared->bytes)
        munmap(shared->bytes, shared->size);
    if (shared->descriptor >= 0)
        close(shared->descriptor);
    *shared = (struct image_shared){-1, NULL, 0};
}

size_t image_shared_pixels(size_t size)
{
    return (size + 4095) / 4096 * 4096;
}

/* Control data of a message that carries two descriptors, aligned as the system requires. */
union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(2 * sizeof(int))];
};

int image_send_descriptors(int socket, enum image_child_kind kind, const int descriptors[2])
{
    char byte = (char)kind;
    union control control = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, 2 * sizeof(int));
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == 1 ? 0 : -1;
}

int image_receive_descriptors(int socket, enum image_child_kind *kind, int descriptors[2])
{
    char byte;
    union control control = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return (int)got;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(2 * sizeof(int))) {
        memcpy(descriptors, CMSG_DATA(header), 2 * sizeof(int));
        *kind = byte == IMAGE_CHILD_OF_TAR ? IMAGE_CHILD_OF_TAR : IMAGE_CHILD_OF_IMAGES;
        return 1;
    }
    if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int))) {
        int one; /* there was room for the first alone */
        memcpy(&one, CMSG_DATA(header), sizeof one);
        close(one);
    }
    errno = EMFILE;
    return -1;
}
