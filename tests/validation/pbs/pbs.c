#include "tests/validation/pbs/pbs.h"

#include "tests/validation/lab.h"

#include <math.h>

enum { REFERENCE_TRIALS = 1000000, REFERENCE_SEED = 4357 };
enum { SLOTS = 1 << 16, WRITES_MASK = (1 << 16) - 1 };

#if defined(__SANITIZE_ADDRESS__)
#define USUAL_SAMPLE 0.005
#elif defined(__clang__)
#if __has_feature(address_sanitizer)
#define USUAL_SAMPLE 0.005
#else
#define USUAL_SAMPLE 0.1
#endif
#elif defined(__OPTIMIZE__)
#define USUAL_SAMPLE 1.0
#else
#define USUAL_SAMPLE 0.1
#endif

static const char *const files[WARS_SETUPS] = {"lnkd-ssd", "lnkd-disk", "wan"};

/* Operations that take longer than 0.98 and 1.02 times the exact 99.9 % quantile. */
struct tail {
    double exact_ms;
    uint64_t operations, beyond_low, beyond_high;
};

struct at_time {
    sim_ns after_ns;
    uint64_t reads, stale;
};

struct watch {
    struct at_time times[PBS_TIMES_MAX];
    int time_count;
    struct tail *write, *read;
    int64_t stamps[WRITES_MASK + 1]; /* of the latest acknowledged writes, by number */
    struct {
        sim_ns begun_ns;
        uint64_t probed;
        sim_ns after_ns;
    } slots[SLOTS];
};

static double sample_share(void)
{
    return test_environment("GEODES_TEST_SAMPLE", USUAL_SAMPLE);
}

static void tail_add(struct tail *tail, sim_ns latency_ns)
{
    const double latency_ms = (double)latency_ns / 1e6;
    tail->operations++;
    tail->beyond_low += latency_ms > 0.98 * tail->exact_ms;
    tail->beyond_high += latency_ms > 1.02 * tail->exact_ms;
}

static void probe_add(struct watch *watch, sim_ns after_ns, bool stale)
{
    for (int i = 0; i < watch->time_count; i++) {
        if (watch->times[i].after_ns == after_ns) {
            watch->times[i].reads++;
            watch->times[i].stale += stale;
            return;
        }
    }
    fail_msg("a probe came after %lld ns", (long long)after_ns);
}

static void on_row(void *state, const struct record *row)
{
    struct watch *watch = state;
    assert_true(row->slot < SLOTS);
    if (row->kind == RECORD_INVOKED) {
        watch->slots[row->slot].begun_ns = row->at_ns;
        watch->slots[row->slot].probed = row->write;
        watch->slots[row->slot].after_ns = row->b;
        return;
    }
    assert_int_equal(row->outcome, RECORD_OK);
    const sim_ns latency_ns = row->at_ns - watch->slots[row->slot].begun_ns;
    if (row->type == RECORD_WRITE) {
        tail_add(watch->write, latency_ns);
        watch->stamps[row->write & WRITES_MASK] = row->stamp;
        return;
    }
    tail_add(watch->read, latency_ns);
    if ((row->flags & RECORD_FLAG_PROBE) != 0) {
        const uint64_t probed = watch->slots[row->slot].probed;
        const int64_t stamp = watch->stamps[probed & WRITES_MASK];
        const bool stale = row->stamp < stamp || (row->stamp == stamp && row->write < probed);
        probe_add(watch, watch->slots[row->slot].after_ns, stale);
    }
}

static void name_times(const struct pbs_run *run, char *text, size_t size, struct watch *watch)
{
    size_t used = 0;
    text[0] = '\0';
    watch->time_count = run->times;
    for (int i = 0; i < run->times; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s\"%.9gms\"", i > 0 ? "," : "",
                                 run->times_ms[i]);
        watch->times[i] = (struct at_time){.after_ns = (sim_ns)llround(run->times_ms[i] * 1e6)};
    }
}

/*
 * Runs the scenario file with the run's R, W and times. Rates and keys are such that no write that
 * is read meets another on its key: a key comes again after 20 s and more (SSD, disk: one after the
 * other), or a write meets another within 0.2 s in 0.05 % of the cases (WAN: at random among
 * 40,000). Which key it is makes no difference to a latency.
 */
