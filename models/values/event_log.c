/*
 * event_log.c - a list that is only added to, in the order of time: what somebody has watched, the
 * messages of a chat.
 *
 * Model:   a set of events, each with its stamp, in the order of their stamps whatever order they
 *          arrive in; the newest `keep` are kept. Join: the union, cut to as many: what is cut from
 *          a union would be cut from every larger one, so the order of joins does not matter. Order
 *          is causal when stamps are: with hybrid or Lamport stamps an answer is never before what
 *          it answers; with wall clocks it may be.
 * Element: the kind of the event: the title, the author.
 * Forms:   all three; an operation is the event, and being a set, done twice it is done once.
 * Bytes:   content, and 8 for the stamp, 8 for the machine and number that tell events apart.
 * Source:  Shapiro et al., INRIA RR-7506 (2011), specification 11 (G-Set). Assumption: a viewing
 *          history and a channel's messages as a sorted set, as with Cassandra's clustering columns
 *          (Netflix, "Scaling time series data storage", 2018; Discord, "How Discord stores
 *          billions of messages", 2017: messages in the order of ids that begin with the time).
 */
#include "models/values/value.h"

#include "sim/check.h"

#include <stddef.h>

enum { EVENT_STAMP, EVENT_WRITE, EVENT_CONTENT, EVENT_WORDS }; /* content: element, bytes */
enum { KEEP_MAX = 100000, KINDS_MAX = 1000000, ELEMENT_SHIFT = 32 };
enum { STAMP_BYTES = 8, IDENTITY_BYTES = 8 };

struct params {
    int64_t keep, kinds;
};

static const struct param_spec rows[] = {
    {.key = "keep",
     .type = PARAM_INT,
     .offset = offsetof(struct params, keep),
     .min = 1,
     .max = KEEP_MAX,
     .default_text = "100",
     .help = "events kept, the newest by their stamps"},
    {.key = "kinds",
     .type = PARAM_INT,
     .offset = offsetof(struct params, kinds),
     .min = 1,
     .max = KINDS_MAX,
     .default_text = "100",
     .help = "kinds of events (titles, authors): the elements of writes"},
    {0}};

static struct value_version version_of(const uint64_t *event)
{
    return (struct value_version){(int64_t)event[EVENT_STAMP], event[EVENT_WRITE]};
}

/* Steps past the oldest event that is left in either; NULL: none is. */
static const uint64_t *oldest(struct words *a, struct words *b)
{
    if (a->count == 0 && b->count == 0) {
        return NULL;
    }
    const bool from_a = b->count == 0 ||
                        (a->count > 0 && !value_version_less(version_of(b->at), version_of(a->at)));
    const bool from_b = a->count == 0 ||
                        (b->count > 0 && !value_version_less(version_of(a->at), version_of(b->at)));
    const uint64_t *event = from_a ? a->at : b->at;
    if (from_a) {
        *a = (struct words){a->at + EVENT_WORDS, a->count - EVENT_WORDS};
    }
    if (from_b) {
        *b = (struct words){b->at + EVENT_WORDS, b->count - EVENT_WORDS};
    }
    return event;
}

static void join(const void *untyped, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    const struct params *params = untyped;
    struct words left = a, right = b;
    uint32_t events = 0;
    (void)displaced;
    while (oldest(&left, &right) != NULL) {
        events++;
    }
    const uint32_t keep = (uint32_t)params->keep;
    uint32_t cut = events > keep ? events - keep : 0;
    for (const uint64_t *event = oldest(&a, &b); event != NULL; event = oldest(&a, &b)) {
        if (cut > 0) {
            cut--;
        } else {
            words_put_all(out, (struct words){event, EVENT_WORDS});
        }
    }
}

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const uint64_t event[EVENT_WORDS] = {(uint64_t)write->version.stamp, write->version.write,
                                         (uint64_t)write->element << ELEMENT_SHIFT | write->bytes};
    join(params, before, (struct words){event, EVENT_WORDS}, after, NULL);
    if (form != VALUE_STATE) {
        words_put_all(shipped, (struct words){event, EVENT_WORDS});
    }
    return VALUE_DONE;
}

static void again(const void *params, struct words before, struct words operation,
                  struct words_buffer *after)
{
    CHECK(operation.count <= EVENT_WORDS);
    join(params, before, operation, after, NULL);
}

static uint32_t elements(const void *untyped)
{
    const struct params *params = untyped;
    return (uint32_t)params->kinds;
}

static void view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    const uint32_t events = body.count / EVENT_WORDS;
    *view = (struct value_view){events, events > 0, events};
}

static struct value_size size(const void *params, struct words body, enum value_form form)
{
    struct value_size size = {0};
    (void)params;
    (void)form;
    for (uint32_t at = 0; at < body.count; at += EVENT_WORDS) {
        size.payload += (uint32_t)body.at[at + EVENT_CONTENT];
        size.metadata += STAMP_BYTES + IDENTITY_BYTES;
    }
    return size;
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params;
    (void)form;
    for (uint32_t at = 0; at < body.count; at += EVENT_WORDS) {
        words_put(versions, body.at[at + EVENT_STAMP]);
        words_put(versions, body.at[at + EVENT_WRITE]);
    }
}

const struct value_ops value_event_log_ops = {
    .kind = {.name = "event_log",
             .summary = "events in the order of their stamps, only added to; the newest are kept",
             .source = "Shapiro et al., INRIA RR-7506 (2011), specification 11 (G-Set); Netflix, "
                       "\"Scaling time series data storage\", 2018; Discord, \"How Discord stores "
                       "billions of messages\", 2017",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .actions = 1u << VALUE_ADD,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA | 1u << VALUE_OPERATION,
    .write_means = VALUE_ADD,
    .meeting = VALUE_ALL_COUNT,
    .elements = elements,
    .perform = perform,
    .join = join,
    .again = again,
    .view = view,
    .size = size,
    .writes = writes,
};
