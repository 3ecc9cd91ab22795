/*
 * The work of setting up a world grows with the pairs of its places, not faster: comparisons of
 * names are counted (the linker sends every strcmp here), since time would depend on the machine.
 */
#include "tests/validation/lab.h"

int __real_strcmp(const char *left, const char *right);
int __wrap_strcmp(const char *left, const char *right);

static uint64_t comparisons;

int __wrap_strcmp(const char *left, const char *right)
{
    comparisons++;
    return __real_strcmp(left, right);
}

enum { TEXT_MAX = 1 << 20 };

/* `count` regions without machines but for two, with a matrix of all of them when asked for. */
static uint64_t work(int count, bool matrix)
{
    static char text[TEXT_MAX], csv[TEXT_MAX];
    size_t used = (size_t)snprintf(text, sizeof text, "{'name': 'many', 'duration': '1s', %s",
                                   matrix ? "'network': {'latency': {'from': 'matrix', 'file': 'm',"
                                            " 'unit': 'rtt_ms'}}, "
                                          : "");
    used += (size_t)snprintf(text + used, sizeof text - used, "'regions': [");
    for (int i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s{'name': 'r%d', 'lat': %d, 'lon': %d, 'nodes': %d}",
                                 i > 0 ? ", " : "", i, i % 89, i % 179 + 1, i < 2 ? 1 : 0);
    }
    used += (size_t)snprintf(text + used, sizeof text - used,
                             "], 'datasets': {'d': {'replication': {'strategy': 'primary',"
                             " 'primary': 'r0', 'replicas': ['r0', 'r1']}}},"
                             " 'clients': [{'at': 'r%d', 'rate': '1/s'}]}",
                             count - 1);
    assert_true(used < sizeof text);
    used = (size_t)snprintf(csv, sizeof csv, "region");
    for (int i = 0; i < count; i++) {
        used += (size_t)snprintf(csv + used, sizeof csv - used, ",r%d", i);
    }
    for (int i = 0; i < count; i++) {
        used += (size_t)snprintf(csv + used, sizeof csv - used, "\nr%d", i);
        for (int j = 0; j < count; j++) {
            used += (size_t)snprintf(csv + used, sizeof csv - used, ",%d", i == j ? 0 : 10 + j);
        }
    }
    assert_true(used < sizeof csv);
    struct lab lab = {.trace = csv};
    comparisons = 0;
    lab_write(&lab, text);
    lab.world = world_create(lab.scenario, 1);
    const uint64_t counted = comparisons;
    lab_close(&lab);
    print_message("%d places, %s: %llu comparisons, %.2f a pair\n", count,
                  matrix ? "their matrix" : "catalogue and fibre model",
                  (unsigned long long)counted, (double)counted / count / count);
    return counted;
}

/* Four times the places are at most sixteen times the work and a fifth; as a cube it were 64. */
static void test_setup_is_quadratic(void **state)
{
    (void)state;
    for (int matrix = 0; matrix < 2; matrix++) {
        const uint64_t few = work(75, matrix != 0), many = work(SCENARIO_PLACES_MAX, matrix != 0);
        assert_true(few > 75); /* else nothing was counted */
        if (many > few * 19) {
            fail_msg("%llu comparisons for 75 places, %llu for %d", (unsigned long long)few,
                     (unsigned long long)many, SCENARIO_PLACES_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_setup_is_quadratic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
