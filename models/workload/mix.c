#include "models/workload/mix.h"

static const struct {
    double shares[MIX_OPERATION_COUNT];
    uint32_t popularity;
} presets[] = {
    [SCENARIO_YCSB_NONE] = {{1.0}, SCENARIO_POPULARITY_ZIPFIAN},
    [SCENARIO_YCSB_A] = {{[MIX_READ] = 0.5, [MIX_WRITE] = 0.5}, SCENARIO_POPULARITY_ZIPFIAN},
    [SCENARIO_YCSB_B] = {{[MIX_READ] = 0.95, [MIX_WRITE] = 0.05}, SCENARIO_POPULARITY_ZIPFIAN},
    [SCENARIO_YCSB_C] = {{[MIX_READ] = 1.0}, SCENARIO_POPULARITY_ZIPFIAN},
    [SCENARIO_YCSB_D] = {{[MIX_READ] = 0.95, [MIX_INSERT] = 0.05}, SCENARIO_POPULARITY_LATEST},
    [SCENARIO_YCSB_E] = {{[MIX_SCAN] = 0.95, [MIX_INSERT] = 0.05}, SCENARIO_POPULARITY_ZIPFIAN},
    [SCENARIO_YCSB_F] = {{[MIX_READ] = 0.5, [MIX_READ_MODIFY_WRITE] = 0.5},
                         SCENARIO_POPULARITY_ZIPFIAN},
};

void mix_init(struct mix *mix, const struct scenario_client *client)
{
    const double own[MIX_OPERATION_COUNT] = {client->mix.read, client->mix.write,
                                             client->mix.insert, client->mix.scan,
                                             client->mix.read_modify_write};
    double sum = 0.0;
    for (int i = 0; i < MIX_OPERATION_COUNT; i++) {
        sum += own[i];
    }
    const bool preset = client->ycsb != SCENARIO_YCSB_NONE || sum == 0.0;
    const double *shares = preset ? presets[client->ycsb].shares : own;
    const double whole = preset ? 1.0 : sum;
    double until = 0.0;
    int last = 0;
    for (int i = 0; i < MIX_OPERATION_COUNT; i++) {
        until += shares[i] / whole;
        mix->until[i] = until;
        last = shares[i] > 0.0 ? i : last;
    }
    /* Rounding must not leave a crumb for an operation without a share. */
    for (int i = last; i < MIX_OPERATION_COUNT; i++) {
        mix->until[i] = 1.0;
    }
}

uint32_t mix_popularity(const struct scenario_client *client, const struct scenario_keys *keys)
{
    if (client->popularity != 0) {
        return client->popularity - 1;
    }
    return client->ycsb != SCENARIO_YCSB_NONE ? presets[client->ycsb].popularity : keys->popularity;
}
