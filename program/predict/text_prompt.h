/* text_prompt.h - the text of --text-prompt, as the model takes it: CLIP's embedding of unit length. */
#ifndef PROGRAM_PREDICT_TEXT_PROMPT_H
#define PROGRAM_PREDICT_TEXT_PROMPT_H

struct error;
struct sam;
struct settings;

/* Reads CLIP and its vocabulary and embeds settings->text_prompt. Returns text[sam_info.text_width], freed by
 * memory_free; NULL with ERROR_USAGE (the model takes no texts, --clip is missing or of another width, the text is too
 * long), ERROR_MODEL, ERROR_IO or ERROR_MEMORY. */
float *text_prompt_embed(const struct sam *sam, const struct settings *settings,
                         struct error *error);

#endif
