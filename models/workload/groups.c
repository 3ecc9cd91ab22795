#include "models/workload/clients_state.h"

#include "models/purpose.h"
#include "models/workload/actions.h"
#include "sim/arena.h"

/* As popular as YCSB's keys: Cooper et al., SoCC 2010, section 4.1, and its ZipfianGenerator. */
#define ELEMENTS_THETA 0.99

static struct random_stream stream_of(const struct clients *clients, uint32_t purpose,
                                      uint32_t index)
{
    struct random_stream stream;
    random_stream_init(&stream, clients->host.seed, purpose, index);
    return stream;
}

static void trace_wrong(void *context, int line, const char *message)
{
    (void)context;
    (void)line;
    (void)message;
    CHECK(false); /* scenario_check() has refused such a trace. */
}

static inline uint32_t session_from(const struct group *group, uint64_t word)
{
    return group->session_first + (uint32_t)(random_unit_from(word) * group->sessions);
}

static inline struct operation_draw drawn_from(const struct group *group, struct random_block block)
{
    return (struct operation_draw){
        .operation = (uint8_t)mix_pick(&group->mix, random_unit_from(block.word[0])),
        .session = session_from(group, block.word[1])};
}

static struct operation_draw draw_at(struct group *group, uint64_t draw)
{
    group->operation_stream.count = draw;
    group->key_stream.count = draw;
    struct operation_draw drawn = drawn_from(group, random_block_next(&group->operation_stream));
    drawn.rank = key_chooser_rank(&group->keys, key_chooser_draw(&group->keys, &group->key_stream));
    return drawn;
}

/*
 * An open loop draws operations ahead, and looks up their keys some operations later: the draw
 * fetches what the look-up would wait for. So all is known when an operation begins, and the one
 * before can tell what it will touch.
 */
static void draw_ahead(struct group *group)
{
    struct random_block blocks[RANDOM_BLOCKS];
    double gaps[RANDOM_BLOCKS];
    struct operation_draw *ahead = &group->ahead[group->drawn % OPERATIONS_AHEAD];
    group->operation_stream.count = group->drawn;
    group->key_stream.count = group->drawn;
    random_blocks_next(&group->operation_stream, blocks);
    arrivals_draw(&group->arrivals, gaps);
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        ahead[i] = drawn_from(group, blocks[i]);
        ahead[i].gap = gaps[i];
    }
    key_chooser_draws(&group->keys, &group->key_stream, group->key_draws);
    group->drawn += RANDOM_BLOCKS;
}

static void look_up(struct group *group)
{
    struct operation_draw *ahead = &group->ahead[(group->drawn - RANDOM_BLOCKS) % OPERATIONS_AHEAD];
    uint32_t ranks[RANDOM_BLOCKS];
    key_chooser_ranks(&group->keys, group->key_draws, ranks);
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        ahead[i].rank = ranks[i];
    }
}

void group_draw_on(struct group *group)
{
    look_up(group);
    draw_ahead(group);
}

static void load_init(struct clients *clients, struct group *group, struct arena *arena)
{
    const struct scenario_client *client = group->client;
    const struct record_layout *layout = clients->host.layout;
    if (client->trace.columns > 0) {
        group->load = LOAD_TRACE;
        trace_read(&group->trace, clients->host.scenario, client, arena, trace_wrong, NULL);
    } else if (client->feed.latency != NULL) {
        const struct scenario_dataset *datasets = clients->host.scenario->datasets.items;
        group->load = LOAD_FEED;
        clients->feed_count++;
        feed_init(group, &datasets[group->dataset].keys, arena);
    } else if (client->think != NULL) {
        group->load = LOAD_CLOSED;
    } else if (client->rate > 0.0) {
        group->load = LOAD_OPEN;
        arrivals_init(&group->arrivals, client, layout->places[group->place].longitude,
                      stream_of(clients, PURPOSE_ARRIVAL, group->index));
        draw_ahead(group);
        group_draw_on(group);
    }
}

static void due_init(struct group *group)
{
    const struct scenario_client *client = group->client;
    group->due[DUE_DEADLINE].after_ns = client->deadline;
    group->due[DUE_HEDGE].after_ns = client->hedge_after;
    const bool own_timeout = client->retry.timeout > 0 && client->retry.timeout < client->deadline;
    group->due[DUE_TRY].after_ns = own_timeout ? client->retry.timeout : 0;
    CHECK(client->deadline > 0);
    CHECK(client->retry.tries >= 1);
    CHECK(client->retry.tries <= 100);
    group->tries_max = (uint32_t)client->retry.tries;
    group->waits = (own_timeout && client->retry.tries > 1) || client->hedge_after > 0;
}

