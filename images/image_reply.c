/* Answers of a child: written down, read back, and not believed. */
#include <errno.h>
#include <string.h>

#include "images/image_wire.h"

void image_reply_set(struct image_reply *reply, const struct image_answer *answer)
{
    *reply = (struct image_reply){
        .kind = IMAGE_ANSWER,
        .code = answer->error.code,
        .system = answer->error.system,
        .width = answer->header.width,
        .height = answer->header.height,
        .decoder_bytes = answer->header.decoder_bytes,
        .least = answer->notes.least,
        .greatest = answer->notes.greatest,
        .end_added = answer->notes.end_added,
        .pages = answer->notes.pages,
        .deep = answer->notes.deep,
        .turned = answer->turned,
    };
    memcpy(reply->text, answer->error.text, sizeof reply->text);
}

static bool is_among(int number, const int *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

bool image_errno_of_reading(int system)
{
    static const int numbers[] = {
        EIO,          EAGAIN,       EINTR,    EINVAL,      EISDIR,       EPERM,      EACCES,
        EBADF,        ENOMEM,       ENOBUFS,  EOVERFLOW,   EFBIG,        ENOENT,     ENXIO,
        ENODEV,       ENODATA,      EBADMSG,  EUCLEAN,     EREMOTEIO,    ESTALE,     ETIMEDOUT,
        EHOSTDOWN,    EHOSTUNREACH, ENETDOWN, ENETUNREACH, ECONNABORTED, ECONNRESET, ENOTCONN,
        ECONNREFUSED, ESHUTDOWN,    ENOKEY,   EKEYEXPIRED, EKEYREVOKED,  ENOLINK,    EPROTO,
        EOPNOTSUPP,   EILSEQ,       ENOSYS,   EBUSY};
    return is_among(system, numbers, sizeof numbers / sizeof *numbers);
}

/* Whether decoding has such errors. */
static bool is_decoders_error(enum error_code code, int system)
{
    switch (code) {
    case ERROR_IMAGE: /* of the image, or of the file that it is read from */
        return system == 0 || image_errno_of_reading(system);
    case ERROR_MEMORY:
        return system == 0 || system == ENOMEM || system == EAGAIN;
    case ERROR_IO: /* no descriptor, no thread for a decoder */
        return system == EMFILE || system == ENFILE || system == EAGAIN;
    default:
        return false;
    }
}

/* Whether an answer to such a request has a header. */
static bool has_header(enum image_request_kind kind)
{
    return kind == IMAGE_OPEN || kind == IMAGE_HEADER || kind == IMAGE_STRIPS;
}

/* The header's sizes, which decide over memory. */
static bool check_header(const struct image_reply *reply, const struct image_request *request,
                         struct image_header *header)
{
    static const uint64_t decoder_bytes_most = UINT64_MAX / 4; /* sums do not overflow */
    uint64_t most = request->options.max_pixels;
    if (reply->width < 1 || reply->height < 1 || reply->decoder_bytes > decoder_bytes_most)
        return false;
    uint64_t pixels = (uint64_t)reply->width * (uint64_t)reply->height;
    if ((most && pixels > most) || pixels > decoder_bytes_most / 3)
        return false;
    *header = (struct image_header){
        .width = reply->width,
        .height = reply->height,
        .decoder_bytes = reply->decoder_bytes,
        .bytes = reply->decoder_bytes + 3 * pixels,
    };
    return true;
}

bool image_reply_check(const struct image_reply *reply, const struct image_request *request,
                       struct image_answer *answer)
{
    *answer = (struct image_answer){
        .notes =
            {
                .end_added = reply->end_added != 0,
                .pages = reply->pages != 0,
                .deep = reply->deep != 0,
                .least = reply->least,
                .greatest = reply->greatest,
            },
        .turned = reply->turned != 0,
    };
    if (reply->code == ERROR_NONE)
        return !has_header(request->kind) || check_header(reply, request, &answer->header);
    if (!is_decoders_error(reply->code, reply->system) || reply->text[0] == '\0')
        return false;
    answer->error.code = reply->code;
    answer->error.system = reply->system;
    memcpy(answer->error.text, reply->text, sizeof reply->text);
    answer->error.text[sizeof reply->text - 1] = '\0';
    return true;
}
