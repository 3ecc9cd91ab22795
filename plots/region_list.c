#include "plots/region_list.h"

#include "analysis/utf8.h"
#include "plots/timeline.h"

struct region_list region_list_of(const struct figure_input *input, struct arena *arena,
                                  const char *series)
{
    struct region_list list = {.count = 0};
    for (uint32_t i = 0; i < input->layout->place_count; i++) {
        const char *name = input->layout->places[i].name;
        const double *values = timeline_of_region(input, arena, series, name);
        if (!timeline_has_data(input->set, values)) {
            continue;
        }
        if (list.count == FIGURE_CURVES_MAX) {
            list.left_out++;
            continue;
        }
        const int width = utf8_width(name);
        const int columns = width < FIGURE_NAME_POINTS ? width : FIGURE_NAME_POINTS;
        list.names[list.count++] = name;
        list.columns = columns > list.columns ? columns : list.columns;
    }
    return list;
}

const char *region_list_note(const struct region_list *list, struct arena *arena)
{
    return list->left_out == 0
               ? NULL
               : arena_printf(arena, "%zu more regions in timeline.csv", list->left_out);
}
