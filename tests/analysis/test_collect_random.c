/*
 * The collector against a brute-force observer (collect_reference.h) on random streams: few keys,
 * replicas with random lag, lost messages, skewed stamps, unknown outcomes, reads in flight across
 * writes, warm-up, faults, crashes that revert replicas, disks that are lost, and writes that are
 * thrown away, rewound and committed anew.
 *
 * Streams that cross many seconds exercise forgetting; streams with crashes stay within the second
 * for which nothing is forgotten. In both every number must be equal.
 */
#include "tests/analysis/random_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- comparison ---- */

static void same_count(uint64_t seed, const char *what, uint64_t collected, uint64_t reference)
{
    if (collected != reference) {
        fail_msg("seed %llu: %s: collector %llu, reference %llu", (unsigned long long)seed, what,
                 (unsigned long long)collected, (unsigned long long)reference);
    }
}

static void same_number(uint64_t seed, const char *what, double collected, double reference)
{
    if (fabs(collected - reference) > 1e-9 * (1 + fabs(reference))) {
        fail_msg("seed %llu: %s: collector %.12g, reference %.12g", (unsigned long long)seed, what,
                 collected, reference);
    }
}

static void same_sum(uint64_t seed, const char *what, const struct histogram *histogram,
                     struct ref_sum sum)
{
    same_count(seed, what, histogram->count, sum.count);
    if (sum.count > 0) {
        same_number(seed, what, histogram_mean(histogram), sum.sum / (double)sum.count);
        same_count(seed, what, (uint64_t)histogram->max, (uint64_t)sum.max);
    }
}

static void sum_up(struct ref_sum *total, struct ref_sum sum)
{
    total->count += sum.count;
    total->sum += sum.sum;
    total->max = sum.max > total->max ? sum.max : total->max;
}

static const char *label(char text[160], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *label(char text[160], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, 160, format, arguments);
    va_end(arguments);
    return text;
}

static void same_reads(uint64_t seed, const struct metric_set *set, const struct reference *ref)
{
    char text[160];

    for (int writer = -1; writer < REF_PLACES; writer++) {
        for (int reader = -1; reader < REF_PLACES; reader++) {
            struct ref_reads total = {0};
            char labels[100] = "";

            for (int w = 0; w <= REF_PLACES; w++) {
                for (int r = 0; r < REF_PLACES; r++) {
                    if ((writer < 0 || writer == w) && (reader < 0 || reader == r)) {
                        total.reads += ref->by_pair[w][r].reads;
                        total.stale += ref->by_pair[w][r].stale;
                        sum_up(&total.age, ref->by_pair[w][r].age);
                        sum_up(&total.versions, ref->by_pair[w][r].versions);
                    }
                }
            }
            if (writer >= 0 && reader >= 0) {
                snprintf(labels, sizeof(labels), "{reader=%s,writer=%s}",
                         stream_places[reader].name, stream_places[writer].name);
            } else if (writer >= 0 || reader >= 0) {
                snprintf(labels, sizeof(labels), "{%s=%s}", writer >= 0 ? "writer" : "reader",
                         stream_places[writer >= 0 ? writer : reader].name);
            }
            label(text, "stale_ratio%s", labels);
            same_count(seed, text, metric_at(set, text)->total, total.reads);
            same_count(seed, text, metric_at(set, text)->count, total.stale);
            label(text, "staleness_ms%s", labels);
            same_sum(seed, text, metric_at(set, text)->histogram, total.age);
            label(text, "staleness_versions%s", labels);
            same_sum(seed, text, metric_at(set, text)->histogram, total.versions);
        }
    }
    same_sum(seed, "t_visibility", set->curves[0].all, ref->t_all);
    same_sum(seed, "t_visibility missed", set->curves[0].missed, ref->t_missed);
    same_count(seed, "approximate", metric_at(set, "staleness_approximate_reads")->count, 0);
    same_count(seed, "ryw", metric_at(set, "read_your_writes_violation_ratio")->count,
               ref->own_bad);
    same_count(seed, "ryw", metric_at(set, "read_your_writes_violation_ratio")->total,
               ref->own_reads);
    same_count(seed, "mr", metric_at(set, "monotonic_reads_violation_ratio")->count, ref->seen_bad);
    same_count(seed, "mr", metric_at(set, "monotonic_reads_violation_ratio")->total,
               ref->seen_reads);
}

