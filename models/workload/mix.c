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

double mix_action_share(const struct scenario_mix *mix, enum value_action action)
{
    switch (action) {
    case VALUE_SET:
        return mix->set;
    case VALUE_INCREMENT:
        return mix->increment;
    case VALUE_DECREMENT:
        return mix->decrement;
    case VALUE_ADD:
        return mix->add;
    case VALUE_REMOVE:
        return mix->remove;
    case VALUE_DELETE:
        return mix->delete;
    case VALUE_WRITE:
    case VALUE_TRANSFER:
    case VALUE_ACTION_COUNT:
        break;
    }
    return 0.0;
}

/* Returns their sum. */
static double shares_of(const struct scenario_mix *mix, double shares[MIX_OPERATION_COUNT])
{
    shares[MIX_READ] = mix->read;
    shares[MIX_WRITE] = mix->write;
    shares[MIX_INSERT] = mix->insert;
    shares[MIX_SCAN] = mix->scan;
    shares[MIX_READ_MODIFY_WRITE] = mix->read_modify_write;
    for (int i = MIX_ACTION_FIRST; i < MIX_OPERATION_COUNT; i++) {
        shares[i] = mix_action_share(mix, mix_action((uint32_t)i));
    }
    double sum = 0.0;
    for (int i = 0; i < MIX_OPERATION_COUNT; i++) {
        sum += shares[i];
    }
    return sum;
}

double mix_sum(const struct scenario_mix *mix)
{
    double shares[MIX_OPERATION_COUNT];
    return shares_of(mix, shares);
}

void mix_init(struct mix *mix, const struct scenario_client *client)
{
    double own[MIX_OPERATION_COUNT];
    const double sum = shares_of(&client->mix, own);
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
    mix->simple = last <= MIX_WRITE;
}

uint32_t mix_popularity(const struct scenario_client *client, const struct scenario_keys *keys)
{
    if (client->popularity != 0) {
        return client->popularity - 1;
    }
    return client->ycsb != SCENARIO_YCSB_NONE ? presets[client->ycsb].popularity : keys->popularity;
}
