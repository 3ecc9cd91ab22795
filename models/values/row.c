/*
 * row.c - a row of fields, each of which the later write takes (Cassandra's cells; a map of
 * last-writer-wins registers; with one field an item as a whole that can be deleted).
 *
 * Model:   a write sets `written` fields from its element on (round the end); of two writes of one
 *          field the one with the later stamp stays. A deletion leaves a tombstone in each field
 *          that it deletes, which is a write like any. A replica takes every write, also one whose
 *          stamp is behind what it holds: that one is lost at once, as it is there.
 * Ties:    stamps of one time from two machines. "member": by the whole version, the machine's
 *          number in it decides. "delete": a tombstone beats a value, then the larger value stays
 *          (Cassandra). "value": the larger value stays, a tombstone has none. Values are compared
 *          by a hash of the write that made them.
 * Always:  `delete` "always" (Cosmos DB): a deletion beats every write that had not seen it, with
 *          whatever stamp, and a write that had seen it makes the field anew. Each field counts its
 *          lives: a deletion ends the life that its replica knows, a write at a replica that knows
 *          the field as deleted begins the next one, and the later life stays, ended before not
 *          ended; stamps decide within a life. Two deletions of one life are one deletion: who
 *          writes after either of them makes the field anew (causal lengths).
 * Grace:   a tombstone is forgotten when the replica's own clock has gone on by `grace` since that
 *          of the deleting one. A replica that has not heard of the deletion by then brings the old
 *          value back. The deleting machine's clock is in it, right or wrong.
 * Bytes:   a timestamp of 8 for each field, and 2 for which one it is; of a deletion 8 + 4 once (a
 *          row's marker: markedForDeleteAt, localDeletionTime); a life 4.
 * Source:  Apache Cassandra documentation ("Dynamo": per-cell timestamps; "Tombstones":
 *          gc_grace_seconds, 864000 s), source of Cells.java (ties). Microsoft, "Conflict types and
 *          resolution policies when using multiple write regions" (a delete always wins). Yu and
 *          Rostad, "A low-cost set CRDT based on causal lengths", PaPoC 2020.
 */
#include "models/values/cells.h"

#include <stddef.h>

enum { FATE = CELL_REST, CONTENT, WIDTH }; /* FATE: life << 1 | dead; CONTENT: bytes, or when */
enum { TIE_MEMBER, TIE_VALUE, TIE_DELETE };
enum { BY_STAMP, ALWAYS };
enum { FIELDS_MAX = 256, STAMP_BYTES = 8, FIELD_BYTES = 2, TOMBSTONE_BYTES = 12, LIFE_BYTES = 4 };
enum { SWEEPS_PER_GRACE = 8 }; /* assumption: compactions come often compared with the grace */

struct params {
    int64_t fields, written;
    uint32_t tie, delete;
    sim_ns grace; /* -1: for ever */
};

static const char *const tie_names[] = {"member", "value", "delete", NULL};
static const char *const delete_names[] = {"by_stamp", "always", NULL};

static const struct param_spec rows[] = {
    {.key = "fields",
     .type = PARAM_INT,
     .offset = offsetof(struct params, fields),
     .min = 1,
     .max = FIELDS_MAX,
     .default_text = "1",
     .help = "fields that are merged one by one; 1: the item as a whole"},
    {.key = "written",
     .type = PARAM_INT,
     .offset = offsetof(struct params, written),
     .min = 1,
     .max = FIELDS_MAX,
     .default_text = "1",
     .help = "fields that one write sets, from its element on"},
    {.key = "tie",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, tie),
     .names = tie_names,
     .default_text = "member",
     .help = "which of two writes of the same time stays; member: that of the machine with the "
             "larger number; value: the larger value, before a deletion; delete: a deletion, then "
             "the larger value (Cassandra)"},
    {.key = "delete",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, delete),
     .names = delete_names,
     .default_text = "by_stamp",
     .help = "by_stamp: a deletion is a write like any; always: it beats every write that had not "
             "seen it (Cosmos DB)"},
    {.key = "grace",
     .type = PARAM_DURATION,
     .offset = offsetof(struct params, grace),
     .max = 365.0 * 24 * (double)SIM_NS_PER_H,
     .default_text = "none",
     .help = "tombstones older than this are forgotten (Cassandra's gc_grace_seconds: 240h); a "
             "replica that missed the deletion then brings the value back; none: they are kept"},
    {0}};

static const char *finish(void *untyped, struct arena *arena, const char **key)
{
    const struct params *params = untyped;
    (void)arena;
    if (params->written > params->fields) {
        *key = "written";
        return "must not be above `fields`: a write can not set more than there are";
    }
    if (params->delete == ALWAYS && params->grace >= 0) {
        *key = "grace";
        return "is for `delete` \"by_stamp\": a forgotten tombstone would take with it what tells "
               "writes before a deletion from those after it";
    }
    return NULL;
}

static bool dead(const uint64_t *cell)
{
    return (cell[FATE] & 1u) != 0;
}

static uint64_t hash_of(uint64_t write)
{
    return value_digest((struct words){&write, 1});
}

