/* builtin.h - the model that maskmill carries inside itself: model/builtin.safetensors, byte for
 * byte.
 *
 * For sam_load_memory. Lives as long as the process, in read-only pages that are loaded on use. */
#ifndef MODEL_BUILTIN_H
#define MODEL_BUILTIN_H

#include <stdint.h>

extern const unsigned char builtin_model[];
extern const uint64_t builtin_model_size; /* bytes */

#endif
