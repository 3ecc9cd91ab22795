/*
 * test_geography.c - the catalogue: order, names, and facts that can be looked up anywhere.
 */
#include "models/geography/geography.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int compare(const struct geography_region *a, const struct geography_region *b)
{
    const int by_provider = strcmp(a->provider, b->provider);
    return by_provider != 0 ? by_provider : strcmp(a->name, b->name);
}

static void test_catalogue_is_sorted_and_complete(void **state)
{
    (void)state;
    assert_int_equal(geography_count(), 146); /* rows of models/data/regions.csv */
    size_t count[4] = {0};
    for (size_t i = 0; i < geography_count(); ++i) {
        const struct geography_region *region = geography_at(i);
        assert_true(i == 0 || compare(geography_at(i - 1), region) < 0);
        assert_int_equal(geography_index(region), i);
        assert_true(geography_coordinates_valid(region->latitude_deg, region->longitude_deg));
        assert_int_equal(strlen(region->country_code), 2);
        assert_true(region->provider_index < 4);
        ++count[region->provider_index];
    }
    assert_int_equal(count[0], 29); /* aws */
    assert_int_equal(count[1], 64); /* azure */
    assert_int_equal(count[2], 40); /* gcp */
    assert_int_equal(count[3], 13); /* ibm */
}

static void test_find(void **state)
{
    (void)state;
    const struct geography_region *virginia = geography_find("us-east-1");
    assert_non_null(virginia);
    assert_ptr_equal(virginia, geography_find("aws:us-east-1"));
    assert_string_equal(virginia->city, "Ashburn");
    assert_string_equal(virginia->jurisdiction, "US");
    assert_false(virginia->gdpr);
    assert_null(geography_find("azure:us-east-1"));
    assert_null(geography_find("us-east-9"));
    assert_null(geography_find(""));
    assert_null(geography_find("aws:"));
    assert_null(geography_find("aws"));
    assert_null(geography_find("US-EAST-1"));
}

/* Every region answers to its full name alone, and its short name agrees or is ambiguous. */
static void test_names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < geography_count(); ++i) {
        const struct geography_region *region = geography_at(i);
        const struct geography_region *found = NULL;
        char full[64];
        snprintf(full, sizeof full, "%s:%s", region->provider, region->name);
        assert_int_equal(geography_matches(full, &found, 1), 1);
        assert_ptr_equal(found, region);
        const size_t matches = geography_matches(region->name, &found, 1);
        assert_true(matches >= 1);
        assert_true(matches == 1 ? geography_find(region->name) == region
                                 : geography_find(region->name) == NULL);
    }
}

static void test_jurisdictions(void **state)
{
    (void)state;
    assert_string_equal(geography_find("eu-central-1")->jurisdiction, "EU");
    assert_true(geography_find("eu-central-1")->gdpr);
    assert_string_equal(geography_find("norwayeast")->jurisdiction, "NO");
    assert_true(geography_find("norwayeast")->gdpr); /* EEA */
    assert_string_equal(geography_find("eu-central-2")->jurisdiction, "CH");
    assert_false(geography_find("eu-central-2")->gdpr);
    assert_string_equal(geography_find("uksouth")->jurisdiction, "GB");
    assert_false(geography_find("uksouth")->gdpr);
}

static void test_place(void **state)
{
    (void)state;
    const struct geography_region *dublin = geography_find("eu-west-1");
    const struct geography_place place = geography_place_of(dublin);
    assert_ptr_equal(place.region, dublin);
    /* Dublin to Ashburn: 5456 km by the coordinates of the two cities. */
    const struct geography_region *ashburn = geography_find("us-east-1");
    const double km = geography_distance_km(place.latitude_deg, place.longitude_deg,
                                            ashburn->latitude_deg, ashburn->longitude_deg);
    assert_true(km > 5400.0 && km < 5510.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalogue_is_sorted_and_complete),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_jurisdictions),
        cmocka_unit_test(test_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
