#include "sim/event_wheel.h"

void event_wheel_gather(struct event_wheel *wheel, struct event_array *array)
{
    for (uint32_t bin = event_wheel_first(wheel); bin != EVENT_WHEEL;
         bin = event_wheel_first(wheel)) {
        event_array_add(array, &wheel->keys[bin], 1);
        event_wheel_remove(wheel, bin);
    }
}
