/* record_none.h - what to say where no record is found. */
#ifndef RECORDS_RECORD_NONE_H
#define RECORDS_RECORD_NONE_H

struct error;

/* Called if record_stream found nothing under `folder`. Returns 0 if that may be: it is the output
 * folder of a run (a shard without images has no records). Else -1 with ERROR_USAGE, which says
 * what was looked for. */
int record_none(const char *folder, struct error *error);

#endif
