/*
 * sha256.h - SHA-256, to name a scenario by its content.
 *
 * Source: NIST FIPS 180-4, "Secure Hash Standard", August 2015, sections 4.1.2, 5 and 6.2.
 */
#ifndef SCENARIOS_SHA256_H
#define SCENARIOS_SHA256_H

#include <stddef.h>

enum { SHA256_TEXT_MAX = 65 };

/* The digest of `length` bytes as 64 hexadecimal digits; returns text. */
char *sha256_text(const void *bytes, size_t length, char text[SHA256_TEXT_MAX]);

#endif
