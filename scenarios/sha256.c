#include "scenarios/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 64, LENGTH_BYTES = 8, WORDS = 8, ROUNDS = 64 };

/* Fractional parts of the cube roots of the first 64 primes (section 4.2.2). */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t word, int by)
{
    return word >> by | word << (32 - by);
}

static void schedule(uint32_t words[ROUNDS], const unsigned char *block)
{
    for (int i = 0; i < 16; i++) {
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (int i = 16; i < ROUNDS; i++) {
        const uint32_t near = words[i - 2];
        const uint32_t far = words[i - 15];
        words[i] = (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10) + words[i - 7] +
                   (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3) + words[i - 16];
    }
}

static void add_block(uint32_t state[WORDS], const unsigned char *block)
{
    uint32_t words[ROUNDS];
    uint32_t v[WORDS]; /* a to h of the standard */
    schedule(words, block);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < ROUNDS; i++) {
        const uint32_t sum1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const uint32_t first = v[7] + sum1 + choice + constants[i] + words[i];
        const uint32_t sum0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, (WORDS - 1) * sizeof v[0]);
        v[4] += first;
        v[0] = first + sum0 + majority;
    }
    for (int i = 0; i < WORDS; i++) {
        state[i] += v[i];
    }
}

/* The rest, a one bit, zeros, and the length in bits: one or two blocks. */
static void add_end(uint32_t state[WORDS], const unsigned char *rest, size_t count, uint64_t length)
{
    unsigned char blocks[2 * BLOCK_BYTES] = {0};
    const size_t size =
        count + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : (size_t)2 * BLOCK_BYTES;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = rest[i];
    }
    blocks[count] = 0x80;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        blocks[size - 1 - i] = (unsigned char)(length * 8 >> 8 * i);
    }
    for (size_t at = 0; at < size; at += BLOCK_BYTES) {
        add_block(state, blocks + at);
    }
}

char *sha256_text(const void *bytes, size_t length, char text[SHA256_TEXT_MAX])
{
    /* Fractional parts of the square roots of the first 8 primes (section 5.3.3). */
    uint32_t state[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const unsigned char *at = bytes;
    size_t rest = length;
    for (; rest >= BLOCK_BYTES; rest -= BLOCK_BYTES) {
        add_block(state, at);
        at += BLOCK_BYTES;
    }
    add_end(state, at, rest, length);
    for (size_t i = 0; i < WORDS; i++) {
        snprintf(text + 8 * i, SHA256_TEXT_MAX - 8 * i, "%08x", state[i]);
    }
    return text;
}