static void same_operations(uint64_t seed, const struct metric_set *set,
                            const struct reference *ref)
{
    char text[160];

    for (int type = 0; type < 2; type++) {
        const char *name = type == 0 ? "read" : "write";
        uint64_t good = 0, buckets = 0;
        const uint64_t ended =
            ref->outcomes[type][0] + ref->outcomes[type][1] + ref->outcomes[type][2];

        for (size_t g = 0; g < REF_GROUPS; g++) {
            label(text, "latency_ms{group=%s,operation=%s}", random_groups[g].name, name);
            same_sum(seed, text, metric_at(set, text)->histogram, ref->latency[g][type]);
        }
        for (uint32_t fault = 0; fault < 2; fault++) {
            for (uint32_t phase = 0; phase < 3; phase++) {
                static const char *const phases[] = {"before", "during", "after"};

                label(text, "latency_ms{fault=%s,phase=%s,operation=%s}", stream_faults[fault].id,
                      phases[phase], name);
                same_sum(seed, text, metric_at(set, text)->histogram,
                         ref->windows[fault][phase][type]);
            }
        }
        label(text, "operations_offered{operation=%s}", name);
        same_count(seed, text, metric_at(set, text)->count, ref->offered[type]);
        label(text, "availability_ratio{operation=%s}", name);
        same_count(seed, text, metric_at(set, text)->count, ref->outcomes[type][RECORD_OK]);
        same_count(seed, text, metric_at(set, text)->total, ended);
        label(text, "operations_in_flight{operation=%s}", name);
        same_count(seed, text, metric_at(set, text)->count, ref->offered[type] - ended);
        for (size_t b = 0; b < set->bucket_count; b++) {
            if ((sim_ns)b * ref->layout->bucket_ns >= ref->layout->warmup_ns &&
                ref->bucket_all[b][type] > 0) {
                buckets++;
                good += ref->bucket_ok[b][type] * 20 >= ref->bucket_all[b][type] * 19 ? 1u : 0u;
            }
        }
        label(text, "availability_time_ratio{operation=%s}", name);
        same_count(seed, text, metric_at(set, text)->count, good);
        same_count(seed, text, metric_at(set, text)->total, buckets);
    }
}

static void same_replicas(uint64_t seed, const struct metric_set *set, const struct reference *ref)
{
    const double span = (double)(ref->layout->duration_ns - ref->layout->warmup_ns);
    char text[160];

    for (uint32_t d = 0; d < REF_DATASETS; d++) {
        for (uint32_t x = 0; x < random_datasets[d].replica_count; x++) {
            const char *data = random_datasets[d].name, *node = stream_nodes[x].name;

            label(text, "replication_lag_ms{dataset=%s,replica=%s}", data, node);
            same_sum(seed, text, metric_at(set, text)->histogram, ref->lag[d][x]);
            label(text, "replication_lag_versions{dataset=%s,replica=%s}", data, node);
            same_sum(seed, text, metric_at(set, text)->histogram, ref->missing[d][x]);
            label(text, "apply_delay_ms{dataset=%s,replica=%s}", data, node);
            same_sum(seed, text, metric_at(set, text)->histogram, ref->delay[d][x]);
            label(text, "replication_lag_mean_ms{dataset=%s,replica=%s}", data, node);
            same_number(seed, text, metric_at(set, text)->value, ref->lag_integral[d][x] / span);
            label(text, "replication_lag_mean_versions{dataset=%s,replica=%s}", data, node);
            same_number(seed, text, metric_at(set, text)->value,
                        ref->missing_integral[d][x] / span);
        }
    }
}

