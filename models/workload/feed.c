/* feed.c - conflicts that people resolve by hand: who looks at which key, and when. */
#include "models/workload/clients_state.h"

#include "sim/arena.h"

/* What feed.next says of a key. The last that waits has no next one. */
enum { FEED_AWAY, FEED_TAKEN, FEED_LAST, FEED_NEXT };

void feed_init(struct group *group, const struct scenario_keys *keys, struct arena *arena)
{
    struct feed *feed = &group->feed;
    feed->next = arena_alloc(arena, (size_t)keys->count, sizeof *feed->next);
    feed->idle = arena_alloc(arena, group->session_count, sizeof *feed->idle);
    for (uint32_t i = group->session_count; i-- > 0;) {
        feed->idle[feed->idle_count++] = group->session_first + i;
    }
}

/* One that waits, or that a person is about to read, is not listed twice. */
static void append(struct feed *feed, uint32_t key)
{
    if (feed->next[key] != FEED_AWAY) {
        return;
    }
    if (feed->waiting == 0) {
        feed->first = key;
    } else {
        feed->next[feed->last] = FEED_NEXT + key;
    }
    feed->next[key] = FEED_LAST;
    feed->last = key;
    feed->waiting++;
}

static uint32_t take(struct feed *feed)
{
    CHECK(feed->waiting > 0);
    const uint32_t key = feed->first;
    if (--feed->waiting > 0) {
        CHECK(feed->next[key] >= FEED_NEXT);
        feed->first = feed->next[key] - FEED_NEXT;
    }
    feed->next[key] = FEED_TAKEN;
    return key;
}

static void go_to_work(struct clients *clients, struct group *group)
{
    struct feed *feed = &group->feed;
    while (feed->waiting > 0 && feed->idle_count > 0) {
        const uint32_t session = feed->idle[--feed->idle_count];
        engine_after(clients->host.engine, group_latency_ns(clients, group, session),
                     (struct event){.kind = clients->host.event_kind,
                                    .small = CLIENT_RESOLVE,
                                    .target = session,
                                    .a = group->index,
                                    .b = take(feed)});
    }
}

void clients_conflict(struct clients *clients, uint32_t dataset, uint32_t region, uint32_t key)
{
    for (uint32_t i = 0; clients->feed_count > 0 && i < clients->group_count; i++) {
        struct group *group = &clients->groups[i];
        if (group->load == LOAD_FEED && group->dataset == dataset && group->place == region) {
            append(&group->feed, key);
            go_to_work(clients, group);
        }
    }
}

uint32_t clients_conflicts_waiting(const struct clients *clients, uint32_t group)
{
    CHECK(group < clients->group_count);
    return clients->groups[group].feed.waiting;
}

void feed_next(struct clients *clients, struct group *group, const struct event *event,
               struct operation_start *start)
{
    const uint32_t key = (uint32_t)event->b;
    CHECK(group->feed.next[key] == FEED_TAKEN);
    group->feed.next[key] = FEED_AWAY;
    *start = (struct operation_start){.type = RECORD_READ,
                                      .flags = OPERATION_THEN_WRITE | OPERATION_RESOLVE,
                                      .key = key,
                                      .session = event->target,
                                      .draw = group_next_draw(clients, group, event->target)};
}

void feed_ended(struct clients *clients, struct group *group, const struct operation *ended,
                bool settled)
{
    struct feed *feed = &group->feed;
    if (!settled) {
        append(feed, ended->key);
    }
    CHECK(feed->idle_count < group->session_count);
    feed->idle[feed->idle_count++] = ended->session;
    go_to_work(clients, group);
}
