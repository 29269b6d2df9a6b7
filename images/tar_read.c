#include "images/tar_read.h"

#include "base/error.h"
#include "base/memory.h"

#ifdef HAVE_LIBARCHIVE

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <sys/time.h>
#include <unistd.h>

enum { BLOCK = 1 << 16 };

struct tar_read {
    struct archive *archive;
    int descriptor;
    bool skips; /* no pipe: what is not wanted need not be read */
    double seconds;
    int system; /* errno of read(2), once it has failed */
    unsigned char block[BLOCK];
};

bool tar_read_supported(void)
{
    return true;
}

void tar_read_prepare(void)
{
    iconv_t names = iconv_open(nl_langinfo(CODESET), "UTF-8");
    if (names != (iconv_t)-1) // NOLINT(performance-no-int-to-ptr): iconv's way to fail
        iconv_close(names);
}

/* What has ended the reading. */
static int broken(const struct tar_read *read, struct error *error)
{
    const char *said = archive_error_string(read->archive);
    if (read->system)
        return error_set_system(error, ERROR_IO, read->system, "cannot be read");
    if (archive_errno(read->archive) == ENOMEM)
        return error_set_system(error, ERROR_MEMORY, ENOMEM, "%s", said ? said : "unpacking");
    return error_set(error, ERROR_IO, "%s; copy it again or leave it out", said ? said : "damaged");
}

/* Gives the process its time to compute anew. */
static void rearm(const struct tar_read *read)
{
    struct itimerval timer = {0};
    if (read->seconds <= 0)
        return;
    timer.it_value.tv_sec = (time_t)read->seconds;
    timer.it_value.tv_usec =
        (suseconds_t)((read->seconds - (double)timer.it_value.tv_sec) * 1e6) + 1;
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

static la_ssize_t read_block(struct archive *archive, void *context, const void **block)
{
    struct tar_read *this = context;
    ssize_t got;
    (void)archive;
    do
        got = read(this->descriptor, this->block, BLOCK);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        this->system = errno;
    *block = this->block;
    rearm(this);
    return got;
}

static la_int64_t skip_bytes(struct archive *archive, void *context, la_int64_t bytes)
{
    const struct tar_read *this = context;
    (void)archive;
    if (!this->skips)
        return 0;
    off_t before = lseek(this->descriptor, 0, SEEK_CUR);
    off_t after = before < 0 ? -1 : lseek(this->descriptor, (off_t)bytes, SEEK_CUR);
    return after < before ? 0 : after - before;
}

/* Only the compressions of tar_name.h: for some others libarchive would start programs. */
static void support(struct archive *archive)
{
    archive_read_support_format_tar(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
}

int tar_read_open(struct tar_read **read, int descriptor, double seconds, struct error *error)
{
    struct tar_read *made = memory_new(1, sizeof *made, "tar", error);
    *read = NULL;
    if (!made)
        return -1;
    made->descriptor = descriptor;
    made->skips = lseek(descriptor, 0, SEEK_CUR) >= 0;
    made->seconds = seconds;
    made->archive = archive_read_new();
    if (!made->archive) {
        tar_read_close(made);
        return error_set_system(error, ERROR_MEMORY, ENOMEM, "cannot be read");
    }
    support(made->archive);
    rearm(made);
    if (archive_read_open2(made->archive, made, NULL, read_block, skip_bytes, NULL)) {
        broken(made, error);
        tar_read_close(made);
        return -1;
    }
    *read = made;
    return 0;
}

void tar_read_close(struct tar_read *read)
{
    if (!read)
        return;
    archive_read_free(read->archive);
    memory_free(read);
}

static enum tar_kind kind_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry))
        return TAR_LINK;
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return TAR_FILE;
    case AE_IFLNK:
        return TAR_LINK;
    case AE_IFDIR:
        return TAR_FOLDER;
    default:
        return TAR_SPECIAL;
    }
}

int tar_read_next(struct tar_read *read, struct tar_entry *entry, struct error *error)
{
    struct archive_entry *header;
    int status;
    errno = 0; /* an old ENOMEM would turn a name that cannot be converted into a lack of memory */
    do
        status = archive_read_next_header(read->archive, &header);
    while (status == ARCHIVE_RETRY);
    if (status == ARCHIVE_EOF)
        return 0;
    if (status < ARCHIVE_WARN)
        return broken(read, error);
    const char *name = archive_entry_pathname(header);
    const char *hard = archive_entry_hardlink(header);
    const char *symbolic = archive_entry_symlink(header);
    const char *target = hard ? hard : symbolic;
    *entry =
        (struct tar_entry){kind_of(header), hard != NULL, name ? name : "", target ? target : ""};
    return 1;
}

/* The header that is no longer there begins where the last member ends; behind it lies the mark. */
bool tar_read_marked(struct tar_read *read)
{
    return archive_filter_bytes(read->archive, 0) > archive_read_header_position(read->archive);
}

/* The size in the header is not trusted: the bytes are counted. */
int tar_read_bytes(struct tar_read *read, void *bytes, size_t room, size_t *size,
                   struct error *error)
{
    *size = 0;
    while (*size < room) {
        la_ssize_t got =
            archive_read_data(read->archive, (unsigned char *)bytes + *size, room - *size);
        if (got == ARCHIVE_RETRY)
            continue;
        if (got < 0)
            return broken(read, error);
        if (got == 0)
            break;
        *size += (size_t)got;
    }
    return 0;
}

#else

bool tar_read_supported(void)
{
    return false;
}

void tar_read_prepare(void)
{
}

int tar_read_open(struct tar_read **read, int descriptor, double seconds, struct error *error)
{
    (void)descriptor;
    (void)seconds;
    *read = NULL;
    return error_set(error, ERROR_UNSUPPORTED, "this build reads no tar files");
}

int tar_read_next(struct tar_read *read, struct tar_entry *entry, struct error *error)
{
    (void)read;
    (void)entry;
    (void)error;
    return 0;
}

bool tar_read_marked(struct tar_read *read)
{
    (void)read;
    return false;
}

int tar_read_bytes(struct tar_read *read, void *bytes, size_t room, size_t *size,
                   struct error *error)
{
    (void)read;
    (void)bytes;
    (void)room;
    (void)size;
    (void)error;
    return -1;
}

void tar_read_close(struct tar_read *read)
{
    (void)read;
}

#endif
