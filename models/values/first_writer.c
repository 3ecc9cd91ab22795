/*
 * first_writer.c - put if absent: names, user names, seats; who comes first has it.
 *
 * Model:   a write to a key that its replica knows as taken is refused (409). Replicas that do not
 *          know of each other's writes both accept; when they meet the earliest stamp stays and the
 *          other write, although it was answered ok, gives way.
 * Assumes: nothing is given back: there is no deletion.
 * Source:  Shapiro et al., INRIA RR-7506 (2011), specification 8 (a register that merges by
 *          timestamp; here the smaller one). Amazon DynamoDB developer guide, "Condition
 *          expressions" (attribute_not_exists) and "Global tables": conditions see the local copy.
 */
#include "models/values/cells.h"

enum { CONTENT = CELL_REST, WIDTH };
enum { STAMP_BYTES = 8 }; /* what decides: a timestamp in ns or us */

static int order(const void *params, const uint64_t *a, const uint64_t *b)
{
    (void)params;
    return cells_version_order(b, a);
}

static const struct cells_kind cells = {.width = WIDTH, .order = order, .one_wins = true};

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const uint32_t begin = shipped->count;
    if (before.count > 0) {
        return VALUE_REFUSED;
    }
    words_put(shipped, 0);
    words_put(shipped, (uint64_t)write->version.stamp);
    words_put(shipped, write->version.write);
    words_put(shipped, write->bytes);
    cells_done(&cells, params, before, form, begin, after, shipped);
    return VALUE_DONE;
}

static void join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    cells_join(&cells, params, a, b, out, displaced);
}

static void view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    const uint32_t taken = body.count > 0;
    *view = (struct value_view){0, taken, taken};
}

static struct value_size size(const void *params, struct words body, enum value_form form)
{
    (void)params;
    (void)form;
    return body.count == 0 ? (struct value_size){0, 0}
                           : (struct value_size){(uint32_t)body.at[CONTENT], STAMP_BYTES};
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params;
    (void)form;
    cells_writes(&cells, body, versions);
}

const struct value_ops value_first_writer_ops = {
    .kind = {.name = "first_writer",
             .summary = "put if absent: a write to what is known as taken is refused; of two that "
                        "did not know of each other the earlier stays",
             .source = "Amazon DynamoDB developer guide, \"Condition expressions\" and \"Global "
                       "tables\" (conditions see the local copy)"},
    .actions = 1u << VALUE_SET | 1u << VALUE_ADD,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA,
    .write_means = VALUE_SET,
    .meeting = VALUE_ONE_WINS,
    .needs_state = true,
    .perform = perform,
    .join = join,
    .view = view,
    .size = size,
    .writes = writes,
};
