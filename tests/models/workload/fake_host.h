/*
 * fake_host.h - clients without a world: requests are answered by a script, rows are kept.
 *
 * Nodes 0, 1, 2; the node asked is tries modulo 3. A test sets scenario fields between
 * fake_init() and fake_run(). Group i is at place i, each with a region of the same name.
 * Blocks, when a test wants them, are counted: a request's is freed when it is sent, a reply's when
 * it was heard. What a block says is the number of the read that brought it.
 */
#ifndef TESTS_MODELS_WORKLOAD_FAKE_HOST_H
#define TESTS_MODELS_WORKLOAD_FAKE_HOST_H

#include "models/workload/clients.h"
#include "sim/arena.h"
#include "sim/check.h"
#include "sim/distribution_params.h"

#include <stdlib.h>
#include <string.h>

enum {
    FAKE_GROUPS = 3,
    FAKE_NODES = 3,
    FAKE_BLOCKS = 1000,
    FAKE_CLIENT_EVENT = 0,
    FAKE_ANSWER_EVENT = 1,
    FAKE_CONFLICT_EVENT = 2
};

#define MS SIM_NS_PER_MS

struct answer {
    bool given;
    sim_ns after_ns;
    enum record_outcome outcome;
    uint8_t flag; /* enum message_reply_flag */
};

struct answers { /* to one request, in any order of time */
    struct answer first, second;
};

struct fake_request {
    sim_ns at_ns;
    uint32_t group, node;
    sim_ns since_write_ns;
    struct message message;
    uint64_t context; /* what its block says; 0: it has none */
};

struct fake_conflict {
    sim_ns at_ns;
    uint32_t dataset, region, key;
};

struct world {
    struct arena arena;
    struct scenario scenario;
    struct scenario_region regions[FAKE_GROUPS];
    struct scenario_dataset dataset[2]; /* groups use the first unless they say so */
    struct scenario_client group[FAKE_GROUPS];
    struct record_layout layout;
    struct record_place places[FAKE_GROUPS];
    struct record_group groups[FAKE_GROUPS];
    struct record_dataset layout_datasets[2];
    struct record_sink sink;
    struct engine engine;
    struct clients *clients;
    uint64_t seed;
    struct answers (*script)(struct world *world, const struct message *request);
    /* Whether this read is answered with values side by side; NULL: none is. */
    bool (*siblings)(struct world *world, const struct message *request);
    struct record *rows;
    size_t row_count, row_capacity;
    struct fake_request *requests;
    size_t request_count, request_capacity;
    struct route_request routed;
    const void *test; /* the test's own */
    bool with_blocks;
    uint64_t blocks[FAKE_BLOCKS]; /* 0: free */
    uint32_t blocks_live, blocks_most;
    const struct fake_conflict *conflicts;
    size_t conflict_count;
};

static inline uint32_t fake_block(struct world *world, uint64_t content)
{
    uint32_t block = 1;
    while (world->blocks[block] != 0) {
        block++;
        CHECK(block < FAKE_BLOCKS);
    }
    world->blocks[block] = content;
    world->blocks_live++;
    world->blocks_most =
        world->blocks_live > world->blocks_most ? world->blocks_live : world->blocks_most;
    return block;
}

static inline uint32_t fake_block_copy(void *context, uint32_t block)
{
    struct world *world = context;
    CHECK(world->blocks[block] != 0);
    return fake_block(world, world->blocks[block]);
}

static inline uint32_t fake_block_bytes(void *context, uint32_t block)
{
    (void)context;
    return block == 0 ? 0 : 24;
}

static inline void fake_block_free(void *context, uint32_t block)
{
    struct world *world = context;
    CHECK(block != 0);
    CHECK(world->blocks[block] != 0);
    world->blocks[block] = 0;
    world->blocks_live--;
}

static inline struct answers answer_ok(sim_ns after_ns)
{
    return (struct answers){.first = {true, after_ns, RECORD_OK, 0}};
}

static inline struct answers answer_10ms(struct world *world, const struct message *request)
{
    (void)world;
    (void)request;
    return answer_ok(10 * MS);
}

