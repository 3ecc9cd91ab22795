/*
 * register.h - the plain register: a version and a size, the later version wins.
 *
 * Model: Johnson and Thomas, RFC 677 (1975): of two writes the later timestamp stays.
 *        It has no states: storage compares versions by itself, which costs a few
 *        instructions.
 */
#ifndef MODELS_VALUES_REGISTER_H
#define MODELS_VALUES_REGISTER_H

#include "sim/param.h"

extern const struct param_kind value_register_kind;

#endif
