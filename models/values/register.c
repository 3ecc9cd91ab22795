#include "models/values/register.h"

#include <stddef.h>
#include <stdint.h>

struct params {
    uint32_t resolve;
};

static const char *const resolve_names[] = {"lww", NULL};

static const struct param_spec rows[] = {
    {.key = "resolve",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, resolve),
     .names = resolve_names,
     .default_text = "lww",
     .help = "what becomes of two writes that meet: lww: the later stamp stays"},
    {0}};

const struct param_kind value_register_kind = {
    .name = "register",
    .summary = "one value as a whole: the later version stays, the other is gone",
    .source = "Johnson and Thomas, RFC 677 (1975): the later timestamp wins",
    .params_bytes = sizeof(struct params),
    .params = rows,
};