static inline void fake_row(void *state, const struct record *record)
{
    struct world *world = state;
    void *rows = world->rows;
    memory_grow(&rows, &world->row_capacity, world->row_count + 1, sizeof *world->rows);
    world->rows = rows;
    world->rows[world->row_count++] = *record;
}

static inline uint32_t fake_route(struct world *world, uint32_t group,
                                  const struct route_request *request)
{
    CHECK(group < FAKE_GROUPS);
    world->routed = *request;
    return request->tries % FAKE_NODES;
}

static inline void fake_answer(struct world *world, size_t request, struct answer answer)
{
    if (answer.given) {
        engine_after(&world->engine, answer.after_ns,
                     (struct event){
                         .kind = FAKE_ANSWER_EVENT,
                         .small = (uint16_t)((uint32_t)answer.outcome | (uint32_t)answer.flag << 8),
                         .a = request});
    }
}

static inline void fake_ask(struct world *world, const struct message *request)
{
    void *requests = world->requests;
    memory_grow(&requests, &world->request_capacity, world->request_count + 1,
                sizeof *world->requests);
    world->requests = requests;
    const size_t index = world->request_count++;
    world->requests[index] = (struct fake_request){.at_ns = engine_now(&world->engine),
                                                   .group = request->from & ~ENDPOINT_CLIENT,
                                                   .node = request->to,
                                                   .since_write_ns = world->routed.since_write_ns,
                                                   .message = *request};
    if (request->block != 0) {
        world->requests[index].context = world->blocks[request->block];
        fake_block_free(world, request->block);
    }
    CHECK(world->routed.tries == request->tries);
    CHECK(world->routed.type == request->type);
    const struct answers answers = world->script(world, request);
    fake_answer(world, index, answers.first);
    fake_answer(world, index, answers.second);
}

static inline void fake_on_client_event(void *state, const struct event *event)
{
    struct world *world = state;
    clients_on_event(world->clients, event);
}

/* The version read is 77, and a write's own number as its version. */
static inline void fake_on_answer(void *state, const struct event *event)
{
    struct world *world = state;
    const struct fake_request *request = &world->requests[event->a];
    const bool write = request->message.type == RECORD_WRITE;
    const bool siblings =
        !write && world->siblings != NULL && world->siblings(world, &request->message);
    const bool asked = !write && request->message.flag == MESSAGE_WANTS_CONTEXT;
    const struct message reply = {
        .kind = MESSAGE_REPLY,
        .from = request->node,
        .to = ENDPOINT_CLIENT | request->group,
        .key = request->message.key,
        .request = request->message.request,
        .operation = request->message.operation,
        .type = request->message.type,
        .outcome = (uint8_t)(event->small & 0xff),
        .flag = (uint8_t)((siblings ? MESSAGE_SIBLINGS : 0) | event->small >> 8),
        .block = asked ? fake_block(world, request->message.operation) : 0,
        .version = {.stamp = 1000 + (int64_t)request->message.operation,
                    .write = write ? request->message.operation : 77}};
    clients_on_reply(world->clients, &reply);
    if (reply.block != 0) {
        fake_block_free(world, reply.block);
    }
}

static inline void fake_on_conflict(void *state, const struct event *event)
{
    struct world *world = state;
    const struct fake_conflict *conflict = &world->conflicts[event->a];
    clients_conflict(world->clients, conflict->dataset, conflict->region, conflict->key);
}

static const engine_handler fake_handlers[] = {fake_on_client_event, fake_on_answer,
                                               fake_on_conflict};
static const char *const fake_names[FAKE_GROUPS] = {"a", "b", "c"};

