#include "program/report/report_url.h"

#include <stdlib.h>

#include "base/json_text.h"
#include "base/url.h"

char *report_url_relative(const char *from, const char *to, struct error *error)
{
    struct json_text text = {0};
    char *way = url_way(from, to, error);
    if (!way)
        return NULL;
    url_put_path(&text, *way ? way : ".");
    json_text_raw(&text, "/");
    free(way);
    return json_text_take(&text, NULL, error);
}
