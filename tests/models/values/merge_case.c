#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/values/merge_case.h"

void merge_begin(struct merge_case *merge, const char *type, const char *variant)
{
    *merge = (struct merge_case){.form = VALUE_DELTA};
    arena_init(&merge->arena);
    merge->value = value_case_of(type, variant, &merge->arena);
}

void merge_forget(struct merge_case *merge)
{
    for (uint32_t i = 0; i <= MERGE_REPLICAS; i++) {
        words_clear(&merge->states[i]);
        merge->known[i] = 0;
    }
    merge->count = 0;
}

void merge_end(struct merge_case *merge)
{
    for (uint32_t i = 0; i <= MERGE_REPLICAS; i++) {
        words_release(&merge->states[i]);
    }
    for (uint32_t i = 0; i < MERGE_WRITES; i++) {
        words_release(&merge->deltas[i]);
    }
    words_release(&merge->after);
    words_release(&merge->shipped);
    words_release(&merge->displaced);
    arena_release(&merge->arena);
}

bool merge_do(struct merge_case *merge, uint32_t replica, struct merge_write write)
{
    struct words_buffer *state = &merge->states[replica];
    CHECK(merge->count < MERGE_WRITES);
    const bool transfer = write.action == VALUE_TRANSFER;
    write.replica = replica;
    write.past = merge->known[replica];
    write.amount = write.amount == 0 ? 1 : write.amount;
    write.bytes = write.bytes == 0 ? 10 : write.bytes;
    if (!transfer) {
        write.version = (struct value_version){
            write.time * ((int64_t)1 << VALUE_TIE_BITS) + replica, merge->count + 1};
    }
    const struct value_write done = {.action = write.action,
                                     .element = write.element,
                                     .amount = write.amount,
                                     .bytes = write.bytes,
                                     .actor = value_actor(replica, write.lives),
                                     .members = MERGE_REPLICAS,
                                     .version = write.version,
                                     .clock_ns = write.clock_ns,
                                     .context = {write.context, write.context_count},
                                     .context_given = write.context != NULL};
    if (value_perform(&merge->value.type, words_of(state), &done, merge->form, &merge->after,
                      &merge->shipped) == VALUE_REFUSED) {
        return false;
    }
    value_case_copy(state, words_of(&merge->after));
    value_case_copy(&merge->deltas[merge->count], words_of(&merge->shipped));
    merge->known[replica] |= (uint64_t)1 << merge->count;
    merge->writes[merge->count++] = write;
    return true;
}

static void take(struct merge_case *merge, uint32_t to, struct words from, enum value_form form)
{
    words_clear(&merge->displaced);
    value_take(&merge->value.type, words_of(&merge->states[to]), from, form, &merge->after,
               &merge->displaced);
    value_case_copy(&merge->states[to], words_of(&merge->after));
}

void merge_send(struct merge_case *merge, uint32_t from, uint32_t to)
{
    if (merge->states[from].count > 0) {
        take(merge, to, words_of(&merge->states[from]), VALUE_STATE);
    }
    merge->left = merge->known[to];
    merge->right = merge->known[from];
    merge->known[to] |= merge->known[from];
}

void merge_deliver(struct merge_case *merge, uint32_t write, uint32_t to)
{
    take(merge, to, words_of(&merge->deltas[write]), merge->form);
    merge->left = merge->known[to];
    merge->right = (uint64_t)1 << write;
    merge->known[to] |= merge->right;
}

bool merge_equal(const struct merge_case *merge, uint32_t a, uint32_t b)
{
    return words_equal(words_of(&merge->states[a]), words_of(&merge->states[b]));
}

struct value_view merge_view(const struct merge_case *merge, uint32_t replica)
{
    struct value_view view;
    value_view_of(&merge->value.type, words_of(&merge->states[replica]), &view);
    return view;
}

