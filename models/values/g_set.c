/*
 * g_set.c - a set that only grows: elements are added and stay.
 *
 * Model:   one cell an element, with the version of the newest add; the join is the union. Nothing
 *          is needed besides the elements, and an add needs no state to be done.
 */
#include "models/values/cells.h"
#include "models/values/set.h"

enum { WIDTH = CELL_REST };

static int order(const void *params, const uint64_t *a, const uint64_t *b)
{
    (void)params;
    return cells_version_order(a, b);
}

static const struct cells_kind cells = {.width = WIDTH, .order = order};

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const uint32_t begin = shipped->count;
    const uint64_t cell[WIDTH] = {write->element, (uint64_t)write->version.stamp,
                                  write->version.write};
    words_put_all(shipped, (struct words){cell, WIDTH});
    cells_done(&cells, params, before, form, begin, after, shipped);
    return VALUE_DONE;
}

static void join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    cells_join(&cells, params, a, b, out, displaced);
}

static void again(const void *params, struct words before, struct words operation,
                  struct words_buffer *after)
{
    cells_join(&cells, params, before, operation, after, NULL);
}

static void view(const void *params, struct words body, struct value_view *seen)
{
    (void)params;
    const uint32_t count = body.count / WIDTH;
    *seen = (struct value_view){.number = count, .siblings = count > 0, .elements = count};
}

static struct value_size size(const void *params, struct words body, enum value_form form)
{
    (void)form;
    const struct set_params *own = params;
    return (struct value_size){.payload = body.count / WIDTH * (uint32_t)own->element_bytes};
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params, (void)form;
    cells_writes(&cells, body, versions);
}

const struct value_ops value_g_set_ops = {
    .kind = {.name = "g_set",
             .summary = "a set that only grows",
             .source = "Shapiro, Preguica, Baquero, Zawirski, INRIA RR-7506 (2011), section 3.3.1",
             .params_bytes = sizeof(struct set_params),
             .params = set_rows},
    .actions = 1u << VALUE_ADD,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA | 1u << VALUE_OPERATION,
    .write_means = VALUE_ADD,
    .meeting = VALUE_ALL_COUNT,
    .by_element = true,
    .elements = set_elements,
    .perform = perform,
    .join = join,
    .again = again,
    .view = view,
    .size = size,
    .writes = writes,
};
