#include "analysis/report.h"

#include <string.h>

static bool write_one(const struct report *report, const char *directory, const char *name,
                      void (*write)(FILE *, const struct report *), struct output_error *error)
{
    struct output_file file;
    if (!output_file_open_in(&file, directory, name, error)) {
        return false;
    }
    write(file.stream, report);
    return output_file_commit(&file, error);
}

static bool is_first_of_name(const struct metric_set *set, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(set->curves[i].name, set->curves[index].name) == 0) {
            return false;
        }
    }
    return true;
}

static bool write_curves(const struct report *report, const char *directory,
                         struct output_error *error)
{
    const struct metric_set *set = report->results.merged;
    struct arena arena;
    arena_init(&arena);
    const char *folder = arena_printf(&arena, "%s/curves", directory);
    bool good = set->curve_count == 0 || output_directory_make(folder, error);
    for (size_t i = 0; good && i < set->curve_count; i++) {
        struct output_file file;
        if (!is_first_of_name(set, i)) {
            continue;
        }
        const char *name = arena_printf(&arena, "%s.csv", set->curves[i].name);
        good = output_file_open_in(&file, folder, name, error);
        if (good) {
            report_curve_csv(file.stream, report, set->curves[i].name);
            good = output_file_commit(&file, error);
        }
    }
    arena_release(&arena);
    return good;
}

static bool write_conflicts(const struct report *report, const char *directory,
                            struct output_error *error)
{
    return (!report_has_conflicts(report) ||
            write_one(report, directory, "conflicts.csv", report_conflicts_csv, error)) &&
           (!report_has_conflict_example(report) ||
            write_one(report, directory, "conflict_example.csv", report_conflict_example_csv,
                      error));
}

static bool write_failures(const struct report *report, const char *directory,
                           struct output_error *error)
{
    const struct metric_events *events = &report->results.merged->failures;
    const struct {
        const char *name;
        void (*write)(FILE *, const struct report *);
        bool wanted;
    } files[] = {{"faults.csv", report_faults_csv, events->window_count > 0},
                 {"failover.csv", report_failover_csv, events->step_count > 0},
                 {"recovery.csv", report_recovery_csv, events->recovery_count > 0},
                 {"routes.csv", report_routes_csv, report_has_routes(report)}};
    bool good = true;
    for (size_t i = 0; good && i < sizeof files / sizeof files[0]; i++) {
        good =
            !files[i].wanted || write_one(report, directory, files[i].name, files[i].write, error);
    }
    return good;
}

bool report_files_write(const struct report *report, const char *directory,
                        struct output_error *error)
{
    return output_directory_make(directory, error) &&
           write_one(report, directory, "results.json", report_json, error) &&
           write_one(report, directory, "metrics.csv", report_metrics_csv, error) &&
           write_one(report, directory, "timeline.csv", report_timeline_csv, error) &&
           write_failures(report, directory, error) && write_conflicts(report, directory, error) &&
           write_curves(report, directory, error);
}
