/*
 * The quorum strategy, message by message, against probabilistically bounded staleness: the three
 * scenario files of scenarios/pbs, every R and W of three copies.
 *
 * Judges:     wars.c (the model written from its definition; Monte Carlo of 1e6 trials, latency by
 *             quadrature) and the numbers of Bailis et al., VLDB 2012, table 4, with the exact
 *             values of their t at 99.9 % (independent Monte Carlo of 1e8 trials; the paper's own
 *             search stopped at the first noisy estimate that passed, 2 to 13 % early).
 * Statistics: P(fresh) must be within half a point and within four standard deviations, of both
 *             Monte Carlos together, of the judge's: about 50 comparisons, so a correct program
 *             fails one in 300 seeds. Quantiles are judged by counting: the 99.9 % quantile is
 *             within 2 % of q iff at least 0.1 % of the samples are beyond 0.98 of it and at most
 *             0.1 % beyond 1.02. How many samples that needs is said at each table.
 *             The sharpest of these checks are 1.3 to 2.5 standard deviations wide, since 2 and 5 %
 *             were asked for: of 11 seeds tried by hand 1, 2, 3, 5, 9 and 12 pass all 60 rows; 4,
 * 6, 7, 10 and 11 fail one or two of them, each by less than 2.5 standard deviations.
 */
#include "tests/validation/lab.h"
#include "tests/validation/pbs/wars.h"

#include <math.h>

enum { REFERENCE_TRIALS = 1000000, REFERENCE_SEED = 4357, SEED = 1 };
enum { TIMES_MAX = 6, WRITES_MASK = (1 << 16) - 1 };

/*
 * Under a sanitizer a hundredth of the trials is enough: it looks for errors of memory, and what
 * needs many samples (half a point, 2 and 5 %) is judged by the other builds.
 */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1, LESS = 100 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SANITIZED = 1, LESS = 100 };
#else
enum { SANITIZED = 0, LESS = 1 };
#endif
#else
enum { SANITIZED = 0, LESS = 1 };
#endif

static struct wars judges[WARS_SETUPS]; /* filled before the first test */
static const char *const files[WARS_SETUPS] = {"lnkd-ssd", "lnkd-disk", "wan"};

/* Samples beyond 0.98 and 1.02 times the exact 99.9 % quantile. */
struct tail {
    double exact_ms;
    uint64_t samples, beyond_low, beyond_high;
};

struct at_time {
    sim_ns after_ns;
    uint64_t reads, stale;
};

struct watch {
    struct at_time times[TIMES_MAX];
    int time_count;
    struct tail *write, *read;
    int64_t stamps[WRITES_MASK + 1]; /* of the latest acknowledged writes, by number */
    struct {
        sim_ns begun_ns;
        uint64_t probed;
        sim_ns after_ns;
    } slots[1 << 16];
};

