/*
 * bench_engine - nanoseconds per event of the engine, through its public interface.
 *
 * Usage:  bench_engine [WORKLOAD [SIZE [EVENTS]]]      README.md describes the workloads
 * Prints: workload, size, events, ns per event, million events per second, check value, tab
 *         separated. Time is CPU time of the process: machines are shared and nothing here waits.
 * Random: xoshiro256++ (Blackman and Vigna) and an exponential ziggurat of 256 layers (Marsaglia
 *         and Tsang 2000), about 2 ns a draw, so that the engine is most of what is measured.
 */
#define _POSIX_C_SOURCE 200809L

#include "sim/engine.h"
#include "sim/arena.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- random numbers ---------------------------------------------------------------------- */

enum { LAYERS = 256 };

struct rng {
    uint64_t state[4];
};

static double layer_x[LAYERS + 1];
static double layer_y[LAYERS + 1];

static inline uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    const uint64_t result = rotate(s[0] + s[3], 23) + s[0];
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

static void rng_init(struct rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) { /* splitmix64 */
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        rng->state[i] = z ^ z >> 31;
    }
}

/* Layers of equal area under exp(-x); the constants are those of the paper for 256 layers. */
static void layers_init(void)
{
    const double last = 7.69711747013104972;
    const double area = 0.0039496598225815571993;
    layer_x[0] = area / exp(-last);
    layer_x[1] = last;
    for (int i = 2; i < LAYERS; i++) {
        layer_x[i] = -log(exp(-layer_x[i - 1]) + area / layer_x[i - 1]);
    }
    layer_x[LAYERS] = 0.0;
    for (int i = 0; i <= LAYERS; i++) {
        layer_y[i] = exp(-layer_x[i]);
    }
}

static __attribute__((noinline)) double exponential_edge(struct rng *rng, size_t layer, double x)
{
    double passed = 0.0;
    for (;;) {
        if (layer == 0) {
            passed += layer_x[1]; /* the tail is the same law again */
        } else {
            const double u = ((double)(rng_next(rng) >> 11) + 0.5) * 0x1p-53;
            if (layer_y[layer] + u * (layer_y[layer + 1] - layer_y[layer]) < exp(-x)) {
                return passed + x;
            }
        }
        const uint64_t word = rng_next(rng);
        layer = word % LAYERS;
        x = (double)(word >> 11) * 0x1p-53 * layer_x[layer];
        if (x < layer_x[layer + 1]) {
            return passed + x;
        }
    }
}

static inline double exponential(struct rng *rng)
{
    const uint64_t word = rng_next(rng);
    const size_t layer = word % LAYERS;
    const double x = (double)(word >> 11) * 0x1p-53 * layer_x[layer];
    return __builtin_expect(x < layer_x[layer + 1], 1) ? x : exponential_edge(rng, layer, x);
}

/* ---- reports ----------------------------------------------------------------------------- */

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void report(const char *workload, uint64_t size, uint64_t events, double seconds,
                   double check)
{
    printf("%s\t%" PRIu64 "\t%" PRIu64 "\t%.2f ns\t%.2f M/s\t%.9g\n", workload, size, events,
           seconds * 1e9 / (double)events, (double)events / seconds * 1e-6, check);
    fflush(stdout);
}

/* ---- hold -------------------------------------------------------------------------------- */

enum increments { EXPONENTIAL, BIMODAL, CONSTANT, TIED, GEO };

static const double mean_ns = 1e9;

struct hold {
    struct rng rng;
    enum increments increments;
    uint64_t check;
    struct engine engine;
    struct timer *deadlines;
    uint64_t missed;
};

/* Disk, message, time-out, fault: what a geo-replicated store schedules. Mean about 160 ms. */
static sim_ns geo_increment(struct rng *rng)
{
    const uint64_t kind = rng_next(rng) >> 44;
    if (kind < 700000) {
        return 50000 + (sim_ns)(exponential(rng) * 50e3);
    }
    if (kind < 1020000) {
        return 40000000 + (sim_ns)(exponential(rng) * 60e6);
    }
    return kind < 1048000 ? 5000000000 : (sim_ns)(exponential(rng) * 1800e9);
}

