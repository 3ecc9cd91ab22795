#include "models/csv_number.h"

#include <stdint.h>

static double power_of_ten(int exponent)
{
    double power = 1.0, base = 10.0;
    for (int left = exponent; left > 0; left >>= 1) {
        if ((left & 1) != 0) {
            power *= base;
        }
        base *= base;
    }
    return power;
}

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    return text;
}

/* Digits into *mantissa; *scale counts decimal places left out (+) or taken in (-). */
static const char *digits(const char *text, uint64_t *mantissa, int *scale, bool fraction)
{
    for (; *text >= '0' && *text <= '9'; text++) {
        if (*mantissa < UINT64_C(10000000000000000)) {
            *mantissa = *mantissa * 10 + (uint64_t)(*text - '0');
            *scale -= fraction ? 1 : 0;
        } else {
            *scale += fraction ? 0 : 1;
        }
    }
    return text;
}

bool csv_number(const char *text, double *number)
{
    text = skip_blanks(text);
    const bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    uint64_t mantissa = 0;
    int scale = 0;
    const char *const first = text;
    text = digits(text, &mantissa, &scale, false);
    if (text == first) {
        return false;
    }
    if (*text == '.') {
        const char *const point = text + 1;
        text = digits(point, &mantissa, &scale, true);
        if (text == point) {
            return false;
        }
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        const bool down = *text == '-';
        text += *text == '-' || *text == '+';
        uint64_t exponent = 0;
        int unused = 0;
        const char *const begin = text;
        text = digits(text, &exponent, &unused, false);
        if (text == begin || exponent > 400) {
            return false;
        }
        scale += down ? -(int)exponent : (int)exponent;
    }
    if (*skip_blanks(text) != '\0' || scale > 300 || scale < -400) {
        return false;
    }
    double value = (double)mantissa;
    value = scale >= 0 ? value * power_of_ten(scale) : value / power_of_ten(-scale);
    *number = negative ? -value : value;
    return value <= 1.7e308;
}
