#include "models/values/totals.h"

#include "sim/check.h"

static int order(const void *params, const uint64_t *a, const uint64_t *b)
{
    (void)params;
    const int by_total = cells_compare(a[TOTAL], b[TOTAL]);
    return by_total != 0 ? by_total : cells_version_order(a, b);
}

const struct cells_kind totals_kind = {.width = TOTALS_WIDTH, .order = order};

int64_t totals_at(struct words body, uint64_t id)
{
    const uint64_t *cell = cells_find(&totals_kind, body, id);
    return cell == NULL ? 0 : (int64_t)cell[TOTAL];
}

int64_t totals_sum(struct words body)
{
    int64_t sum = 0;
    for (uint32_t at = 0; at < body.count; at += TOTALS_WIDTH) {
        const int64_t total = (int64_t)body.at[at + TOTAL];
        sum += (body.at[at + CELL_ID] & 1u) != 0 ? -total : total;
    }
    return sum;
}

static void put_cell(struct words_buffer *out, uint64_t id, struct value_version version,
                     int64_t total)
{
    words_put(out, id);
    words_put(out, (uint64_t)version.stamp);
    words_put(out, version.write);
    words_put(out, (uint64_t)total);
}

void totals_add(struct words before, uint64_t id, const struct value_write *write,
                enum value_form form, struct words_buffer *after, struct words_buffer *shipped)
{
    CHECK(write->amount > 0);
    const uint32_t begin = shipped->count;
    put_cell(shipped, id, write->version, totals_at(before, id) + write->amount);
    cells_done(&totals_kind, NULL, before, form, begin, after, shipped);
    if (form == VALUE_OPERATION) {
        shipped->at[begin + TOTAL] = (uint64_t)write->amount;
    }
}

void totals_join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    cells_join(&totals_kind, params, a, b, out, displaced);
}

void totals_again(const void *params, struct words before, struct words operation,
                  struct words_buffer *after)
{
    (void)params;
    if (operation.count == 0) {
        words_put_all(after, before);
        return;
    }
    CHECK(operation.count == TOTALS_WIDTH);
    /* The cell is the sender's, whose operations come in its order: this one is its latest. */
    const uint64_t sum[TOTALS_WIDTH] = {
        operation.at[CELL_ID], operation.at[CELL_STAMP], operation.at[CELL_WRITE],
        operation.at[TOTAL] + (uint64_t)totals_at(before, operation.at[CELL_ID])};
    cells_join(&totals_kind, NULL, before, (struct words){sum, TOTALS_WIDTH}, after, NULL);
}

struct value_size totals_size(const void *params, struct words body, enum value_form form)
{
    (void)params;
    const uint32_t one = TOTALS_BYTES, name = TOTALS_ID_BYTES;
    struct value_size size = {0};
    for (uint32_t at = 0; at < body.count; at += TOTALS_WIDTH) {
        const uint64_t actor = body.at[at + CELL_ID] >> 1;
        const bool named = at > 0 && body.at[at - TOTALS_WIDTH + CELL_ID] >> 1 == actor;
        size.metadata += one + (named ? 0 : name);
    }
    if (body.count > 0) { /* one number is what clients see */
        size.payload = TOTALS_BYTES;
        size.metadata -= TOTALS_BYTES;
        size.metadata += form == VALUE_OPERATION ? TOTALS_SEQUENCE_BYTES : 0;
    }
    return size;
}

void totals_writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params;
    (void)form;
    cells_writes(&totals_kind, body, versions);
}
