/*
 * collect_numbers.c - values that are numbers: what they ought to be, and what replicas and readers
 * see instead.
 *
 * Model: the true number of a key is the sum of what committed writes add and take, each once. A
 *        write that was accepted and has not been committed (its client was never told) may be in
 *        a replica's number or not: both are right.
 */
#include "analysis/collect_values.h"

void numbers_accepted(struct value_key *key, const struct request *request)
{
    if ((request->flags & REQUEST_COMMITTED) == 0) {
        key->open_up += request->amount > 0 ? request->amount : 0;
        key->open_down += request->amount < 0 ? request->amount : 0;
    }
}

void numbers_committed(struct collect_state *state, const struct record *record)
{
    struct valued_dataset *dataset = &state->values->datasets[record->dataset];
    struct value_key *key = &dataset->keys[record->key];
    struct request *request = values_request(state, record->operation);

    if (!dataset->source->is_number || request == NULL ||
        (request->flags & REQUEST_COMMITTED) != 0) {
        return;
    }
    if ((request->flags & REQUEST_ACCEPTED) != 0) {
        key->open_up -= request->amount > 0 ? request->amount : 0;
        key->open_down -= request->amount < 0 ? request->amount : 0;
    }
    request->flags |= REQUEST_COMMITTED;
    key->sum += request->amount;

    const int64_t below = dataset->source->minimum - key->sum;

    if (dataset->source->has_minimum && request->amount < 0 && below > 0 &&
        state->now_ns >= state->layout->warmup_ns) {
        dataset->violations++;
        dataset->oversold += (uint64_t)(below < -request->amount ? below : -request->amount);
    }
}

void numbers_held(const struct collect_state *state, struct valued_dataset *dataset, int64_t before,
                  int64_t after)
{
    const int64_t minimum = dataset->source->minimum;

    if (before >= minimum && after < minimum && state->now_ns >= state->layout->warmup_ns) {
        dataset->violations_seen++;
    }
}

void numbers_returned(struct valued_dataset *dataset, const struct record *record)
{
    const int64_t missing = dataset->keys[record->key].sum - record->a;

    histogram_record(&dataset->undercount, missing > 0 ? missing : 0);
    histogram_record(&dataset->overcount, missing < 0 ? -missing : 0);
}

struct number_error numbers_error(const struct collect_state *state, uint32_t dataset_index,
                                  uint32_t index)
{
    const struct valued_dataset *dataset = &state->values->datasets[dataset_index];
    const struct value_key *key = &dataset->keys[index];
    const struct held_value *held = &dataset->held[(size_t)index * dataset->replica_count];
    struct number_error error = {0};

    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const int64_t least = key->sum + key->open_down, largest = key->sum + key->open_up;
        int64_t wrong = 0; /* above 0: lost, below: counted twice */

        if (state->node_down[dataset->source->replicas[i]]) {
            continue;
        }
        if (held[i].number < least) {
            wrong = least - held[i].number;
        } else if (held[i].number > largest) {
            wrong = largest - held[i].number;
        }
        error.sum += wrong;
        error.count++;
        wrong = wrong < 0 ? -wrong : wrong;
        error.most = wrong > error.most ? wrong : error.most;
    }
    return error;
}
