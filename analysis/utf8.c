#include "analysis/utf8.h"

uint32_t utf8_next(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    const uint32_t first = at[0];
    if (first == 0) {
        return 0;
    }
    *text += 1;
    if (first < 0x80) {
        return first;
    }
    if (first < 0xC2 || first > 0xF4) {
        return UTF8_REPLACEMENT;
    }
    const unsigned extra = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t code = first & (0x3Fu >> extra);
    for (unsigned i = 1; i <= extra; i++) {
        if ((at[i] & 0xC0u) != 0x80u) {
            return UTF8_REPLACEMENT;
        }
        code = code << 6 | (at[i] & 0x3Fu);
    }
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (code < smallest[extra] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return UTF8_REPLACEMENT;
    }
    *text += extra;
    return code;
}

size_t utf8_write(uint32_t code, char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    const size_t extra = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    for (size_t i = extra; i > 0; i--) {
        bytes[i] = (char)(0x80u | (code & 0x3Fu));
        code >>= 6;
    }
    bytes[0] = (char)(lead[extra] | code);
    return extra + 1;
}

bool utf8_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code & 0xFFFE) == 0xFFFE;
}

struct range {
    uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

int utf8_code_width(uint32_t code)
{
    static const struct range zero[] = {
        {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
        {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A},
        {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E},
        {0x2060, 0x2064}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
    static const struct range wide[] = {
        {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
        {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},
        {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    if (code < 0x300) {
        return 1;
    }
    if (in_ranges(zero, sizeof zero / sizeof zero[0], code)) {
        return 0;
    }
    return in_ranges(wide, sizeof wide / sizeof wide[0], code) ? 2 : 1;
}

int utf8_width(const char *text)
{
    int width = 0;
    for (uint32_t code = utf8_next(&text); code != 0; code = utf8_next(&text)) {
        width += utf8_is_control(code) ? 1 : utf8_code_width(code);
    }
    return width;
}