static int order(const void *untyped, const uint64_t *a, const uint64_t *b)
{
    const struct params *params = untyped;
    const int64_t left = (int64_t)a[CELL_STAMP] >> VALUE_TIE_BITS;
    const int64_t right = (int64_t)b[CELL_STAMP] >> VALUE_TIE_BITS;
    if (params->delete == ALWAYS && a[FATE] != b[FATE]) {
        return cells_compare(a[FATE], b[FATE]);
    }
    if (params->tie == TIE_MEMBER || left != right) {
        return cells_version_order(a, b);
    }
    if (dead(a) != dead(b)) {
        return dead(a) == (params->tie == TIE_DELETE) ? 1 : -1;
    }
    const int by_value = cells_compare(hash_of(a[CELL_WRITE]), hash_of(b[CELL_WRITE]));
    return by_value != 0 ? by_value : cells_version_order(a, b);
}

static const struct cells_kind cells = {.width = WIDTH, .order = order, .one_wins = true};

static uint64_t fate_after(const struct params *params, const uint64_t *cell, bool deletes)
{
    uint64_t life = cell == NULL || params->delete == BY_STAMP ? 0 : cell[FATE] >> 1;
    if (params->delete == ALWAYS && cell != NULL && dead(cell) && !deletes) {
        life++;
    }
    return life << 1 | (deletes ? 1u : 0u);
}

static enum value_result perform(const void *untyped, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const struct params *params = untyped;
    const uint32_t begin = shipped->count, fields = (uint32_t)params->fields;
    const uint32_t written = write->action == VALUE_DELETE ? fields : (uint32_t)params->written;
    const bool deletes = write->action == VALUE_DELETE || write->action == VALUE_REMOVE;
    for (uint32_t field = 0; field < fields; field++) {
        const uint32_t place = (field + fields - write->element % fields) % fields;
        if (place >= written) {
            continue;
        }
        const uint32_t share = write->bytes / written + (place < write->bytes % written ? 1 : 0);
        words_put(shipped, field);
        words_put(shipped, (uint64_t)write->version.stamp);
        words_put(shipped, write->version.write);
        words_put(shipped, fate_after(params, cells_find(&cells, before, field), deletes));
        words_put(shipped, deletes ? (uint64_t)write->clock_ns : share);
    }
    cells_done(&cells, params, before, form, begin, after, shipped);
    return VALUE_DONE;
}

static void join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    cells_join(&cells, params, a, b, out, displaced);
}

static uint32_t elements(const void *untyped)
{
    const struct params *params = untyped;
    return (uint32_t)params->fields;
}

static void view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    for (uint32_t at = 0; at < body.count; at += WIDTH) {
        view->elements += dead(body.at + at) ? 0 : 1;
    }
    view->number = 0;
    view->siblings = view->elements > 0 ? 1 : 0;
}

static struct value_size size(const void *untyped, struct words body, enum value_form form)
{
    const struct params *params = untyped;
    const uint64_t *marker = NULL; /* the deletion that was counted last */
    struct value_size size = {0};
    (void)form;
    for (uint32_t at = 0; at < body.count; at += WIDTH) {
        const uint64_t *cell = body.at + at;
        if (!dead(cell)) {
            size.payload += (uint32_t)cell[CONTENT];
            size.metadata += STAMP_BYTES;
            size.metadata += params->fields > 1 ? FIELD_BYTES : 0;
            size.metadata += params->delete == ALWAYS ? LIFE_BYTES : 0;
        } else if (marker == NULL || cells_version_order(marker, cell) != 0) {
            size.metadata += TOMBSTONE_BYTES;
            size.metadata += params->delete == ALWAYS ? LIFE_BYTES : 0;
            marker = cell;
        }
    }
    return size;
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params;
    (void)form;
    cells_writes(&cells, body, versions);
}

static bool sweep(const void *untyped, struct words body, sim_ns clock_ns,
                  struct words_buffer *after)
{
    const struct params *params = untyped;
    bool swept = false;
    for (uint32_t at = 0; at < body.count && params->grace >= 0; at += WIDTH) {
        const uint64_t *cell = body.at + at;
        if (dead(cell) && (sim_ns)cell[CONTENT] + params->grace <= clock_ns) {
            swept = true;
        } else {
            words_put_all(after, (struct words){cell, WIDTH});
        }
    }
    return swept;
}

static sim_ns sweep_every(const void *untyped)
{
    const struct params *params = untyped;
    const sim_ns often = 100 * SIM_NS_PER_MS, every = params->grace / SWEEPS_PER_GRACE;
    return params->grace < 0 ? 0 : every > often ? every : often;
}

const struct value_ops value_row_ops = {
    .kind = {.name = "row",
             .summary = "fields, of each of which the later write stays; deletions are tombstones",
             .source = "Apache Cassandra documentation, \"Dynamo\" and \"Tombstones\"; Microsoft, "
                       "\"Conflict types and resolution policies\" (a delete always wins)",
             .params_bytes = sizeof(struct params),
             .params = rows,
             .finish = finish},
    .actions = 1u << VALUE_SET | 1u << VALUE_REMOVE | 1u << VALUE_DELETE,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA,
    .write_means = VALUE_SET,
    .meeting = VALUE_ONE_WINS,
    .by_element = true,
    .needs_state = true,
    .elements = elements,
    .perform = perform,
    .join = join,
    .view = view,
    .size = size,
    .writes = writes,
    .sweep = sweep,
    .sweep_every = sweep_every,
};
