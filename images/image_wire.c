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

static int fail_map(size_t size, struct error *error)
{
    return error_set_system(error, ERROR_MEMORY, errno, "no %zu bytes of shared memory", size);
}

int image_shared_map(struct image_shared *shared, size_t size, struct error *error)
{
    if (size <= shared->size)
        return 0;
    if (shared->bytes)
        munmap(shared->bytes, shared->size);
    shared->size = 0;
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shared->descriptor, 0);
    shared->bytes = map == MAP_FAILED ? NULL : map;
    if (!shared->bytes)
        return fail_map(size, error);
    shared->size = size;
    return 0;
}

int image_shared_grow(struct image_shared *shared, size_t size, struct error *error)
{
    struct stat status;
    if (size <= shared->size)
        return 0;
    if (fstat(shared->descriptor, &status) ||
        ((size_t)status.st_size < size && ftruncate(shared->descriptor, (off_t)size)))
        return fail_map(size, error);
    return image_shared_map(shared, size, error);
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

/* Control data of a message that carries descriptors, aligned as the system requires. */
union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(IMAGE_DESCRIPTORS_MAX * sizeof(int))];
};

int image_send(int socket, const struct image_message *message)
{
    size_t length = (size_t)message->count * sizeof(int);
    union control control = {0};
    struct iovec part = {message->bytes, message->size};
    struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1};
    if (message->count > 0) {
        whole.msg_control = &control;
        whole.msg_controllen = CMSG_SPACE(length);
        struct cmsghdr *header = CMSG_FIRSTHDR(&whole);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(length);
        memcpy(CMSG_DATA(header), message->descriptors, length);
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &whole, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)message->size ? 0 : -1;
}

/* Takes the descriptors out of a message. */
static void take_descriptors(struct msghdr *whole, struct image_message *message)
{
    const struct cmsghdr *header = CMSG_FIRSTHDR(whole);
    message->count = 0;
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return;
    size_t length = header->cmsg_len - CMSG_LEN(0);
    message->count = (int)(length / sizeof(int));
    memcpy(message->descriptors, CMSG_DATA(header), length);
    if (whole->msg_flags & MSG_CTRUNC) /* there was no room for the others */
        while (message->count > 0)
            close(message->descriptors[--message->count]);
}

int image_receive(int socket, struct image_message *message)
{
    union control control = {0};
    struct iovec part = {message->bytes, message->size};
    struct msghdr whole = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
    ssize_t got;
    do
        got = recvmsg(socket, &whole, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return (int)got;
    message->size = (size_t)got;
    take_descriptors(&whole, message);
    return 1;
}

bool image_peer_gone(int system)
{
    return system == EPIPE || system == ECONNRESET || system == ENOTCONN;
}
