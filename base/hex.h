/* hex.h - names that are not UTF-8, as JSON carries them: their bytes in hexadecimal. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdbool.h>

/* Decodes lower-case digits in place. False if the result is empty, or the digits are no bytes of a
 * name. */
bool hex_decode_name(char *hex);

#endif
