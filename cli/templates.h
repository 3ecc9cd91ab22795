/* templates.h - the scenarios that `geodes init` prints. */
#ifndef CLI_TEMPLATES_H
#define CLI_TEMPLATES_H

struct scenario_template {
    const char *name, *summary, *text;
};

extern const struct scenario_template templates[]; /* ends with a NULL name */

#endif
