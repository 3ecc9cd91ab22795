/*
 * plot_files.h - for the tests of pictures: a private folder, reading files, and a check of XML.
 *
 * The including file defines _XOPEN_SOURCE 700 first.
 */
#ifndef TESTS_PLOTS_PLOT_FILES_H
#define TESTS_PLOTS_PLOT_FILES_H

#include "analysis/utf8.h"

#include <dirent.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int plot_remove_one(const char *path, const struct stat *status, int type,
                                  struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void plot_folder_remove(const char *folder)
{
    nftw(folder, plot_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Entries of a folder; -1 when it does not exist. */
static inline int plot_entry_count(const char *folder)
{
    int count = 0;
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return -1;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(directory);
    return count;
}

/* The whole file with NUL at its end, to be freed; NULL when it can not be read. */
static inline char *plot_file_read(const char *folder, const char *name, size_t *size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "r");
    if (stream == NULL) {
        return NULL;
    }
    size_t capacity = 1 << 16, length = 0;
    char *content = malloc(capacity);
    for (size_t got = 1; content != NULL && got > 0; length += got) {
        if (capacity - length < 2) {
            capacity *= 2;
            content = realloc(content, capacity);
        }
        got = content == NULL ? 0 : fread(content + length, 1, capacity - length - 1, stream);
    }
    fclose(stream);
    if (content != NULL) {
        content[length] = '\0';
    }
    *size = length;
    return content;
}

enum { XML_DEPTH_MAX = 64, XML_NAME_MAX = 64 };

/* "&amp;", "&#160;", ... at `at`; NULL when it is none. */
static inline const char *xml_entity(const char *at)
{
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(at, names[i], strlen(names[i])) == 0) {
            return at + strlen(names[i]);
        }
    }
    if (strncmp(at, "&#", 2) == 0) {
        const size_t digits = strspn(at + 2, "0123456789");
        return digits > 0 && at[2 + digits] == ';' ? at + 3 + digits : NULL;
    }
    return NULL;
}

/* Moves over the attributes of a tag to its '>' or '/>'; NULL when they are malformed. */
static inline const char *xml_attributes(const char *at)
{
    for (;;) {
        at += strspn(at, " \t\r\n");
        if (*at == '>' || (*at == '/' && at[1] == '>')) {
            return at;
        }
        const size_t name = strcspn(at, "=<>\"' \t\r\n/");
        at += name + strspn(at + name, " ");
        if (name == 0 || *at != '=') {
            return NULL;
        }
        at += 1 + strspn(at + 1, " ");
        const char quote = *at;
        if (quote != '"' && quote != '\'') {
            return NULL;
        }
        for (at++; *at != quote;) {
            at = *at == '\0' || *at == '<' ? NULL : *at == '&' ? xml_entity(at) : at + 1;
            if (at == NULL) {
                return NULL;
            }
        }
        at++;
    }
}

/*
 * Whether the text is well-formed as far as gnuplot's SVG goes: tags nest, attributes are quoted,
 * entities are known, characters are legal. Returns NULL or where it went wrong.
 */
static inline const char *xml_problem(const char *text)
{
    static char stack[XML_DEPTH_MAX][XML_NAME_MAX];
    unsigned depth = 0;
    bool any = false;
    for (const char *scan = text; *scan != '\0';) {
        const char *here = scan;
        const uint32_t code = utf8_next(&scan);
        const bool broken = code == UTF8_REPLACEMENT && scan - here == 1;
        if (broken || (utf8_is_control(code) && code != '\n' && code != '\t' && code != '\r')) {
            return here;
        }
    }
    for (const char *at = text; *at != '\0';) {
        const char *here = at;
        if (strncmp(at, "<?", 2) == 0 || strncmp(at, "<!", 2) == 0) {
            const char *end = strncmp(at, "<!--", 4) == 0 ? strstr(at, "-->") : strchr(at, '>');
            if (end == NULL) {
                return here;
            }
            at = strchr(end, '>') + 1;
        } else if (*at == '<') {
            const bool closing = at[1] == '/';
            at += 1 + closing;
            const size_t length = strcspn(at, " \t\r\n/>");
            if (length == 0 || length >= XML_NAME_MAX || depth == XML_DEPTH_MAX) {
                return here;
            }
            if (closing) {
                depth = depth > 0 ? depth - 1 : XML_DEPTH_MAX;
                if (depth == XML_DEPTH_MAX || strncmp(stack[depth], at, length) != 0 ||
                    stack[depth][length] != '\0') {
                    return here;
                }
                at += length;
            } else {
                memcpy(stack[depth], at, length);
                stack[depth][length] = '\0';
                any = true;
                at = xml_attributes(at + length);
                if (at == NULL) {
                    return here;
                }
                depth += *at == '>';
                at += *at == '/';
            }
            if (*at != '>') {
                return here;
            }
            at++;
        } else if (*at == '&') {
            at = xml_entity(at);
            if (at == NULL) {
                return here;
            }
        } else {
            at++;
        }
    }
    return any && depth == 0 ? NULL : text;
}

#endif
