#include "models/workload/in_flight.h"

#include "sim/arena.h"

void in_flight_init(struct in_flight *table)
{
    *table = (struct in_flight){.used = 1};
}

void in_flight_release(struct in_flight *table)
{
    memory_release(table->items);
    *table = (struct in_flight){.used = 1};
}

uint32_t in_flight_extend(struct in_flight *table)
{
    const uint32_t slot = table->used++;
    CHECK(slot < IN_FLIGHT_SLOTS);
    void *items = table->items;
    memory_grow(&items, &table->capacity, table->used, sizeof *table->items);
    table->items = items;
    return slot;
}

sim_ns due_first_ns(const struct due_list *list, enum due due, const struct in_flight *table)
{
    if (list->ends.next == 0) {
        return SIM_NS_MAX;
    }
    const struct operation *operation = in_flight_at(table, list->ends.next);
    return (due == DUE_TRY ? operation->try_ns : operation->begin_ns) + list->after_ns;
}
