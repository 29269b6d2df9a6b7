/* pth_script.h - the tensors of a TorchScript archive. Internal to pth.c.
 *
 * Such a file is a program (NAME/code/), but its modules are pickled as plain data: each is an object of a class that
 * the code defines, whose attributes are numbers, tensors and further modules. A tensor's name is the way to it,
 * joined by dots, as in the state_dict. The code is never looked at. */
#ifndef MODEL_CHECKPOINT_PTH_SCRIPT_H
#define MODEL_CHECKPOINT_PTH_SCRIPT_H

struct error;
struct pickle;
struct pth_storages;
struct tensor_table;

enum {
    SCRIPT_LEVELS_MAX = 32,      /* modules within modules */
    SCRIPT_MODULES_MAX = 1 << 14 /* CLIP has some 200; one that is shared counts at each place */
};

/* Whether the pickle describes a module, and there are tensors at all: those of a frozen one are part of the code.
 * Returns 0, or -1 with ERROR_MODEL. */
int pth_check_modules(const struct pickle *pickle, struct error *error);

/* Adds the tensors of the module that the pickle describes to `table`. pth_check_modules has passed, and every
 * storage is located. Returns 0, or -1 with ERROR_MODEL (too many modules, too deep, what pth_add_tensor refuses)
 * or ERROR_MEMORY. */
int pth_add_modules(const struct pickle *pickle, const struct pth_storages *storages,
                    struct tensor_table *table, struct error *error);

#endif
