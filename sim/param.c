#include "sim/param.h"

#include <string.h>

const struct param_kind *param_registry_find(const struct param_registry *registry,
                                             const char *name)
{
    for (size_t i = 0; i < registry->count; i++) {
        if (strcmp(registry->kinds[i]->name, name) == 0) {
            return registry->kinds[i];
        }
    }
    return NULL;
}
