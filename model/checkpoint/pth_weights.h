/* pth_weights.h - finds the model's weights among what a training script saved beside them.
 * Internal to pth_tensor.c. */
#ifndef MODEL_CHECKPOINT_PTH_WEIGHTS_H
#define MODEL_CHECKPOINT_PTH_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

struct pickle;
struct pickle_value;

/* The arguments of the call that builds a tensor, which calls that build a Parameter or a tensor of
 * a class of its own may wrap; a tuple, or NULL if the value is none of these. */
const struct pickle_value *pth_find_tensor(const struct pickle_value *value);

/* The dictionary that holds an image encoder: `root`, or one up to four levels below it. Of
 * several, it is the one under the most usual names ("model" and the like before others, "ema"
 * last), then the one with the fewest levels around it. Without any encoder it is chosen in the
 * same way among all dictionaries of tensors. inside[size] gets the keys that lead there
 * ("ema.model"; "" for the root). Returns NULL if there is none. */
const struct pickle_value *pth_find_weights(const struct pickle_value *root, char *inside,
                                            size_t size);

/* Whether a dictionary has the tensor by which an image encoder is recognised. */
bool pth_has_encoder(const struct pickle_value *dict);

/* The class of the first torch.nn.Module that was pickled as an object, as an unlisted function, or
 * NULL. Its weights lie in its attributes, where its code alone knows them. */
const struct pickle_value *pth_find_module(const struct pickle *pickle);

#endif