/* One group with an idle load; 100 keys, chosen in order; deadline 1 s, one try. */
static inline struct world *fake_init(uint32_t groups)
{
    struct world *world = memory_alloc(1, sizeof *world);
    arena_init(&world->arena);
    world->seed = 20260506;
    world->script = answer_10ms;
    world->dataset[0] = (struct scenario_dataset){
        .id = "d",
        .keys = {.count = 100, .popularity = SCENARIO_POPULARITY_SEQUENTIAL, .theta = 0.99},
        .value_bytes = distribution_constant(&world->arena, 512.0)};
    world->dataset[1] = world->dataset[0];
    for (uint32_t i = 0; i < FAKE_GROUPS; i++) {
        world->regions[i] = (struct scenario_region){.name = fake_names[i], .nodes = 1};
        world->places[i] = (struct record_place){.name = fake_names[i], .is_region = true};
        world->group[i] =
            (struct scenario_client){.name = fake_names[i],
                                     .sessions = 1,
                                     .deadline = SIM_NS_PER_S,
                                     .mix = {.scan_keys = 50},
                                     .retry = {.tries = 1, .backoff_max = SIM_NS_PER_H}};
    }
    world->scenario.regions = (struct param_list){world->regions, FAKE_GROUPS};
    world->scenario.datasets = (struct param_list){world->dataset, 2};
    world->scenario.clients = (struct param_list){world->group, groups};
    world->layout = (struct record_layout){.duration_ns = 10 * SIM_NS_PER_S,
                                           .places = world->places,
                                           .groups = world->groups,
                                           .datasets = world->layout_datasets,
                                           .place_count = FAKE_GROUPS,
                                           .group_count = groups,
                                           .dataset_count = 2};
    world->sink = (struct record_sink){
        .state = world, .row = fake_row, .mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED};
    return world;
}

static inline void fake_run(struct world *world)
{
    uint32_t sessions = 0;
    for (uint32_t i = 0; i < world->layout.group_count; i++) {
        const uint32_t count = (uint32_t)world->group[i].sessions;
        world->groups[i] = (struct record_group){.name = fake_names[i],
                                                 .place = i,
                                                 .dataset = world->group[i].dataset,
                                                 .session_first = sessions,
                                                 .session_count = count};
        sessions += count;
    }
    world->layout.session_count = sessions;
    const struct clients_host host = {.world = world,
                                      .engine = &world->engine,
                                      .scenario = &world->scenario,
                                      .layout = &world->layout,
                                      .sink = &world->sink,
                                      .seed = world->seed,
                                      .event_kind = FAKE_CLIENT_EVENT,
                                      .route = fake_route,
                                      .ask = fake_ask,
                                      .block_copy = world->with_blocks ? fake_block_copy : NULL,
                                      .block_free = world->with_blocks ? fake_block_free : NULL,
                                      .block_bytes = world->with_blocks ? fake_block_bytes : NULL};
    engine_init(&world->engine, world, fake_handlers, 3);
    world->clients = clients_create(&host, &world->arena);
    clients_start(world->clients);
    for (size_t i = 0; i < world->conflict_count; i++) {
        engine_at(&world->engine, world->conflicts[i].at_ns,
                  (struct event){.kind = FAKE_CONFLICT_EVENT, .a = i});
    }
    engine_run(&world->engine, world->layout.duration_ns, UINT64_MAX);
}

static inline void fake_release(struct world *world)
{
    clients_release(world->clients);
    engine_release(&world->engine);
    memory_release(world->rows);
    memory_release(world->requests);
    arena_release(&world->arena);
    memory_release(world);
}

/* Row number `n` (from 0) of this kind; CHECKs that it is there. */
static inline const struct record *fake_nth(const struct world *world, enum record_kind kind,
                                            size_t n)
{
    for (size_t i = 0; i < world->row_count; i++) {
        if (world->rows[i].kind == kind && n-- == 0) {
            return &world->rows[i];
        }
    }
    CHECK(false);
    return NULL;
}

static inline size_t fake_count(const struct world *world, enum record_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < world->row_count; i++) {
        count += world->rows[i].kind == kind;
    }
    return count;
}

static const char *const fake_header[] = {"time_ms", "operation", "key", "element", "amount", NULL};

/* A trace of operations with the first `columns` of these columns; its cells are not copied. */
static inline void fake_trace_of(struct world *world, uint32_t group, size_t columns,
                                 const char *const *cells, size_t rows)
{
    int *lines = arena_alloc(&world->arena, rows, sizeof *lines);
    world->group[group].trace = (struct param_csv){
        .header = fake_header, .cells = cells, .lines = lines, .columns = columns, .rows = rows};
}

static inline void fake_trace(struct world *world, uint32_t group, const char *const *cells,
                              size_t rows)
{
    fake_trace_of(world, group, 3, cells, rows);
}

#endif
