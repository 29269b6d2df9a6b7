#include "program/pipe/pipe_answers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json_text.h"
#include "jobs/progress.h"
#include "program/model_load.h"
#include "program/pipe/pipe_output.h"
#include "program/run/item.h"
#include "program/run/item_end.h"
#include "program/run/run.h"
#include "records/record.h"

struct pipe_answer *pipe_answer_new(char *id, struct error *error)
{
    struct pipe_answer *answer = malloc(sizeof *answer);
    if (!answer) {
        error_set(error, ERROR_MEMORY, "no memory for an answer");
        return NULL;
    }
    *answer = (struct pipe_answer){.id = id};
    return answer;
}

void pipe_answer_free(struct pipe_answer *answer)
{
    if (!answer)
        return;
    free(answer->id);
    free(answer->text);
    free(answer);
}

static void begin_line(struct json_text *line, const struct pipe_answer *answer, const char *status)
{
    json_text_raw(line, "{");
    json_text_raw(line, answer->id);
    json_text_raw(line, ", \"status\": \"");
    json_text_raw(line, status);
    json_text_raw(line, "\"");
}

/* Ends the line and makes it the answer's. 0 or -1. */
static int end_line(struct json_text *line, struct pipe_answer *answer, struct error *error)
{
    json_text_raw(line, "}\n");
    answer->text = json_text_take(line, &answer->length, error);
    return answer->text ? 0 : -1;
}

/* The answer to a request whose record is complete. Without one of the model's own (model_load_check),
 * there is none. */
static int write_record(struct pipe_answers *answers, struct item *item)
{
    struct json_text line = {0};
    struct pipe_answer *answer = item->tag;
    size_t length;
    if (model_load_check(answers->run->resources.model, &item->error)) {
        item_give_up(answers->run, item);
        return -1;
    }
    char *record = record_text(&item->record, answers->fields, &length, &item->error);
    if (!record)
        return -1;
    item->bytes = length;
    begin_line(&line, answer, "done");
    json_text_raw(&line, ", \"record\": ");
    json_text_bytes(&line, record, length);
    json_text_raw(&line, ", \"seconds\": ");
    json_text_double(&line, round(item->seconds * 1000) / 1000);
    free(record);
    return end_line(&line, answer, &item->error);
}

static int write_item(void *context, struct item *item)
{
    struct pipe_answers *answers = context;
    int status = write_record(answers, item);
    if (status && !item->dropped && item_blames_machine(&item->error, RETRY_WRITING))
        item_give_up(answers->run, item);
    return status;
}

static int make_failed(struct item *item, struct error *error)
{
    struct json_text line = {0};
    begin_line(&line, item->tag, "failed");
    json_text_raw(&line, ", \"error\": ");
    json_text_string(&line, item->error.text, strlen(item->error.text));
    return end_line(&line, item->tag, error);
}

static void count(struct run *run, const struct item *item, enum item_outcome outcome)
{
    if (outcome == ITEM_DONE) {
        item_count_done(run, item);
    } else {
        run->outcome.failed++;
        progress_item(run->resources.progress, true, 0, item->seconds, 0);
    }
}

static void send_answer(struct pipe_answers *answers, struct item *item, enum item_outcome outcome)
{
    struct error error;
    const struct pipe_answer *answer = item->tag;
    if ((outcome == ITEM_FAILED && make_failed(item, &error)) ||
        pipe_output_write(answers->output, answer->text, answer->length, &error)) {
        run_fail(answers->run, &error);
        answers->broken = true;
        return;
    }
    count(answers->run, item, outcome);
}

static void finish(void *context, struct item *item, enum item_outcome outcome)
{
    struct pipe_answers *answers = context;
    if (outcome == ITEM_DROPPED && answers->in_order)
        answers->broken = true;
    if (outcome != ITEM_DROPPED && !answers->broken)
        send_answer(answers, item, outcome);
    pipe_answer_free(item->tag);
    item->tag = NULL;
}

struct sink pipe_answers_sink(struct pipe_answers *answers)
{
    return (struct sink){
        .in_order = answers->in_order, .write = write_item, .finish = finish, .context = answers};
}
