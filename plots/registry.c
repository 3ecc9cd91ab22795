#include "plots/figure.h"

#include <stddef.h>

/* Declares all of them. */
#define FIGURE(name)         extern const struct figure figure_##name;
#define VARIANT_FIGURE(name) extern const struct figure figure_##name;
#include "plots/registry.def"
#undef FIGURE
#undef VARIANT_FIGURE

#define FIGURE(name) &figure_##name,
#define VARIANT_FIGURE(name)
const struct figure *const figure_registry[] = {
#include "plots/registry.def"
    NULL};
#undef FIGURE
#undef VARIANT_FIGURE

#define FIGURE(name)
#define VARIANT_FIGURE(name) &figure_##name,
const struct figure *const figure_registry_variants[] = {
#include "plots/registry.def"
    NULL};
#undef FIGURE
#undef VARIANT_FIGURE
