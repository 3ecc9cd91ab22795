/*
 * two_phase_set.c - a set whose removed elements never come back.
 *
 * Model:   one cell an element: added, or removed for ever, with the version of the newest write
 *          that said so. Removed is more than added, so the removal wins wherever they meet. A
 *          removal takes an element that the accepting replica holds, or that the client had read;
 *          of any other it does nothing.
 * Assumes: an add of an element that the accepting replica knows to be removed is refused, so that
 *          nobody is told of an effect that can not be. A removed element is kept once, in the set
 *          of removed ones (the paper keeps it in both). It is remembered for ever.
 */
#include "models/values/cells.h"
#include "models/values/set.h"

enum { REMOVED = CELL_REST, WIDTH };

static int order(const void *params, const uint64_t *a, const uint64_t *b)
{
    (void)params;
    return a[REMOVED] != b[REMOVED] ? cells_compare(a[REMOVED], b[REMOVED])
                                    : cells_version_order(a, b);
}

static const struct cells_kind cells = {.width = WIDTH, .order = order};

static bool had_read(const struct value_write *write)
{
    for (uint32_t i = 0; i < write->context.count; i++) {
        if (write->context.at[i] == (uint64_t)write->element + 1) {
            return true;
        }
    }
    return false;
}

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const uint32_t begin = shipped->count;
    const uint64_t *held = cells_find(&cells, before, write->element);
    const bool removal = write->action == VALUE_REMOVE;
    if (!removal && held != NULL && held[REMOVED] != 0) {
        return VALUE_REFUSED;
    }
    const bool seen = write->context_given ? had_read(write) : held != NULL;
    if (!removal || seen) {
        const uint64_t cell[WIDTH] = {write->element, (uint64_t)write->version.stamp,
                                      write->version.write, removal};
        words_put_all(shipped, (struct words){cell, WIDTH});
    }
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

static uint32_t removed_count(struct words body)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < body.count; at += WIDTH) {
        count += body.at[at + REMOVED] != 0;
    }
    return count;
}

static void view(const void *params, struct words body, struct value_view *seen)
{
    (void)params;
    const uint32_t count = body.count / WIDTH - removed_count(body);
    *seen = (struct value_view){.number = count, .siblings = count > 0, .elements = count};
}

static struct value_size size(const void *params, struct words body, enum value_form form)
{
    (void)form;
    const struct set_params *own = params;
    const uint32_t bytes = (uint32_t)own->element_bytes, removed = removed_count(body);
    return (struct value_size){.payload = (body.count / WIDTH - removed) * bytes,
                               .metadata = removed * bytes};
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params, (void)form;
    cells_writes(&cells, body, versions);
}

/* The elements that are there, plus one: a context of one word 0 says that nothing was read. */
static void context(const void *params, struct words body, struct words_buffer *out)
{
    (void)params;
    for (uint32_t at = 0; at < body.count; at += WIDTH) {
        if (body.at[at + REMOVED] == 0) {
            words_put(out, body.at[at + CELL_ID] + 1);
        }
    }
}

const struct value_ops value_two_phase_set_ops = {
    .kind = {.name = "two_phase_set",
             .summary = "a set whose removed elements never come back",
             .source = "Shapiro, Preguica, Baquero, Zawirski, INRIA RR-7506 (2011), section 3.3.2",
             .params_bytes = sizeof(struct set_params),
             .params = set_rows},
    .actions = 1u << VALUE_ADD | 1u << VALUE_REMOVE,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA | 1u << VALUE_OPERATION,
    .write_means = VALUE_ADD,
    .meeting = VALUE_ALL_COUNT,
    .by_element = true,
    .needs_state = true,
    .elements = set_elements,
    .perform = perform,
    .join = join,
    .again = again,
    .view = view,
    .size = size,
    .writes = writes,
    .context = context,
};