static void tail_add(struct tail *tail, sim_ns latency_ns)
{
    const double latency_ms = (double)latency_ns / 1e6;
    tail->samples++;
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
    assert_true(row->slot < 1 << 16);
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

/* What one run is to do: `trials` writes, each probed once, at one of these times. */
struct plan {
    int r, w;
    double trials;
    double times_ms[TIMES_MAX]; /* ends at the first negative one */
    double exact_t_ms;          /* with P(fresh) = 99.9 %; below 0: not judged here */
    int exact_weight;           /* of that time among the probes; the others have 1 */
};

static void name_times(const struct plan *plan, char *text, size_t size, struct watch *watch)
{
    size_t used = 0;
    watch->time_count = 0;
    for (int i = 0; i < TIMES_MAX && plan->times_ms[i] >= 0.0; i++) {
        const bool exact = plan->times_ms[i] == plan->exact_t_ms;
        for (int n = 0; n < (exact ? plan->exact_weight : 1); n++) {
            used += (size_t)snprintf(text + used, size - used, "%s\"%gms\"", used > 0 ? "," : "",
                                     plan->times_ms[i]);
        }
        watch->times[watch->time_count++] =
            (struct at_time){.after_ns = (sim_ns)llround(plan->times_ms[i] * 1e6)};
    }
}

/*
 * Runs the scenario file with the plan's R, W and times. Rates and keys are such that no write
 * meets another on its key: a key comes again after 20 s and more (SSD, disk: one after the other),
 * or a write meets another within 0.2 s in 0.05 % of the cases (WAN: at random among 40,000).
 */
static void run(enum wars_setup setup, const struct plan *plan, struct watch *watch)
{
    enum { OVERRIDES_MAX = 24 };
    static char text[OVERRIDES_MAX][1024];
    const char *overrides[OVERRIDES_MAX + 1] = {NULL};
    const int groups = setup == WARS_WAN ? 3 : 1;
    const double rate = setup == WARS_WAN ? 100.0 / 3.0 : 1000.0;
    char times[900], variant[8], path[64];
    int count = 0;
    name_times(plan, times, sizeof times, watch);
    snprintf(text[count++], 1024, "duration=%.0fms", plan->trials / LESS / rate / groups * 1e3);
    snprintf(text[count++], 1024, "datasets.values.keys.count=%d",
             setup == WARS_WAN ? 40000 : 20000);
    for (int g = 0; g < groups; g++) {
        snprintf(text[count++], 1024, "clients[%d].rate=%.17g/s", g, rate);
        snprintf(text[count++], 1024, "clients[%d].probe.after.values=[%s]", g, times);
        snprintf(text[count++], 1024, "clients[%d].deadline=1h", g);
        snprintf(text[count++], 1024, "clients[%d].rate=0.001/s", groups + g);
    }
    for (int i = 0; i < count; i++) {
        overrides[i] = text[i];
    }
    snprintf(variant, sizeof variant, "r%d-w%d", plan->r, plan->w);
    snprintf(path, sizeof path, "scenarios/pbs/%s.json", files[setup]);
    struct lab lab = {0};
    lab_read(&lab, path, variant, overrides);
    /* Another seed for each run: with the same one all would see the same delays. */
    lab_run_into(&lab, SEED + (uint64_t)(10 * plan->r + plan->w),
                 (struct record_sink){.state = watch,
                                      .row = on_row,
                                      .mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED});
    lab_close(&lab);
}

static void judge_fresh(const struct wars *wars, const char *file, const struct plan *plan,
                        const struct at_time *at)
{
    const double t_ms = (double)at->after_ns / 1e6;
    const double stale = (double)at->stale / (double)at->reads;
    const double exact = wars_stale(wars, plan->r, plan->w, t_ms);
    const double sd = sqrt(fmax(exact * (1.0 - exact), 1e-6) *
                           (1.0 / (double)at->reads + 1.0 / (double)wars->trials));
    const double least = SANITIZED ? 4.0 * sd : fmin(0.005, 4.0 * sd);
    if (fabs(stale - exact) > least) {
        fail_msg(
            "%s R=%d W=%d: P(fresh) at %g ms is %.5f of %llu reads, must be %.5f +- %.5f (seed %d)",
            file, plan->r, plan->w, t_ms, 1.0 - stale, (unsigned long long)at->reads, 1.0 - exact,
            least, SEED);
    }
}

/*
 * The simulated curve reaches 99.9 % within 5 % of the exact t: at t itself the share of stale
 * reads is between those that the model has 5 % later and 5 % earlier. Their ratios to 0.1 % are
 * the judge's, around its own t.
 */
static void judge_exact_t(const struct wars *wars, const char *file, const struct plan *plan,
                          const struct at_time *at)
{
    const double own_t = wars_visible(wars, plan->r, plan->w, 0.001);
    const double stale = (double)at->stale / (double)at->reads;
    const double least = wars_stale(wars, plan->r, plan->w, 1.05 * own_t);
    const double most = wars_stale(wars, plan->r, plan->w, 0.95 * own_t);
    if (stale < least || stale > most) {
        fail_msg(
            "%s R=%d W=%d: P(stale) at %g ms is %.6f of %llu reads, must be %.6f to %.6f for t at "
            "99.9 %% to be within 5 %% (seed %d)",
            file, plan->r, plan->w, plan->exact_t_ms, stale, (unsigned long long)at->reads, least,
            most, SEED);
    }
}

static void judge_tail(const char *file, const char *operation, int need, const struct tail *tail)
{
    const double low = (double)tail->beyond_low / (double)tail->samples;
    const double high = (double)tail->beyond_high / (double)tail->samples;
    if (low < 0.001 || high > 0.001) {
        fail_msg(
            "%s: 99.9 %% of the %ss with %d answers must take %.3f ms +- 2 %%: %.6f and %.6f of "
            "%llu are beyond these bounds (seed %d)",
            file, operation, need, tail->exact_ms, low, high, (unsigned long long)tail->samples,
            SEED);
    }
}

static void judge_setup(enum wars_setup setup, const struct plan *plans, int count)
{
    static struct watch watch;
    const struct wars *wars = &judges[setup];
    struct tail writes[WARS_COPIES + 1] = {{0}}, reads[WARS_COPIES + 1] = {{0}};
    for (int need = 1; need <= WARS_COPIES; need++) {
        writes[need].exact_ms = wars_write_ms(setup, need, 0.999);
        reads[need].exact_ms = wars_read_ms(setup, need, 0.999);
    }
    for (const struct plan *plan = plans; plan < plans + count; plan++) {
        watch.write = &writes[plan->w];
        watch.read = &reads[plan->r];
        run(setup, plan, &watch);
        for (int i = 0; i < watch.time_count; i++) {
            const struct at_time *at = &watch.times[i];
            assert_true(at->reads > 0);
            if (plan->r + plan->w > WARS_COPIES) {
                assert_int_equal(at->stale, 0);
            } else {
                judge_fresh(wars, files[setup], plan, at);
            }
            if (!SANITIZED && plan->exact_t_ms >= 0.0 && plan->times_ms[i] == plan->exact_t_ms) {
                judge_exact_t(wars, files[setup], plan, at);
            }
        }
    }
    for (int need = 1; need <= WARS_COPIES && !SANITIZED; need++) {
        judge_tail(files[setup], "write", need, &writes[need]);
        judge_tail(files[setup], "read", need, &reads[need]);
    }
}

/*
 * Samples. A share p of n samples has the standard deviation sqrt(p (1-p) / n): 80,000 probes give
 * 0.18 points at p = 0.5, so half a point is 2.8 of them. Around t at 99.9 % the tail of the disk's
 * writes falls as t^-1.5: 5 % of t are 7.5 % of the stale reads, 2.4 standard deviations of a
 * million probes; elsewhere it falls faster (exponentially) and 250,000 are enough.
 */
static void test_lnkd_ssd(void **state)
{
    (void)state;
    static const struct plan plans[] = {
        {1, 1, 330e3, {0, .2, 1, 1.97, -1}, 1.97, 8},
        {1, 2, 330e3, {0, .2, 1, 1.85, -1}, 1.85, 8},
        {1, 3, 120e3, {0, 1, -1}, -1, 1},
        {2, 1, 100e3, {0, .2, 1, -1}, -1, 1},
        {2, 2, 120e3, {0, 1, -1}, -1, 1},
        {2, 3, 120e3, {0, 1, -1}, -1, 1},
        {3, 1, 120e3, {0, 1, -1}, -1, 1},
        {3, 2, 120e3, {0, 1, -1}, -1, 1},
        {3, 3, 120e3, {0, 1, -1}, -1, 1},
    };
    judge_setup(WARS_SSD, plans, sizeof plans / sizeof plans[0]);
}

/*
 * The slowest of three writes has a tail of x^-1.5 too: for its 99.9 % quantile, within 2 %, the
 * three rows with W = 3 have 1.8 million writes together (one standard deviation of that quantile
 * is 1.6 %: this check holds for four seeds of five, and for this one).
 */
static void test_lnkd_disk(void **state)
{
    (void)state;
    static const struct plan plans[] = {
        {1, 1, 1200e3, {0, 2, 10, 52.2, -1}, 52.2, 12},
        {1, 2, 1200e3, {0, 2, 10, 48.3, -1}, 48.3, 12},
        {1, 3, 600e3, {0, 10, -1}, -1, 1},
        {2, 1, 500e3, {0, 2, 10, 14.1, -1}, 14.1, 4},
        {2, 2, 60e3, {0, 10, -1}, -1, 1},
        {2, 3, 600e3, {0, 10, -1}, -1, 1},
        {3, 1, 60e3, {0, 10, -1}, -1, 1},
        {3, 2, 60e3, {0, 10, -1}, -1, 1},
        {3, 3, 600e3, {0, 10, -1}, -1, 1},
    };
    judge_setup(WARS_DISK, plans, sizeof plans / sizeof plans[0]);
}

static void test_wan(void **state)
{
    (void)state;
    static const struct plan plans[] = {
        {1, 1, 500e3, {0, 60, 80, 116, -1}, 116, 4},
        {1, 2, 100e3, {0, 40, -1}, -1, 1},
        {1, 3, 150e3, {0, 60, -1}, -1, 1},
        {2, 1, 700e3, {0, 5, 15, 30.9, -1}, 30.9, 5},
        {2, 2, 60e3, {0, 60, -1}, -1, 1},
        {2, 3, 150e3, {0, 60, -1}, -1, 1},
        {3, 1, 100e3, {0, 60, -1}, -1, 1},
        {3, 2, 100e3, {0, 60, -1}, -1, 1},
        {3, 3, 150e3, {0, 60, -1}, -1, 1},
    };
    judge_setup(WARS_WAN, plans, sizeof plans / sizeof plans[0]);
}

/* Our judge against the published numbers: it would be no judge if it disagreed with them. */
static void test_judge_agrees_with_the_paper(void **state)
{
    (void)state;
    /* Table 4: 99.9 % latency of reads and writes in ms, themselves from a Monte Carlo. The exact
     * values of t at 99.9 % and of P(fresh) at t = 0 have four digits; below 0: not published. */
    static const struct {
        enum wars_setup setup;
        int r, w;
        double read_ms, write_ms, t_ms, fresh;
    } rows[] = {
        {WARS_SSD, 1, 1, .66, .66, 1.97, .9736},   {WARS_SSD, 1, 2, .66, 1.63, 1.85, -1},
        {WARS_SSD, 2, 1, 1.63, .65, -1, .9994},    {WARS_DISK, 1, 1, .66, 10.99, 52.2, .4367},
        {WARS_DISK, 1, 2, .65, 20.97, 48.3, .713}, {WARS_DISK, 2, 1, 1.63, 10.9, 14.1, .763},
        {WARS_WAN, 1, 1, 3.4, 55.1, 116.0, .3337}, {WARS_WAN, 1, 2, 3.4, 167.6, -1, .9996},
        {WARS_WAN, 2, 1, 151.3, 56.4, 30.9, .858},
    };
    for (int setup = 0; setup < WARS_SETUPS; setup++) {
        const struct wars *wars = &judges[setup];
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            const int r = rows[i].r, w = rows[i].w;
            if ((int)rows[i].setup != setup) {
                continue;
            }
            /* The paper's latencies are 0.5 to 2.6 % off (its own sampling error). */
            lab_near("read", wars_read_ms(rows[i].setup, r, .999) / rows[i].read_ms, 1, .02);
            lab_near("write", wars_write_ms(rows[i].setup, w, .999) / rows[i].write_ms, 1, .03);
            if (rows[i].t_ms >=
                0) { /* 1,000 trials are beyond it: 3 %, 2 % of t where it is flat */
                const double t_ms = wars_visible(wars, r, w, 0.001);
                lab_near("t", t_ms / rows[i].t_ms, 1, .05);
            }
            if (rows[i].fresh >= 0) { /* 3 standard deviations of 1e6 trials: 0.0015 at most */
                lab_near("fresh", 1 - wars_stale(wars, r, w, 0), rows[i].fresh, .0015);
            }
        }
        for (int r = 1; r <= WARS_COPIES; r++) {
            for (int w = 1; w <= WARS_COPIES; w++) {
                assert_true(r + w <= WARS_COPIES || wars_stale(wars, r, w, 0) == 0.0);
            }
        }
    }
}

static int judges_begin(void **state)
{
    (void)state;
    for (int setup = 0; setup < WARS_SETUPS; setup++) {
        wars_run(&judges[setup], (enum wars_setup)setup, REFERENCE_TRIALS, REFERENCE_SEED);
    }
    return 0;
}

static int judges_end(void **state)
{
    (void)state;
    for (int setup = 0; setup < WARS_SETUPS; setup++) {
        wars_release(&judges[setup]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_agrees_with_the_paper),
        cmocka_unit_test(test_lnkd_ssd),
        cmocka_unit_test(test_lnkd_disk),
        cmocka_unit_test(test_wan),
    };
    return cmocka_run_group_tests(tests, judges_begin, judges_end);
}
