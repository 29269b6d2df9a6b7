/* Read before every file by clang-tidy (tools/lint), which looks at one file at a time: the setters
 * of base/error.h always return -1, so what follows a call that returned 0 never follows an error.
 */
#include "base/error.h"

#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_set_system(...) (error_set_system(__VA_ARGS__), -1)
#define error_append(...) (error_append(__VA_ARGS__), -1)
#define error_prefix(...) (error_prefix(__VA_ARGS__), -1)