static void same_loss(uint64_t seed, const struct metric_set *set, const struct reference *ref)
{
    const struct metric *convergence = metric_at(set, "convergence_ms");
    uint64_t divergent = 0;
    sim_ns earliest_ns;

    same_count(seed, "acked_lost", metric_at(set, "acked_lost")->count,
               ref_lost(ref, true, &earliest_ns));
    same_count(seed, "acked_lost_gone", metric_at(set, "acked_lost_gone")->count,
               ref_lost(ref, false, &earliest_ns));
    same_count(seed, "rpo_writes", metric_at(set, "rpo_writes{fault=crash}")->count,
               ref->rpo_writes);
    same_count(seed, "rpo_writes_recovered",
               metric_at(set, "rpo_writes_recovered{fault=crash}")->count, ref->rpo_recovered);
    same_count(seed, "rpo_writes_discarded",
               metric_at(set, "rpo_writes_discarded{fault=crash}")->count, ref->rpo_discarded);
    same_count(seed, "rpo_writes_gone", metric_at(set, "rpo_writes_gone")->count,
               ref->rpo_writes - ref->rpo_recovered - ref->rpo_discarded);
    same_count(seed, "rpo_ms", metric_at(set, "rpo_ms{fault=crash}")->count,
               ref->crashes > 0 ? 1 : 0);
    same_number(seed, "rpo_ms", metric_at(set, "rpo_ms{fault=crash}")->value, (double)ref->rpo_ns);
    same_count(seed, "converged", convergence->count, ref->converged_ns >= 0 ? 1 : 0);
    if (ref->converged_ns >= 0) {
        same_number(seed, "convergence_ms", convergence->value,
                    (double)(ref->converged_ns - ref->last_end_ns));
    }
    for (uint32_t d = 0; d < REF_DATASETS; d++) {
        for (uint32_t key = 0; key < random_datasets[d].key_count; key++) {
            const struct ref_version newest = ref_newest_held(ref, d, key, true);
            bool differs = false;

            for (uint32_t x = 0; x < random_datasets[d].replica_count; x++) {
                differs |= !ref->down[x] && ref_less(ref->held[d][x][key], newest);
            }
            divergent += differs ? 1u : 0u;
        }
    }
    same_count(seed, "divergent_keys", metric_at(set, "divergent_keys")->count, divergent);
}

static void run_seed(uint64_t seed, sim_ns duration_ns, sim_ns step_ns, bool crashes)
{
    struct random_world *world = calloc(1, sizeof(*world));
    struct metric_set set;

    assert_non_null(world);
    world->layout = stream_layout();
    world->layout.groups = random_groups;
    world->layout.group_count = REF_GROUPS;
    world->layout.session_count = 12;
    world->layout.datasets = random_datasets;
    world->layout.duration_ns = duration_ns;
    world->layout.warmup_ns = duration_ns / 8;
    world->layout.bucket_ns = duration_ns / 40;
    world->random = seed;
    world->step_ns = step_ns;
    world->crashes = crashes;
    world->speed = 1 + (uint32_t)(seed % 8);
    world->read_speed = 1 + (uint32_t)(seed / 3 % 8);
    world->ref = ref_new(&world->layout);
    stream_begin(&world->stream, &world->layout);
    while (world->now_ns < duration_ns - 100 * step_ns) {
        world_step(world);
    }
    ref_pass(world->ref, duration_ns, true);
    collector_finish(&world->stream.collector, duration_ns, &set);
    same_reads(seed, &set, world->ref);
    same_operations(seed, &set, world->ref);
    same_replicas(seed, &set, world->ref);
    same_loss(seed, &set, world->ref);
    metric_set_release(&set);
    collector_release(&world->stream.collector);
    free(world->ref);
    free(world);
}

/* 40 s in steps of about 10 ms: what every replica holds for a second is forgotten. */
static void test_long_streams(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        run_seed(seed, 40 * SIM_NS_PER_S, 20 * MS, false);
    }
}

/* Less than a second in steps of about 0.5 ms, with crashes. */
static void test_crashes(void **state)
{
    (void)state;
    for (uint64_t seed = 1001; seed <= 1040; seed++) {
        run_seed(seed, 960 * MS, MS, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_streams),
        cmocka_unit_test(test_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
