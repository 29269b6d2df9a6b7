/* The child that parses one tar: the other end of tar_input.c. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "images/cage.h"
#include "images/image_watch.h"
#include "images/tar_read.h"
#include "images/tar_wire.h"

struct tar_child {
    int socket;
    struct tar_opening opening;
    struct tar_read *read; /* NULL after a failure */
    struct image_shared window;
    struct error error; /* of the failure, kept for all further requests */
    struct tar_reply reply;
};

/* Puts a text behind those in the reply, cut to TAR_NAME_MAX bytes. Returns its size. */
static uint32_t put_text(struct tar_reply *reply, uint32_t at, const char *text)
{
    size_t length = strnlen(text, TAR_NAME_MAX - 1);
    memcpy(reply->text + at, text, length);
    reply->text[at + length] = '\0';
    return (uint32_t)length + 1;
}

/* A target that is too long leads nowhere. */
static void put_member(struct tar_reply *reply, const struct tar_entry *entry)
{
    bool named = entry->kind == TAR_FILE || entry->kind == TAR_LINK;
    bool leads = strnlen(entry->target, TAR_NAME_MAX) < TAR_NAME_MAX;
    reply->answer = TAR_MEMBER;
    reply->kind = entry->kind;
    reply->hard = entry->hard;
    reply->cut = named && strnlen(entry->name, TAR_NAME_MAX) == TAR_NAME_MAX;
    reply->name_size = put_text(reply, 0, named ? entry->name : "");
    reply->target_size = put_text(reply, reply->name_size, leads ? entry->target : "");
}

/* Says whose fault the failure is. Unpackers call a tar damaged, too, when memory runs out; so some is
 * tried for: as much as they ask for at once if they say that they got none. */
static void put_failure(struct tar_child *child)
{
    struct tar_reply *reply = &child->reply;
    tar_read_close(child->read);
    child->read = NULL;
    const size_t least = 16 << 20;
    const size_t most = 1 << 30; /* xz's dictionary */
    bool asked = child->error.code == ERROR_MEMORY;
    bool reading = child->error.code == ERROR_IO && child->error.system;
    reply->answer =
        reading || image_watch_may_have(asked ? most : least) ? TAR_DAMAGED : TAR_STARVED;
    reply->system = reading ? (uint32_t)child->error.system : 0;
    reply->name_size = put_text(reply, 0, child->error.text);
    reply->target_size = put_text(reply, reply->name_size, "");
}

static int next_member(struct tar_child *child)
{
    struct tar_entry entry;
    int found = tar_read_next(child->read, &entry, &child->error);
    if (found > 0)
        put_member(&child->reply, &entry);
    else if (found == 0 && child->opening.marked && !tar_read_marked(child->read))
        return error_set(&child->error, ERROR_IO,
                         "it ends without the mark of its end: whoever sent it was cut off");
    else if (found == 0)
        child->reply.answer = TAR_END;
    return found < 0 ? -1 : 0;
}

static int next_part(struct tar_child *child)
{
    size_t size;
    if (tar_read_bytes(child->read, child->window.bytes, TAR_WINDOW, &size, &child->error))
        return -1;
    child->reply.answer = TAR_BYTES;
    child->reply.size = (uint32_t)size;
    return 0;
}

static int answer(struct tar_child *child, enum tar_request request)
{
    struct tar_reply *reply = &child->reply;
    memset(reply, 0, offsetof(struct tar_reply, text));
    reply->name_size = put_text(reply, 0, "");
    reply->target_size = put_text(reply, 1, "");
    if (!child->read || (request == TAR_NEXT ? next_member(child) : next_part(child)))
        put_failure(child);
    size_t size = offsetof(struct tar_reply, text) + reply->name_size + reply->target_size;
    return send(child->socket, reply, size, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -1;
}

/* Receives the tar and whatever is out of reach in the cage. Returns the tar's descriptor or -1. */
static int begin(struct tar_child *child)
{
    int descriptor = tar_receive_opening(child->socket, &child->opening);
    if (descriptor < 0)
        return -1;
    tar_read_prepare();
    if (image_shared_map(&child->window, TAR_WINDOW, &child->error))
        return -1;
    image_watch_start();
    return descriptor;
}

int tar_child_serve(int socket, int memory)
{
    enum tar_request request;
    static struct tar_child child;
    child = (struct tar_child){.socket = socket, .window = {memory, NULL, 0}};
    int descriptor = begin(&child);
    if (descriptor < 0)
        return IMAGE_CHILD_STARVED;
    if (cage_enter(&child.error))
        return IMAGE_CHILD_FREE;
    image_watch_limit(child.opening.memory_bytes);
    tar_read_open(&child.read, descriptor, child.opening.seconds, &child.error);
    while (recv(socket, &request, sizeof request, 0) == sizeof request)
        if (answer(&child, request))
            return IMAGE_CHILD_STARVED;
    return 0;
}
