/* child_end.h - what the end of a child of the server says: whether what it read or the machine is to
 * blame. */
#ifndef IMAGES_CHILD_END_H
#define IMAGES_CHILD_END_H

enum child_end {
    CHILD_CRASHED, /* by what it read */
    CHILD_CAUGHT,  /* at a system call that only an attacker makes (cage.h) */
    CHILD_LATE,    /* at its limit on time */
    CHILD_OVER,    /* at its limit on memory */
    CHILD_STARVED, /* the machine owes it something */
    CHILD_FREE,    /* it could not enter the cage, and has read nothing */
    CHILD_KILLED   /* by hand, or because memory ran out */
};

/* `status` is that of waitpid; exit statuses are those of image_wire.h. */
enum child_end child_end(int status);

/* How a child that crashed ended: the signal's name. */
const char *child_end_text(int status);

#endif
