/*
 * Faults reach clients at places of their own: a field office that is no region.
 */
#include "tests/validation/timelines/timeline.h"

/* Users in "field", 20 ms from A; one trace, deadline 2 s. %s: faults. */
static const char world_text[] =
    "{'name': 'places', 'duration': '20s', 'regions': ['us-east-1', 'eu-west-1'],"
    " 'network': {'latency': {'from': 'constant', 'one_way': '20ms'}, 'jitter': 'none',"
    "   'same_zone': '0ms', 'same_region': '0ms'},"
    " 'datasets': {'d': {'keys': 8, 'replication': {'strategy': 'primary',"
    "   'primary': 'us-east-1'}}},"
    " 'clients': [{'at': 'us-east-1', 'trace': '0.csv', 'sessions': 1, 'deadline': '2s'},"
    "   {'name': 'agents', 'at': {'name': 'field', 'lat': 10, 'lon': -40}, 'trace': '1.csv',"
    "    'sessions': 1, 'deadline': '2s'},"
    "   {'name': 'more', 'at': {'name': 'field', 'lat': %s, 'lon': -40}, 'trace': '2.csv',"
    "    'sessions': 1, 'deadline': '2s'}],"
    " 'faults': [%s]}";

static const char *text_of(const char *latitude, const char *faults)
{
    static char text[4096];
    const int used = snprintf(text, sizeof text, world_text, latitude, faults);
    assert_true(used > 0 && (size_t)used < sizeof text);
    return text;
}

/* Writes at 1, 6 and 17 s in the field, at 7 s in A; 40 ms there and back. */
static void run(struct lab *lab, const char *faults)
{
    *lab = (struct lab){0};
    lab->traces[0] = "time_ms,operation,key,session\n7000,write,1,0\n";
    lab->traces[1] = "time_ms,operation,key,session\n1000,write,2,0\n17000,write,2,0\n";
    lab->traces[2] = "time_ms,operation,key,session\n6000,write,3,0\n";
    lab_write(lab, text_of("10", faults));
    lab_run(lab, 1, 0);
}

static void assert_cut(const char *faults, enum record_outcome outcome, double end_ms)
{
    struct lab lab;
    run(&lab, faults);
    timeline_takes(&lab, 1, 1000, 1040, RECORD_OK);
    timeline_takes(&lab, 2, 6000, end_ms, outcome);
    timeline_takes(&lab, 3, 7000, 7000, RECORD_OK);
    timeline_takes(&lab, 4, 17000, 17040, RECORD_OK);
    const struct record_layout *layout = world_layout(lab.world);
    assert_int_equal(layout->place_count, 3);
    assert_string_equal(layout->places[2].name, "field");
    lab_close(&lab);
}

#define WHEN ", 'at': '5s', 'for': '5s'}"

static void test_clients_are_cut_with_their_place(void **state)
{
    (void)state;
    assert_cut("{'id': 'f', 'kind': 'partition', 'between': [['field'], ['us-east-1',"
               " 'eu-west-1']]" WHEN,
               RECORD_INFO, 8000);
    assert_cut("{'id': 'f', 'kind': 'partition', 'isolate': ['field']" WHEN, RECORD_INFO, 8000);
    assert_cut("{'id': 'f', 'kind': 'partition', 'isolate': ['us-east-1', 'eu-west-1']" WHEN,
               RECORD_INFO, 8000);
    /* Away from eu-west-1 only: nobody notices. */
    assert_cut("{'id': 'f', 'kind': 'partition', 'between': [['field'], ['eu-west-1']]" WHEN,
               RECORD_OK, 6040);
    /* 20 ms become 60 ms + 5 ms, both ways. */
    assert_cut("{'id': 'f', 'kind': 'link', 'between': [['field'], ['us-east-1']],"
               " 'delay_factor': 3, 'extra': '5ms'" WHEN,
               RECORD_OK, 6130);
}

static void test_faults_name_what_they_touch(void **state)
{
    (void)state;
    struct lab lab;
    run(&lab, "{'id': 'f', 'kind': 'partition', 'between': [['eu-west-1'], ['field']]" WHEN);
    const struct record_fault *fault = &world_layout(lab.world)->faults[0];
    assert_string_equal(fault->text, "partition eu-west-1 | field");
    assert_int_equal(fault->place_count, 2);
    assert_int_equal(fault->places[0], 1);
    assert_int_equal(fault->places[1], 2);
    lab_close(&lab);
}

static void test_refused(void **state)
{
    (void)state;
    lab_refuse(text_of("10", "{'id': 'f', 'kind': 'partition', 'isolate': ['fiel']" WHEN),
               "faults[0].isolate[0]: references the place \"fiel\", which is not in \"regions\" "
               "and at which no clients are (did you mean \"field\"?)");
    lab_refuse(text_of("11", ""),
               "clients[2].at: must be where \"field\" was before; one name is one place");
    lab_refuse(text_of("10", "{'id': 'f', 'kind': 'partition', 'isolate': ['us-east-1', 'field',"
                             " 'eu-west-1']" WHEN),
               "faults[0].isolate: must leave at least one place");
    /* What only machines have can not go wrong in the field. */
    lab_refuse(text_of("10", "{'id': 'f', 'kind': 'region_outage', 'region': 'field'" WHEN),
               "faults[0].region: references the region \"field\", which is not in \"regions\"");
}

/* Off Ghana, where the equator meets Greenwich; the second group needs only the name. */
static void test_zero_is_a_place(void **state)
{
    (void)state;
    static const char text[] =
        "{'name': 'zero', 'duration': '5s', 'regions': [{'name': 'null', 'lat': 0, 'lon': 0},"
        "   {'name': 'pole', 'lat': 90, 'lon': 0}],"
        " 'datasets': {'d': {'keys': 8, 'replication': {'strategy': 'primary',"
        "   'primary': 'null'}}},"
        " 'clients': [{'at': {'name': 'buoy', 'lat': 0, 'lon': 0}, 'rate': '1/s'},"
        "   {'name': 'more', 'at': 'buoy', 'rate': '1/s'},"
        "   {'at': {'name': 'us-east-1', 'lat': 0, 'lon': 0}, 'rate': '1/s'}]}";
    struct lab lab = {0};
    lab_write(&lab, text);
    lab_run(&lab, 1, 0);
    const struct record_layout *layout = world_layout(lab.world);
    assert_int_equal(layout->place_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        if (layout->places[i].latitude != (i == 1 ? 90 : 0) || layout->places[i].longitude != 0) {
            fail_msg("%s is at %g, %g", layout->places[i].name, layout->places[i].latitude,
                     layout->places[i].longitude);
        }
    }
    assert_int_equal(layout->groups[1].place, layout->groups[0].place);
    lab_close(&lab);
    lab_refuse("{'name': 'half', 'duration': '5s', 'regions': [{'name': 'null', 'lat': 0}],"
               " 'datasets': {'d': {'replication': {'strategy': 'primary', 'primary': 'null'}}},"
               " 'clients': [{'at': 'null', 'rate': '1/s'}]}",
               "regions[0].name: \"null\" needs both lat and lon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_is_a_place),
        cmocka_unit_test(test_clients_are_cut_with_their_place),
        cmocka_unit_test(test_faults_name_what_they_touch),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