static inline sim_ns increment(struct rng *rng, enum increments increments)
{
    double mean = mean_ns;
    if (__builtin_expect(increments != EXPONENTIAL, 0)) {
        if (increments == GEO) {
            return geo_increment(rng);
        }
        if (increments != BIMODAL) {
            return (sim_ns)mean_ns;
        }
        mean *= rng_next(rng) >> 60 < 14 ? 0.1 : 7.3;
    }
    return (sim_ns)(exponential(rng) * mean);
}

static void hold_even(void *world, const struct event *event)
{
    struct hold *hold = world;
    struct event next = *event;
    next.a += 1;
    hold->check = hold->check * 31 + next.b;
    engine_after(&hold->engine, increment(&hold->rng, hold->increments), next);
}

static void hold_odd(void *world, const struct event *event)
{
    struct hold *hold = world;
    struct event next = *event;
    next.a += 2;
    hold->check = hold->check * 31 + next.b;
    engine_after(&hold->engine, increment(&hold->rng, hold->increments), next);
}

/* A client's request is answered: its deadline is cancelled, the next one begins. */
static void hold_answer(void *world, const struct event *event)
{
    struct hold *hold = world;
    hold->check = hold->check * 31 + event->b;
    hold->missed += !engine_cancel(&hold->engine, hold->deadlines[event->target]);
    struct event deadline = *event;
    deadline.kind = 3;
    hold->deadlines[event->target] =
        engine_after(&hold->engine, (sim_ns)(10.0 * mean_ns), deadline);
    engine_after(&hold->engine, increment(&hold->rng, hold->increments), *event);
}

static void hold_deadline(void *world, const struct event *event)
{
    struct hold *hold = world;
    hold->check = hold->check * 31 + event->target + 1;
}

static const engine_handler hold_handlers[] = {hold_even, hold_odd, hold_answer, hold_deadline};

static void hold_event(struct event *event, uint64_t number)
{
    *event =
        (struct event){.kind = (uint16_t)(number & 1), .target = (uint32_t)number, .b = number};
}

static void run_hold(const char *name, enum increments increments, uint64_t size, uint64_t events)
{
    struct hold *hold = memory_alloc(1, sizeof *hold);
    rng_init(&hold->rng, 12345);
    hold->increments = increments;
    hold->deadlines = memory_alloc(size, sizeof *hold->deadlines);
    engine_init(&hold->engine, hold, hold_handlers, 4);
    const bool cancel = strcmp(name, "hold-cancel") == 0;
    for (uint64_t i = 0; i < size; i++) {
        struct event event;
        hold_event(&event, i);
        event.kind = cancel ? 2 : event.kind;
        const double at = increments == TIED ? 0.0 : exponential(&hold->rng) * mean_ns;
        engine_at(&hold->engine, (sim_ns)at, event);
    }
    engine_run(&hold->engine, SIM_NS_MAX, 3 * size);
    const double begin = cpu_seconds();
    engine_run(&hold->engine, SIM_NS_MAX, events);
    const double seconds = cpu_seconds() - begin;
    report(name, size, events, seconds, (double)(hold->check >> 11));
    engine_release(&hold->engine);
    memory_release(hold->deadlines);
    memory_release(hold);
}

/*
 * The same work on a plain 4-ary heap, with the engine's own records, handles, fingerprint and
 * counts per kind: what an engine would cost whose queue is nothing but a heap.
 */
struct plain {
    struct hold hold;
    struct event_slots slots;
    struct event_heap heap;
    uint64_t sequence, handled;
    sim_ns now_ns;
    uint64_t kinds[2];
    struct fingerprint fingerprint;
};

static inline void plain_at(struct plain *plain, sim_ns at_ns, const struct event *event)
{
    const struct timer timer = event_slots_take(&plain->slots, event);
    plain->sequence += UINT64_C(1) << EVENT_SLOT_BITS;
    CHECK(plain->sequence != 0);
    const event_key key = (event_key)(uint64_t)at_ns << 64 | plain->sequence | timer.slot;
    event_heap_up(plain->heap.keys, plain->heap.count++, key);
}