/* What only values that merge need. */
static void value_init(struct clients *clients, struct group *group,
                       const struct scenario_dataset *dataset, struct arena *arena)
{
    group->value = value_ops_of(&dataset->value);
    if (group->value == NULL) {
        return;
    }
    group->brings_contexts = group->value->context != NULL && clients->host.block_copy != NULL;
    const struct scenario_keys elements = {.count = actions_elements(dataset),
                                           .theta = ELEMENTS_THETA};
    const bool even = group->client->elements == SCENARIO_ELEMENTS_UNIFORM;
    key_chooser_init(&group->elements, &elements,
                     even ? SCENARIO_POPULARITY_UNIFORM : SCENARIO_POPULARITY_ZIPFIAN,
                     &clients->element_zipfs[group->dataset], arena);
    group->element_stream = stream_of(clients, PURPOSE_ELEMENT, group->index);
    group->amount_stream = stream_of(clients, PURPOSE_AMOUNT, group->index);
}

void group_init(struct clients *clients, uint32_t index, struct arena *arena)
{
    const struct scenario_client *client =
        (const struct scenario_client *)clients->host.scenario->clients.items + index;
    const struct record_group *layout = &clients->host.layout->groups[index];
    const sim_ns duration_ns = clients->host.layout->duration_ns, until_ns = client->until;
    const struct scenario_dataset *dataset =
        (const struct scenario_dataset *)clients->host.scenario->datasets.items + layout->dataset;
    struct group *group = &clients->groups[index];
    *group =
        (struct group){.client = client,
                       .index = index,
                       .dataset = (uint16_t)layout->dataset,
                       .place = (uint16_t)layout->place,
                       .session_first = layout->session_first,
                       .session_count = layout->session_count,
                       .sessions = (double)layout->session_count,
                       .end_ns = until_ns > 0 && until_ns < duration_ns ? until_ns : duration_ns,
                       .value_bytes = dataset->value_bytes,
                       .scan_keys = (uint32_t)client->mix.scan_keys,
                       .transaction_keys = (uint32_t)client->mix.transaction_keys};
    CHECK(group->session_count > 0);
    mix_init(&group->mix, client);
    key_chooser_init(&group->keys, &dataset->keys, mix_popularity(client, &dataset->keys),
                     &clients->zipfs[group->dataset], arena);
    group->operation_stream = stream_of(clients, PURPOSE_OPERATION, index);
    group->key_stream = stream_of(clients, PURPOSE_KEY, index);
    group->bytes_stream = stream_of(clients, PURPOSE_VALUE_BYTES, index);
    group->think_stream = stream_of(clients, PURPOSE_THINK, index);
    group->retry_stream = stream_of(clients, PURPOSE_RETRY, index);
    group->probe_stream = stream_of(clients, PURPOSE_PROBE, index);
    due_init(group);
    value_init(clients, group, dataset, arena);
    load_init(clients, group, arena);
    clients->newest[group->dataset] = (uint32_t)dataset->keys.count - 1;
}

uint32_t group_value_bytes(struct group *group, uint64_t draw)
{
    if (group->value_bytes == NULL) {
        return 0;
    }
    group->bytes_stream.count = draw;
    const sim_ns rounded = distribution_sample_ns(group->value_bytes, &group->bytes_stream);
    return rounded < SCENARIO_BYTES_MAX ? (uint32_t)rounded : SCENARIO_BYTES_MAX;
}

static uint32_t element_at(const struct group *group, uint64_t draw)
{
    if (group->elements.count == 1) {
        return 0;
    }
    struct random_stream stream = group->element_stream;
    stream.count = draw;
    return key_chooser_rank(&group->elements, key_chooser_draw(&group->elements, &stream));
}

static uint32_t amount_at(const struct group *group, uint64_t draw)
{
    if (group->client->amount == NULL) {
        return 1;
    }
    struct random_stream stream = group->amount_stream;
    stream.count = draw;
    const sim_ns rounded = distribution_sample_ns(group->client->amount, &stream);
    const sim_ns most = SCENARIO_AMOUNT_MAX;
    return (uint32_t)(rounded < 1 ? 1 : rounded < most ? rounded : most);
}