static void simulate(enum wars_setup setup, const struct pbs_run *run, struct watch *watch)
{
    enum { OVERRIDES_MAX = 24 };
    static char text[OVERRIDES_MAX][512];
    const char *overrides[OVERRIDES_MAX + 1] = {NULL};
    const int groups = setup == WARS_WAN ? 3 : 1;
    const bool quiet = run->times == 0;
    const double rate = setup == WARS_WAN && !quiet ? 100.0 / 3.0 : 1000.0;
    const int keys = setup == WARS_WAN ? 40000 : 20000;
    char times[256], variant[8], path[64];
    int count = 0;
    name_times(run, times, sizeof times, watch);
    snprintf(text[count++], 512, "duration=%.0fms",
             run->writes * sample_share() / rate / groups * 1e3);
    snprintf(text[count++], 512, "datasets.values.keys.count=%d", quiet ? 1 : keys);
    for (int g = 0; g < groups; g++) {
        snprintf(text[count++], 512, "clients[%d].rate=%.17g/s", g, rate);
        snprintf(text[count++], 512, "clients[%d].probe.share=%d", g, quiet ? 0 : 1);
        if (!quiet) {
            snprintf(text[count++], 512, "clients[%d].probe.after.values=[%s]", g, times);
        }
        snprintf(text[count++], 512, "clients[%d].deadline=1h", g);
        snprintf(text[count++], 512, "clients[%d].rate=0.001/s", groups + g);
    }
    for (int i = 0; i < count; i++) {
        overrides[i] = text[i];
    }
    snprintf(variant, sizeof variant, "r%d-w%d", run->r, run->w);
    snprintf(path, sizeof path, "scenarios/pbs/%s.json", files[setup]);
    /* Each run has its own seed: with the same one all would see the same delays. */
    const int which = 100 * (int)setup + 10 * run->r + run->w;
    const int kind = quiet ? 300 : run->visible ? 600 : 0;
    struct lab lab = {0};
    lab_read(&lab, path, variant, overrides);
    lab_run_into(&lab, 1000 * test_seed() + (uint64_t)(kind + which),
                 (struct record_sink){.state = watch,
                                      .row = on_row,
                                      .mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED});
    lab_close(&lab);
}

/* What a share of `count` trials is, what the model says, and the bounds that were asked for. */
struct check {
    const char *what;
    double observed, exact, error; /* of the share and of the judge together */
    double least, most;
    uint64_t count;
};

/* How far above its expectation a share may be for the confidence of `errors` standard errors of a
 * normal law; rare events have more above than below (Cornish and Fisher's term for skewness). */
static double above(const struct check *check, double errors)
{
    return errors * check->error + (errors * errors - 1.0) / 6.0 / (double)check->count;
}

/* The distance of the bounds from the exact value must be four standard errors, in a full sample;
 * in a smaller one they move there. */
static void check(const struct check *check)
{
    const double least = fmax(0.0, fmin(check->least, check->exact - 4.0 * check->error));
    const double most = fmin(1.0, fmax(check->most, check->exact + above(check, 4.0)));
    print_message("%-38s %.6f of %8llu, exact %.6f (%+.1f se), bounds %.6f %.6f (%.1f and %.1f "
                  "se)\n",
                  check->what, check->observed, (unsigned long long)check->count, check->exact,
                  (check->observed - check->exact) / check->error, least, most,
                  (check->exact - least) / check->error, (most - check->exact) / check->error);
    if (sample_share() >= 1.0 && (least < check->least || most > check->most)) {
        fail_msg("%s: the sample of %llu is too small for its bounds", check->what,
                 (unsigned long long)check->count);
    }
    if (check->observed < least || check->observed > most) {
        fail_msg("%s: %.6f of %llu, must be %.6f to %.6f (seed %llu)", check->what, check->observed,
                 (unsigned long long)check->count, least, most, (unsigned long long)test_seed());
    }
}

/* Standard error of a share, and of a share whose expectation is itself an estimate. */
static double share_error(double share, uint64_t count)
{
    return sqrt(share * (1.0 - share) / (double)count);
}

static double both_errors(struct wars_share exact, uint64_t count)
{
    return hypot(share_error(fmax(exact.value, 1e-6), count), exact.error);
}

static void judge_reads(const struct wars *wars, const struct pbs_run *run,
                        const struct at_time *at)
{
    const double t_ms = (double)at->after_ns / 1e6;
    const struct wars_share exact = wars_stale(wars, run->r, run->w, t_ms);
    const double stale = (double)at->stale / (double)at->reads;
    const double error = both_errors(exact, at->reads);
    char what[64];
    assert_true(at->reads > 0);
    if (run->r + run->w > WARS_COPIES) {
        assert_int_equal(at->stale, 0);
        return;
    }
    snprintf(what, sizeof what, "%s R=%d W=%d stale at %g ms", files[wars->setup], run->r, run->w,
             t_ms);
    struct check reads = {what, stale, exact.value, error, 0.0, 0.0, at->reads};
    if (run->visible) {
        /* The times in the tables are exact: the judge must find 0.1 % there. */
        lab_near(what, exact.value, 0.001, 5.0 * exact.error + 2e-8);
        reads.least = wars_stale(wars, run->r, run->w, 1.05 * t_ms).value;
        reads.most = wars_stale(wars, run->r, run->w, 0.95 * t_ms).value;
    } else {
        reads.least = exact.value - fmin(0.005, 5.0 * error);
        reads.most = exact.value + fmin(0.005, above(&reads, 5.0));
    }
    check(&reads);
}

