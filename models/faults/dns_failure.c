/*
 * dns_failure.c - the authoritative name servers do not answer, or say that they can not.
 *
 * Model:   a share of the lookups fails, by a time-out (silence until the resolver gives up) or at
 *          once (SERVFAIL). Answers that resolvers and clients keep serve until their TTL is over,
 *          and connections that stand do not ask. Only a routing that asks names notices.
 * Source:  RFC 1035 section 4.1.1 (SERVFAIL), RFC 2308 section 7 (what resolvers do with both); as
 *          in Dyn, 2016-10-21, and in Meta, 2021-10-04 (431 min; name servers unreachable).
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/region_sets.h"

#include <stddef.h>

struct params {
    uint32_t answer; /* 0 timeout, 1 servfail */
    double share;
};

static const char *const answer_names[] = {"timeout", "servfail", NULL};

static const struct param_spec rows[] = {{.key = "answer",
                                          .type = PARAM_ENUM,
                                          .offset = offsetof(struct params, answer),
                                          .names = answer_names,
                                          .default_text = "timeout",
                                          .help = "timeout: silence; servfail: an error at once"},
                                         {.key = "share",
                                          .type = PARAM_RATIO,
                                          .offset = offsetof(struct params, share),
                                          .max = 1,
                                          .default_text = "1",
                                          .help = "of the lookups that reach the name servers"},
                                         {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    (void)scenario;
    (void)arena;
    *key = "share";
    return self->share <= 0.0 ? "must be above 0: else it has no effect" : NULL;
}

static void change(const struct params *self, struct world *world, int by)
{
    fault_dns(world, self->answer == 0 ? FAULT_DNS_TIMEOUT : FAULT_DNS_SERVFAIL, self->share,
              UINT32_MAX, by);
}

static void begin(const void *params, struct world *world)
{
    change(params, world, +1);
}

static void end(const void *params, struct world *world)
{
    change(params, world, -1);
}

static uint32_t places(const void *params, const struct scenario *scenario, uint32_t *touched)
{
    (void)params;
    (void)scenario;
    (void)touched;
    return 0;
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    (void)scenario;
    return arena_printf(arena, "DNS fails: %s, %g %%", answer_names[self->answer],
                        self->share * 100.0);
}

const struct fault_ops fault_dns_failure_ops = {
    .kind = {.name = "dns_failure",
             .summary = "name servers do not answer, or with an error",
             .source = "RFC 1035 section 4.1.1; RFC 2308 section 7",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
