#include "plots/matrix.h"

#include <string.h>

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct matrix *matrix = matrix_new(page->arena);
    for (size_t i = 0; i < input->set->metric_count; i++) {
        const struct metric *metric = &input->set->metrics[i];
        const char *reader = metric_label_value(metric, "reader"),
                   *writer = metric_label_value(metric, "writer");
        if (metric->label_count != 2 || reader == NULL || writer == NULL ||
            strcmp(metric->definition->name, "staleness_ms") != 0 || metric->histogram == NULL ||
            metric->histogram->count == 0) {
            continue;
        }
        const size_t row = matrix_row(matrix, writer), column = matrix_column(matrix, reader);
        if (row < MATRIX_SIDE_MAX && column < MATRIX_SIDE_MAX) {
            matrix->values[row][column] =
                (double)histogram_quantile(metric->histogram, 0.99) / metric->definition->scale;
        }
    }
    if (matrix->row_count == 0) {
        return false;
    }
    matrix->title = "Staleness by writer and reader";
    matrix->note = matrix->left_out > 0 ? "99 % of reads, ms; more regions in metrics.csv"
                                        : "age of the answer, 99 % of reads, ms";
    matrix->row_title = "latest write from";
    matrix->column_title = "read at";
    matrix_draw(input, page, matrix);
    return true;
}

const struct figure figure_staleness_matrix = {
    .name = "staleness_matrix", .title = "staleness by writer and reader region", .draw = draw};
