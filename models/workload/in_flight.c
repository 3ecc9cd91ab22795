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

uint32_t in_flight_take(struct in_flight *table, uint64_t number)
{
    CHECK(number != 0);
    uint32_t slot = table->free;
    if (slot != 0) {
        table->free = table->items[slot].key;
    } else {
        slot = table->used++;
        CHECK(slot < IN_FLIGHT_SLOTS);
        void *items = table->items;
        memory_grow(&items, &table->capacity, table->used, sizeof *table->items);
        table->items = items;
    }
    /* One by one: clearing the whole at once is slower than the few that there are. */
    struct operation *operation = &table->items[slot];
    operation->number = number;
    operation->begin_ns = operation->try_ns = 0;
    operation->draw = 0;
    operation->key = operation->bytes = operation->session = 0;
    operation->group = 0;
    operation->type = operation->flags = 0;
    operation->sent = operation->tries = operation->refused = operation->uncertain = 0;
    operation->current_first = operation->current_ended = operation->listed = 0;
    operation->answered[0] = operation->answered[1] = 0;
    operation->request = 0;
    operation->context = 0;
    table->count++;
    return slot;
}

void in_flight_give(struct in_flight *table, uint32_t slot)
{
    struct operation *operation = in_flight_at(table, slot);
    CHECK(operation->number != 0);
    CHECK(operation->listed == 0);
    operation->number = 0;
    operation->key = table->free;
    table->free = slot;
    table->count--;
}

void due_append(struct due_list *list, enum due due, struct in_flight *table, uint32_t slot)
{
    struct operation *operation = in_flight_at(table, slot);
    CHECK((operation->listed >> due & 1) == 0);
    operation->listed |= (uint8_t)(1U << due);
    operation->links[due] = (struct due_link){.previous = list->last, .next = 0};
    if (list->last != 0) {
        in_flight_at(table, list->last)->links[due].next = slot;
    } else {
        list->first = slot;
    }
    list->last = slot;
}

void due_remove(struct due_list *list, enum due due, struct in_flight *table, uint32_t slot)
{
    struct operation *operation = in_flight_at(table, slot);
    if ((operation->listed >> due & 1) == 0) {
        return;
    }
    operation->listed &= (uint8_t) ~(1U << due);
    const struct due_link link = operation->links[due];
    if (link.previous != 0) {
        in_flight_at(table, link.previous)->links[due].next = link.next;
    } else {
        list->first = link.next;
    }
    if (link.next != 0) {
        in_flight_at(table, link.next)->links[due].previous = link.previous;
    } else {
        list->last = link.previous;
    }
}

sim_ns due_first_ns(const struct due_list *list, enum due due, const struct in_flight *table)
{
    if (list->first == 0) {
        return SIM_NS_MAX;
    }
    const struct operation *operation = in_flight_at(table, list->first);
    return (due == DUE_TRY ? operation->try_ns : operation->begin_ns) + list->after_ns;
}