static uint64_t request_of(const struct group *group, enum value_action action, uint32_t element,
                           uint32_t amount)
{
    return value_request_pack(action == VALUE_WRITE ? group->value->write_means : action, element,
                              amount);
}

uint64_t group_request(const struct group *group, enum value_action action, uint64_t draw)
{
    return group->value == NULL
               ? (group->transaction_keys > 1 ? group->transaction_keys : 0)
               : request_of(group, action, element_at(group, draw), amount_at(group, draw));
}

static uint64_t closed_draw(const struct clients *clients, const struct group *group,
                            uint32_t session)
{
    return (uint64_t)(session - group->session_first) << 32 | clients->sessions[session].begun;
}

sim_ns group_think_ns(struct clients *clients, struct group *group, uint32_t session)
{
    group->think_stream.count = closed_draw(clients, group, session);
    return distribution_sample_ns(group->client->think, &group->think_stream);
}

sim_ns group_latency_ns(struct clients *clients, struct group *group, uint32_t session)
{
    group->think_stream.count = closed_draw(clients, group, session);
    return distribution_sample_ns(group->client->feed.latency, &group->think_stream);
}

uint64_t group_next_draw(struct clients *clients, struct group *group, uint32_t session)
{
    const uint64_t draw = closed_draw(clients, group, session);
    clients->sessions[session].begun++;
    group->begun++;
    return draw;
}

/* What the row leaves open is chosen as in other workloads. */
static uint64_t trace_request(const struct group *group, const struct trace_row *row, uint64_t draw)
{
    return group->value == NULL
               ? 0
               : request_of(group, (enum value_action)row->action,
                            row->element != TRACE_UNSAID ? row->element : element_at(group, draw),
                            row->amount != TRACE_UNSAID ? row->amount : amount_at(group, draw));
}

static void trace_next(struct group *group, struct operation_start *start)
{
    CHECK(group->begun < group->trace.count);
    const struct trace_row *row = &group->trace.rows[group->begun];
    *start = (struct operation_start){.type = row->type,
                                      .flags = row->then_write ? OPERATION_THEN_WRITE : 0,
                                      .key = row->key,
                                      .draw = group->begun};
    group->operation_stream.count = start->draw;
    start->session = row->session != TRACE_UNSAID
                         ? group->session_first + row->session
                         : session_from(group, random_u64(&group->operation_stream));
    if (start->type == RECORD_WRITE) {
        start->bytes =
            row->bytes != TRACE_UNSAID ? row->bytes : group_value_bytes(group, start->draw);
        start->request = trace_request(group, row, start->draw);
    }
    group->begun++;
}

void group_decide(struct clients *clients, struct group *group, uint32_t operation,
                  struct operation_start *start)
{
    if (operation == MIX_SCAN) {
        start->flags |= OPERATION_SCAN;
        return;
    }
    if (operation == MIX_READ_MODIFY_WRITE) {
        start->flags |= OPERATION_THEN_WRITE;
        return;
    }
    if (operation == MIX_INSERT) {
        uint32_t *newest = &clients->newest[group->dataset];
        *newest = *newest + 1 < group->keys.count ? *newest + 1 : 0;
        start->key = *newest;
    }
    start->type = RECORD_WRITE;
    start->bytes = group_value_bytes(group, start->draw);
    start->request = group_request(group, mix_action(operation), start->draw);
    if (group->transaction_keys > 1) {
        start->key -= start->key % group->transaction_keys;
        start->bytes *= group->transaction_keys;
    }
}

void group_next(struct clients *clients, struct group *group, uint32_t session,
                struct operation_start *start)
{
    if (group->load == LOAD_TRACE) {
        trace_next(group, start);
        return;
    }
    *start = (struct operation_start){
        .draw = closed_draw(clients, group, session), .flags = OPERATION_LOOP, .session = session};
    const struct operation_draw drawn = draw_at(group, start->draw);
    clients->sessions[session].begun++;
    start->key =
        key_chooser_key(&group->keys, drawn.rank, group->begun, clients->newest[group->dataset]);
    group->begun++;
    if (drawn.operation != MIX_READ) {
        group_decide(clients, group, drawn.operation, start);
    }
}