static void plain_handle(void *world, const struct event *event)
{
    struct plain *plain = world;
    struct event next = *event;
    next.a += 1 + event->kind;
    plain->hold.check = plain->hold.check * 31 + next.b;
    plain_at(plain, plain->now_ns + increment(&plain->hold.rng, plain->hold.increments), &next);
}

static const engine_handler plain_handlers[] = {plain_handle, plain_handle};

static void plain_run(struct plain *plain, sim_ns until_ns, uint64_t events)
{
    struct event_heap *heap = &plain->heap;
    struct event event;
    while (events > 0 && event_key_time(heap->keys[0]) <= (uint64_t)until_ns) {
        const event_key key = heap->keys[0];
        event_heap_pop(heap);
        if (event_slots_give(&plain->slots, event_key_slot(key), &event)) {
            plain->handled++;
            CHECK((sim_ns)event_key_time(key) >= plain->now_ns);
            CHECK(event.kind < 2);
            plain->now_ns = (sim_ns)event_key_time(key);
            plain->kinds[event.kind]++;
            fingerprint_add(&plain->fingerprint, event_key_time(key),
                            (uint64_t)event.kind << 48 | (uint64_t)event.small << 32 | event.target,
                            event.a, event.b);
            plain_handlers[event.kind](plain, &event);
            events--;
        }
    }
}

static void run_plain(const char *name, enum increments increments, uint64_t size, uint64_t events)
{
    struct plain *plain = memory_alloc(1, sizeof *plain);
    rng_init(&plain->hold.rng, 12345);
    plain->hold.increments = increments;
    event_slots_init(&plain->slots);
    event_heap_reserve(&plain->heap, size + 1);
    for (uint64_t i = 0; i < size; i++) {
        struct event event;
        hold_event(&event, i);
        const double at = increments == TIED ? 0.0 : exponential(&plain->hold.rng) * mean_ns;
        plain_at(plain, (sim_ns)at, &event);
    }
    plain_run(plain, SIM_NS_MAX, 3 * size);
    const double begin = cpu_seconds();
    plain_run(plain, SIM_NS_MAX, events);
    const double seconds = cpu_seconds() - begin;
    report(name, size, events, seconds, (double)(plain->hold.check >> 11));
    event_slots_release(&plain->slots);
    event_heap_release(&plain->heap);
    memory_release(plain);
}

/* ---- M/M/1 ------------------------------------------------------------------------------- */

enum { ARRIVAL, DEPARTURE, WAITING_MAX = 1 << 16 };

struct station {
    struct rng rng;
    struct engine engine;
    uint64_t customers, arrived, served;
    size_t head, tail;
    double total;
    sim_ns waiting[WAITING_MAX];
};

static void serve(struct station *station)
{
    engine_after(&station->engine, (sim_ns)(exponential(&station->rng) * mean_ns),
                 (struct event){.kind = DEPARTURE});
}

static void arrive(struct station *station)
{
    engine_after(&station->engine, (sim_ns)(exponential(&station->rng) * (mean_ns / 0.9)),
                 (struct event){.kind = ARRIVAL});
}

static void arrival(void *world, const struct event *event)
{
    struct station *station = world;
    (void)event;
    CHECK(station->tail - station->head < WAITING_MAX);
    station->waiting[station->tail++ % WAITING_MAX] = engine_now(&station->engine);
    if (station->tail - station->head == 1) {
        serve(station);
    }
    if (++station->arrived < station->customers) {
        arrive(station);
    }
}

static void departure(void *world, const struct event *event)
{
    struct station *station = world;
    (void)event;
    station->total +=
        (double)(engine_now(&station->engine) - station->waiting[station->head++ % WAITING_MAX]);
    station->served++;
    if (station->head != station->tail) {
        serve(station);
    }
}

static void run_mm1(uint64_t customers)
{
    static const engine_handler handlers[] = {arrival, departure};
    struct station *station = memory_alloc(1, sizeof *station);
    rng_init(&station->rng, 12345);
    station->customers = customers;
    engine_init(&station->engine, station, handlers, 2);
    const double begin = cpu_seconds();
    arrive(station);
    engine_run(&station->engine, SIM_NS_MAX, UINT64_MAX);
    const double seconds = cpu_seconds() - begin;
    report("mm1", customers, engine_events(&station->engine), seconds,
           station->total / mean_ns / (double)station->served);
    engine_release(&station->engine);
    memory_release(station);
}

