#include "plots/matrix.h"

/* Rows and columns in the order of the places: only those that talk to any other. */
static void add_names(const struct record_layout *layout, struct matrix *matrix)
{
    for (uint32_t place = 0; place < layout->place_count; place++) {
        for (uint32_t i = 0; i < layout->pair_count; i++) {
            if (layout->pairs[i].from == place && layout->pairs[i].to != place) {
                matrix_row(matrix, layout->places[place].name);
                break;
            }
        }
        for (uint32_t i = 0; i < layout->pair_count; i++) {
            if (layout->pairs[i].to == place && layout->pairs[i].from != place) {
                matrix_column(matrix, layout->places[place].name);
                break;
            }
        }
    }
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    const struct record_layout *layout = input->layout;
    struct matrix *matrix = matrix_new(page->arena);
    bool any_estimated = false;
    add_names(layout, matrix);
    for (uint32_t i = 0; i < layout->pair_count; i++) {
        const struct record_pair *pair = &layout->pairs[i];
        if (pair->from >= layout->place_count || pair->to >= layout->place_count ||
            pair->from == pair->to) {
            continue;
        }
        const size_t row = matrix_row(matrix, layout->places[pair->from].name);
        const size_t column = matrix_column(matrix, layout->places[pair->to].name);
        if (row < MATRIX_SIDE_MAX && column < MATRIX_SIDE_MAX) {
            matrix->values[row][column] = (double)pair->p50_ns / (double)SIM_NS_PER_MS;
            matrix->marked[row][column] = !pair->measured;
            any_estimated = any_estimated || !pair->measured;
        }
    }
    if (matrix->row_count == 0) {
        return false;
    }
    matrix->title = "One-way delay of the network";
    matrix->note = any_estimated ? "median in ms; ~ marks estimates" : "median in ms; all measured";
    matrix->row_title = "from";
    matrix->column_title = "to";
    matrix_draw(input, page, matrix);
    return true;
}

const struct figure figure_network_delay = {
    .name = "network_delay", .title = "one-way delay between places", .draw = draw};
