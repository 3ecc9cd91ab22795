#include "plots/figure.h"

#include <stddef.h>

extern const struct figure figure_latency_cdf;
extern const struct figure figure_latency_time;
extern const struct figure figure_availability;
extern const struct figure figure_replication_lag;
extern const struct figure figure_visibility;
extern const struct figure figure_stale_tail;
extern const struct figure figure_staleness_matrix;
extern const struct figure figure_network_delay;

extern const struct figure figure_latency_cdf_variants;
extern const struct figure figure_visibility_variants;
extern const struct figure figure_stale_tail_variants;

const struct figure *const figure_registry_variants[] = {
    &figure_latency_cdf_variants, &figure_visibility_variants, &figure_stale_tail_variants, NULL};

const struct figure *const figure_registry[] = {
    &figure_latency_cdf,      &figure_latency_time,  &figure_availability,
    &figure_replication_lag,  &figure_visibility,    &figure_stale_tail,
    &figure_staleness_matrix, &figure_network_delay, NULL};
