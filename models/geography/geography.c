#include "models/geography/geography.h"

#include "models/geography/tables.h"
#include "sim/check.h"

#include <string.h>

size_t geography_count(void)
{
    return table_region_count;
}

const struct geography_region *geography_at(size_t index)
{
    CHECK(index < table_region_count);
    return &table_regions[index];
}

size_t geography_index(const struct geography_region *region)
{
    CHECK(region >= table_regions && region < table_regions + table_region_count);
    return (size_t)(region - table_regions);
}

/* Does "provider:name" or "name" mean this region? */
static bool answers_to(const struct geography_region *region, const char *name)
{
    const size_t length = strlen(region->provider);
    if (strncmp(name, region->provider, length) == 0 && name[length] == ':') {
        return strcmp(name + length + 1, region->name) == 0;
    }
    return strcmp(name, region->name) == 0;
}

size_t geography_matches(const char *name, const struct geography_region **found, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < table_region_count; ++i) {
        if (answers_to(&table_regions[i], name)) {
            if (count < capacity) {
                found[count] = &table_regions[i];
            }
            ++count;
        }
    }
    return count;
}

const struct geography_region *geography_find(const char *name)
{
    const struct geography_region *found = NULL;
    return geography_matches(name, &found, 1) == 1 ? found : NULL;
}