/* 99.9 % within 2 %: two shares, each with one bound. */
static void judge_tail(enum wars_setup setup, bool write, int need, const struct tail *tail)
{
    char what[64];
    for (int side = 0; side < 2; side++) {
        const double factor = side == 0 ? 0.98 : 1.02;
        const uint64_t beyond = side == 0 ? tail->beyond_low : tail->beyond_high;
        const double exact =
            (write ? wars_write_beyond : wars_read_beyond)(setup, need, factor * tail->exact_ms);
        snprintf(what, sizeof what, "%s %s %d beyond %.2f x %.3f ms", files[setup],
                 write ? "W =" : "R =", need, factor, tail->exact_ms);
        /* A share of exactly 0 or 1 has no error; one operation is the least that can be judged. */
        const double error =
            fmax(share_error(exact, tail->operations), 0.25 / (double)tail->operations);
        check(&(struct check){what, (double)beyond / (double)tail->operations, exact, error,
                              side == 0 ? 0.001 : 0.0, side == 0 ? 1.0 : 0.001, tail->operations});
    }
}

void pbs_judge(enum wars_setup setup, const struct pbs_run *runs, int count)
{
    static struct watch watch;
    struct wars wars;
    wars_run(&wars, setup, REFERENCE_TRIALS, REFERENCE_SEED);
    struct tail writes[WARS_COPIES + 1] = {{0}}, reads[WARS_COPIES + 1] = {{0}};
    for (int need = 1; need <= WARS_COPIES; need++) {
        writes[need].exact_ms = wars_write_ms(setup, need, 0.999);
        reads[need].exact_ms = wars_read_ms(setup, need, 0.999);
    }
    for (const struct pbs_run *run = runs; run < runs + count; run++) {
        watch.write = &writes[run->w];
        watch.read = &reads[run->r];
        simulate(setup, run, &watch);
        for (int i = 0; i < watch.time_count; i++) {
            judge_reads(&wars, run, &watch.times[i]);
        }
    }
    for (int need = 1; need <= WARS_COPIES; need++) {
        judge_tail(setup, true, need, &writes[need]);
        judge_tail(setup, false, need, &reads[need]);
    }
    wars_release(&wars);
}

/* It would be no judge if it disagreed with the published numbers, or with itself. */
void pbs_judge_the_judge(enum wars_setup setup, const struct pbs_published *rows, int count)
{
    struct wars wars;
    wars_run(&wars, setup, REFERENCE_TRIALS, REFERENCE_SEED + 1);
    for (const struct pbs_published *row = rows; row < rows + count; row++) {
        /* The paper's latencies are 0.5 to 2.6 % off (its own sampling error). */
        lab_near("read", wars_read_ms(setup, row->r, .999) / row->read_ms, 1, .02);
        lab_near("write", wars_write_ms(setup, row->w, .999) / row->write_ms, 1, .03);
        if (row->t_ms >= 0) {
            /* Three digits of t: 0.3 %, where it is steepest 2 % of P. */
            lab_near("stale at t", wars_stale(&wars, row->r, row->w, row->t_ms).value, .001, 2e-5);
        }
        if (row->fresh >= 0) { /* three or four digits */
            lab_near("fresh", 1 - wars_stale(&wars, row->r, row->w, 0).value, row->fresh, .0015);
        }
    }
    /* Counted trials against probabilities: 4.5 of the former's standard errors. */
    static const double times_ms[] = {0.0, 0.1, 1.0, 10.0, 30.0, 80.0, 120.0};
    for (int r = 1; r <= WARS_COPIES; r++) {
        for (int w = 1; w <= WARS_COPIES; w++) {
            for (size_t i = 0; i < sizeof times_ms / sizeof times_ms[0]; i++) {
                const struct wars_share counted = wars_counted(&wars, r, w, times_ms[i]);
                const struct wars_share exact = wars_stale(&wars, r, w, times_ms[i]);
                lab_near("stale, counted", counted.value, exact.value,
                         4.5 * share_error(exact.value, wars.trials) + 1.0 / (double)wars.trials);
                assert_true(r + w <= WARS_COPIES || counted.value == 0.0);
            }
        }
    }
    wars_release(&wars);
}