/* ---- messages ---------------------------------------------------------------------------- */

enum { BROADCAST, DELIVERY, NODES = 5 };

struct network {
    struct rng rng;
    struct engine engine;
    uint64_t broadcasts, sent, received;
    uint64_t from_to[NODES][NODES];
    double base_ns[NODES][NODES];
    double latency_ns;
};

static void broadcast(void *world, const struct event *event)
{
    struct network *network = world;
    if (network->sent == network->broadcasts) {
        return;
    }
    network->sent++;
    for (uint32_t to = 0; to < NODES; to++) {
        if (to != event->target) {
            const double delay =
                network->base_ns[event->target][to] + exponential(&network->rng) * 5e6;
            engine_after(&network->engine, (sim_ns)delay,
                         (struct event){.kind = DELIVERY,
                                        .small = (uint16_t)event->target,
                                        .target = to,
                                        .a = (uint64_t)engine_now(&network->engine)});
        }
    }
    engine_after(&network->engine, (sim_ns)(exponential(&network->rng) * 1e6), *event);
}

static void delivery(void *world, const struct event *event)
{
    struct network *network = world;
    network->from_to[event->small][event->target]++;
    network->received++;
    network->latency_ns += (double)(engine_now(&network->engine) - (sim_ns)event->a);
}

static void run_messages(uint64_t broadcasts)
{
    static const engine_handler handlers[] = {broadcast, delivery};
    struct network *network = memory_alloc(1, sizeof *network);
    rng_init(&network->rng, 12345);
    network->broadcasts = broadcasts;
    for (int i = 0; i < NODES; i++) {
        for (int j = 0; j < NODES; j++) {
            network->base_ns[i][j] = (20.0 + 30.0 * abs(i - j)) * 1e6;
        }
    }
    engine_init(&network->engine, network, handlers, 2);
    const double begin = cpu_seconds();
    for (uint32_t i = 0; i < NODES; i++) {
        engine_at(&network->engine, (sim_ns)(exponential(&network->rng) * 1e6),
                  (struct event){.kind = BROADCAST, .target = i});
    }
    engine_run(&network->engine, SIM_NS_MAX, UINT64_MAX);
    const double seconds = cpu_seconds() - begin;
    report("messages", network->received, engine_events(&network->engine), seconds,
           network->latency_ns / 1e6 / (double)network->received);
    engine_release(&network->engine);
    memory_release(network);
}

/* ---- the program ------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum increments increments;
    bool plain;
} holds[] = {
    {"hold", EXPONENTIAL, false},
    {"plain", EXPONENTIAL, true},
    {"hold-bimodal", BIMODAL, false},
    {"plain-bimodal", BIMODAL, true},
    {"hold-constant", CONSTANT, false},
    {"plain-constant", CONSTANT, true},
    {"hold-tied", TIED, false},
    {"plain-tied", TIED, true},
    {"hold-geo", GEO, false},
    {"plain-geo", GEO, true},
    {"hold-cancel", EXPONENTIAL, false},
};

int main(int argc, char **argv)
{
    static const uint64_t sizes[] = {64, 1000, 100000, 1000000};
    const char *only = argc > 1 ? argv[1] : NULL;
    const uint64_t size = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    const uint64_t events = argc > 3 ? strtoull(argv[3], NULL, 10) : 3000000;
    layers_init();
    for (size_t i = 0; i < sizeof holds / sizeof holds[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            if ((only == NULL || strcmp(only, holds[i].name) == 0) && (size == 0 || j == 0)) {
                (holds[i].plain ? run_plain : run_hold)(holds[i].name, holds[i].increments,
                                                        size == 0 ? sizes[j] : size, events);
            }
        }
    }
    if (only == NULL || strcmp(only, "mm1") == 0) {
        run_mm1(size == 0 ? 4000000 : size);
    }
    if (only == NULL || strcmp(only, "messages") == 0) {
        run_messages(size == 0 ? 1000000 : size);
    }
    return 0;
}
