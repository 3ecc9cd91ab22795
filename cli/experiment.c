#define _POSIX_C_SOURCE 200809L
#include "cli/experiment.h"

#include "analysis/collect.h"
#include "analysis/statistics.h"
#include "sim/arena.h"
#include "sim/check.h"
#include "sim/fingerprint.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

volatile bool experiment_interrupted;

struct worker_share { /* what the threads share; numbers and `ready` under the lock */
    struct experiment *experiment;
    pthread_mutex_t lock;
    pthread_cond_t is_ready;
    bool ready; /* the first world, from which all take names */
    size_t next, done;
    struct timespec begun;
};

/* Rows to two sinks. */
struct tee {
    struct record_sink first, second;
};

static void tee_row(void *state, const struct record *row)
{
    const struct tee *tee = state;
    record_emit(&tee->first, row);
    record_emit(&tee->second, row);
}

static void wait_for_first(struct worker_share *share)
{
    pthread_mutex_lock(&share->lock);
    while (!share->ready) {
        pthread_cond_wait(&share->is_ready, &share->lock);
    }
    pthread_mutex_unlock(&share->lock);
}

/* The first world outlives its run. */
static struct world *world_of(struct worker_share *share, size_t number)
{
    struct experiment *experiment = share->experiment;
    struct world *world = world_create(experiment->scenario, experiment->seed + number);
    if (number == 0) {
        pthread_mutex_lock(&share->lock);
        experiment->world = world;
        share->ready = true;
        pthread_cond_broadcast(&share->is_ready);
        pthread_mutex_unlock(&share->lock);
    } else {
        wait_for_first(share);
    }
    return world;
}

static void run_one(struct worker_share *share, size_t number)
{
    struct experiment *experiment = share->experiment;
    struct world *world = world_of(share, number);
    struct metric_set *set = &experiment->sets[number];
    struct collector collector;
    struct record_sink sink = {0};
    struct tee tee = {0};
    if (!experiment->without_metrics) {
        /* Sets outlive their worlds, so that all of them take names from the first one's layout. */
        collector_init(&collector, world_layout(experiment->world));
        sink = collector_sink(&collector);
    }
    if (number == 0 && experiment->further != NULL) {
        tee = (struct tee){.first = sink, .second = *experiment->further};
        sink = (struct record_sink){
            .state = &tee, .row = tee_row, .mask = sink.mask | tee.second.mask};
    }
    const enum engine_stop stop = world_run(world, &sink, &experiment_interrupted);
    if (!experiment->without_metrics) {
        const sim_ns end_ns = stop == ENGINE_DONE || stop == ENGINE_UNTIL
                                  ? experiment->scenario->duration
                                  : world_now(world);
        collector_finish(&collector, end_ns, set);
        collector_release(&collector);
    }
    set->seed = experiment->seed + number;
    set->events = world_events(world);
    set->fingerprint = world_fingerprint(world);
    if (stop == ENGINE_BUDGET || stop == ENGINE_STOPPED) {
        experiment->stop = stop;
    }
    if (number != 0) {
        world_release(world);
    } else {
        world_drop_tables(world); /* its names are needed until the end */
    }
}

static void show_progress(struct worker_share *share)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double seconds = (double)(now.tv_sec - share->begun.tv_sec) +
                           1e-9 * (double)(now.tv_nsec - share->begun.tv_nsec);
    if (share->experiment->progress && seconds > 1.0) {
        fprintf(stderr, "\r%zu of %zu replications, %.0f s ", share->done,
                share->experiment->replications, seconds);
        if (share->done == share->experiment->replications) {
            fprintf(stderr, "\r\033[K");
        }
    }
}

/* The first world is made also when a signal has come: there is always one to release. */
static void *work(void *context)
{
    struct worker_share *share = context;
    struct experiment *experiment = share->experiment;
    for (;;) {
        pthread_mutex_lock(&share->lock);
        const size_t number = share->next;
        share->next += number < experiment->replications ? 1 : 0;
        pthread_mutex_unlock(&share->lock);
        if (number >= experiment->replications || (number > 0 && experiment_interrupted)) {
            return NULL;
        }
        run_one(share, number);
        pthread_mutex_lock(&share->lock);
        share->done++;
        show_progress(share);
        pthread_mutex_unlock(&share->lock);
    }
}

static void run_all(struct experiment *experiment)
{
    struct worker_share share = {.experiment = experiment};
    clock_gettime(CLOCK_MONOTONIC, &share.begun);
    pthread_mutex_init(&share.lock, NULL);
    pthread_cond_init(&share.is_ready, NULL);
    enum { THREADS_MAX = 256 };
    pthread_t threads[THREADS_MAX];
    size_t count = 0;
    const size_t wanted =
        experiment->jobs < experiment->replications ? experiment->jobs : experiment->replications;
    while (count + 1 < wanted && count < THREADS_MAX &&
           pthread_create(&threads[count], NULL, work, &share) == 0) {
        count++;
    }
    work(&share);
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_cond_destroy(&share.is_ready);
    pthread_mutex_destroy(&share.lock);
}

void experiment_run(struct experiment *experiment)
{
    CHECK(experiment->replications > 0);
    experiment->sets = memory_alloc(experiment->replications, sizeof *experiment->sets);
    experiment->set_pointers =
        memory_alloc(experiment->replications, sizeof *experiment->set_pointers);
    experiment->stop = ENGINE_UNTIL;
    run_all(experiment);
    struct fingerprint fingerprint;
    fingerprint_init(&fingerprint);
    size_t finished = 0;
    for (size_t i = 0; i < experiment->replications; i++) {
        const struct metric_set *set = &experiment->sets[i];
        if (set->events == 0 && experiment_interrupted) {
            break; /* never begun */
        }
        experiment->set_pointers[finished++] = set;
        experiment->events += set->events;
        fingerprint_mix(&fingerprint, set->fingerprint);
        if (!experiment->without_metrics) {
            fingerprint_mix(&fingerprint, metric_set_digest(set));
        }
    }
    experiment->fingerprint = fingerprint_value(&fingerprint);
    if (experiment->without_metrics || finished == 0) {
        return;
    }
    struct metric_set *merged = &experiment->sets[0];
    if (finished > 1) {
        merged = &experiment->merged;
        statistics_pool(experiment->set_pointers, finished, merged);
    }
    merged->events = experiment->events;
    merged->fingerprint = experiment->fingerprint;
    merged->seed = experiment->seed;
    experiment->results = (struct metric_results){
        .merged = merged, .replications = experiment->set_pointers, .replication_count = finished};
}

void experiment_release(struct experiment *experiment)
{
    for (size_t i = 0; i < experiment->replications; i++) {
        if (experiment->sets[i].metrics != NULL) { /* else it never began */
            metric_set_release(&experiment->sets[i]);
        }
    }
    if (experiment->results.merged == &experiment->merged) {
        metric_set_release(&experiment->merged);
    }
    memory_release(experiment->sets);
    memory_release(experiment->set_pointers);
    world_release(experiment->world);
}
