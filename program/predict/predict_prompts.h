/* predict_prompts.h - the prompts of the command line. */
#ifndef PROGRAM_PREDICT_PREDICT_PROMPTS_H
#define PROGRAM_PREDICT_PREDICT_PROMPTS_H

struct error;
struct image_pool;
struct prompt_set;
struct settings;

/* Reads --point, --box and --mask, or --prompts, into `set`, which is zeroed. `pool` reads a mask that
 * is a picture. --multimask asks for three masks whatever --prompts says. Returns 0, or -1 with
 * ERROR_USAGE (naming the option), ERROR_IMAGE or ERROR_MEMORY, and the set empty. */
int predict_prompts_read(struct prompt_set *set, const struct settings *settings,
                         struct image_pool *pool, struct error *error);

#endif