struct value_size merge_size(const struct merge_case *merge, uint32_t replica)
{
    return value_size_of(&merge->value.type, words_of(&merge->states[replica]), VALUE_STATE);
}

struct value_size merge_delta_size(const struct merge_case *merge, uint32_t write)
{
    return value_size_of(&merge->value.type, words_of(&merge->deltas[write]), merge->form);
}

bool merge_displaced(const struct merge_case *merge, const struct merge_pair *pairs, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct value_version loser = merge->writes[pairs[i].loser].version;
        const struct value_version winner = merge->writes[pairs[i].winner].version;
        for (uint32_t at = 0; at < merge->displaced.count; at += 4) {
            const uint64_t *pair = merge->displaced.at + at;
            found += (int64_t)pair[0] == loser.stamp && pair[1] == loser.write &&
                     (int64_t)pair[2] == winner.stamp && pair[3] == winner.write;
        }
    }
    return found == count && merge->displaced.count == 4 * count;
}

uint64_t merge_draw(uint64_t *state, uint64_t below)
{
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return (word ^ word >> 31) % below;
}

void merge_expect(const struct merge_case *merge, const char *what, int64_t got, int64_t expected)
{
    if (got != expected) {
        fail_msg("%s {%s} seed %llu, %u writes: %s is %lld, not %lld", merge->value.name,
                 merge->value.variant, (unsigned long long)merge->seed, merge->count, what,
                 (long long)got, (long long)expected);
    }
}

/* Everything that anybody has, as states and as deltas in disorder: the same words. */
static void gather(struct merge_case *merge, const struct merge_plan *plan, uint64_t *chance)
{
    for (uint32_t i = 0; i < plan->replicas; i++) {
        merge_send(merge, i, MERGE_REPLICAS);
    }
    for (uint32_t i = 0; i < plan->replicas; i++) {
        merge_send(merge, MERGE_REPLICAS, i);
        merge_expect(merge, "a replica equal to others when all have met",
                     merge_equal(merge, i, MERGE_REPLICAS), true);
    }
    if (!plan->one_delta_is_all || merge->count == 0) {
        return;
    }
    words_clear(&merge->states[MERGE_REPLICAS]);
    merge->known[MERGE_REPLICAS] = 0;
    const uint64_t all = merge->known[0];
    while (merge->known[MERGE_REPLICAS] != all) {
        merge_deliver(merge, (uint32_t)merge_draw(chance, merge->count), MERGE_REPLICAS);
    }
    merge_expect(merge, "the join of all deltas equal to that of all states",
                 merge_equal(merge, 0, MERGE_REPLICAS), true);
}

void merge_random(struct merge_case *merge, const struct merge_plan *plan, merge_check *check)
{
    uint64_t chance = plan->seed;
    merge_forget(merge);
    merge->seed = plan->seed;
    for (uint32_t step = 0; step < plan->steps && merge->count < MERGE_WRITES; step++) {
        const uint32_t replica = (uint32_t)merge_draw(&chance, plan->replicas);
        words_clear(&merge->displaced);
        merge->left = merge->right = merge->known[replica];
        if (merge_draw(&chance, 2) == 0) {
            const struct merge_write write = {
                .action = plan->actions[merge_draw(&chance, plan->action_count)],
                .element = (uint32_t)merge_draw(&chance, plan->elements),
                .amount = 1 + (int64_t)merge_draw(&chance, plan->amounts),
                .bytes = 1 + (uint32_t)merge_draw(&chance, 50),
                .time = (int64_t)(step / plan->steps_per_tick) - plan->skew +
                        (int64_t)merge_draw(&chance, (uint64_t)plan->skew * 2 + 1),
                .clock_ns = step * SIM_NS_PER_S,
            };
            merge_do(merge, replica, write);
        } else {
            merge_send(merge, (uint32_t)merge_draw(&chance, plan->replicas), replica);
        }
        check(merge, replica);
    }
    gather(merge, plan, &chance);
    check(merge, 0);
}
