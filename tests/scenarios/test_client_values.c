/*
 * test_client_values.c - what a scenario may ask of the values of a dataset, and the reason why
 * not: actions, amounts, feeds and rows of a trace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/scenario.h"
#include "scenarios/load.h"
#include "sim/arena.h"

#include <stdio.h>
#include <string.h>

static const char *const trace = "time_ms,operation,key,element,amount\n"
                                 "0,read,1,,\n"
                                 "1,increment,1,0,5\n"
                                 "2,decrement,1,0,5\n"
                                 "3,upsert,1,0,5\n"
                                 "4,increment,1,1,5\n"
                                 "5,increment,1,0,0\n"
                                 "6,increment,1,0,1000000001\n"
                                 "7,write,1,0,1000000000\n";

static const char *read_trace(void *context, const char *name, struct arena *arena, size_t *length,
                              const char **problem)
{
    (void)context;
    (void)name;
    (void)problem;
    *length = strlen(trace);
    return arena_text(arena, trace, *length);
}

/* The messages about a scenario with this type and these rows of a client; ' stands for ". */
static bool load(const char *type, const char *client, struct text *messages)
{
    char text[2000];
    snprintf(text, sizeof text,
             "{'name': 'n', 'duration': '10s', 'regions': ['us-east-1', 'eu-west-1', "
             "'ap-south-1'],\n"
             " 'datasets': {'d': {'value': {'type': '%s'}, 'replication': {'strategy': 'quorum',\n"
             "   'replicas': ['us-east-1', 'eu-west-1']}}},\n"
             " 'clients': [{'at': 'us-east-1', %s}]}",
             type, client);
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    struct arena arena;
    arena_init(&arena);
    struct diags diags;
    diags_init(&diags, &arena);
    const struct file_reader files = {read_trace, NULL};
    const struct load_options options = {
        .file_name = "t", .text = text, .length = strlen(text), .files = &files};
    const bool loaded = scenario_load(&options, &arena, &diags, NULL) != NULL;
    diags_put_lines(&diags, messages);
    arena_release(&arena);
    return loaded;
}

static void assert_accepted(const char *type, const char *client)
{
    struct text messages = {0};
    if (!load(type, client, &messages)) {
        fail_msg("%s, %s:\n%s", type, client, text_string(&messages));
    }
    text_release(&messages);
}

static void assert_refused(const char *type, const char *client, const char *expected)
{
    struct text messages = {0};
    if (load(type, client, &messages) || strstr(text_string(&messages), expected) == NULL) {
        fail_msg("%s, %s: must be refused with\n%s\n%s", type, client, expected,
                 text_string(&messages));
    }
    text_release(&messages);
}

static void test_actions(void **state)
{
    (void)state;
    assert_accepted("pn_counter", "'rate': 1, 'mix': {'increment': 0.6, 'decrement': 0.4}");
    assert_accepted("pn_counter", "'rate': 1, 'ycsb': 'a'");
    assert_accepted("or_set", "'rate': 1, 'mix': {'add': 0.5, 'remove': 0.3, 'read': 0.2}");
    assert_accepted("register", "'rate': 1, 'mix': {'set': 1}");
    assert_refused("g_counter", "'rate': 1, 'mix': {'increment': 0.5, 'decrement': 0.5}",
                   "clients[0].mix.decrement: a g_counter can not be decremented; its operations "
                   "are write, increment; datasets.d.value.type could be pn_counter");
    assert_refused("register", "'rate': 1, 'mix': {'delete': 1}",
                   "clients[0].mix.delete: a register can not be deleted; its operations are "
                   "write, set; datasets.d.value.type could be ");
    assert_refused("register", "'rate': 1, 'mix': {'increment': 1}",
                   "clients[0].mix.increment: a register can not be incremented; its operations "
                   "are write, set; datasets.d.value.type could be ");
    assert_refused("pn_counter", "'rate': 1, 'mix': {'add': 1}",
                   "clients[0].mix.add: nothing can be added to a pn_counter; its operations are "
                   "write, increment, decrement; datasets.d.value.type could be ");
    assert_refused("g_set", "'rate': 1, 'mix': {'remove': 1}",
                   "clients[0].mix.remove: nothing can be removed from a g_set; its operations "
                   "are write, add; datasets.d.value.type could be ");
    assert_refused("or_set", "'rate': 1, 'mix': {'increment': 1}",
                   "clients[0].mix.increment: an or_set can not be incremented");
    assert_refused("pn_counter", "'rate': 1, 'mix': {'set': 1}",
                   "clients[0].mix.set: a pn_counter can not be set");
    assert_refused("pn_counter", "'rate': 1, 'mix': {'increment': 0.5, 'decrement': 0.6}",
                   "clients[0].mix: shares must add up to 1 (got 1.1000)");
    assert_refused("pn_counter", "'rate': 1, 'ycsb': 'a', 'mix': {'increment': 1}",
                   "clients[0].mix: \"ycsb\" sets the mix; give only one of them");
}

static void test_amounts_and_elements(void **state)
{
    (void)state;
    assert_accepted("pn_counter", "'rate': 1, 'mix': {'increment': 1}, 'amount': 3");
    assert_accepted("pn_counter", "'rate': 1, 'mix': {'increment': 1}, 'amount':"
                                  " {'distribution': 'uniform', 'min': 1, 'max': 9}");
    assert_accepted("or_set", "'rate': 1, 'mix': {'add': 1}, 'elements': 'zipfian'");
    assert_refused("pn_counter", "'rate': 1, 'mix': {'increment': 1}, 'amount': 0.5",
                   "clients[0].amount: must be from 1 to 1000000000 on average");
    assert_refused("pn_counter", "'rate': 1, 'mix': {'increment': 1}, 'amount': 1e10",
                   "clients[0].amount: must be from 1 to 1000000000 on average");
    assert_refused("or_set", "'rate': 1, 'mix': {'add': 1}, 'elements': 'hot'",
                   "clients[0].elements: ");
}

static void test_feeds(void **state)
{
    (void)state;
    assert_accepted("mv_register", "'feed': '2min', 'sessions': 3");
    assert_accepted("mv_register", "'feed': {'latency': {'distribution': 'exponential',"
                                   " 'mean': '2min'}}, 'sessions': 3");
    assert_refused("register", "'feed': '2min'",
                   "clients[0].feed: there is nothing to resolve: a register never keeps two "
                   "values side by side; types of values that do: mv_register");
    assert_refused("or_set", "'feed': '2min'",
                   "clients[0].feed: there is nothing to resolve: an or_set never keeps");
    assert_refused("revision_tree", "'feed': '2min'",
                   "clients[0].feed: its people would see one value of a revision_tree and resolve "
                   "nothing: set datasets.d.value.conflicts to \"resolved\"");
    assert_refused("mv_register", "'feed': {}", "clients[0].feed: needs \"latency\"");
    assert_refused("mv_register", "'feed': '2min', 'rate': 1",
                   "clients[0]: needs exactly one of \"rate\" (open loop), \"think\" (closed "
                   "loop), \"trace\" and \"feed\"");
    assert_refused("mv_register", "'feed': '2min', 'mix': {'read': 1}",
                   "clients[0].mix: people at a \"feed\" read a conflict and write what is right, "
                   "and nothing else");
    assert_refused("mv_register", "'feed': '2min', 'ycsb': 'b'",
                   "clients[0].ycsb: people at a \"feed\" read a conflict");
    assert_refused("mv_register", "'rate': 1}, {'at': 'ap-south-1', 'feed': '2min'",
                   "clients[1].feed: its people see conflicts in their own region, and "
                   "\"ap-south-1\" holds no replica of \"d\"");
    assert_refused("mv_register",
                   "'rate': 1}, {'at': {'name': 'home', 'lat': 1, 'lon': 2},"
                   " 'feed': '2min'",
                   "clients[1].feed: its people see conflicts in their own region, and \"home\" "
                   "holds no replica of \"d\"");
}

static void test_trace_rows(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "t.csv:4: a g_counter can not be decremented; its operations are write, increment; "
        "datasets.d.value.type could be pn_counter",
        "t.csv:5: operation must be read, write, read_modify_write, set, increment, decrement, "
        "add, remove or delete "
        "(got \"upsert\")",
        "t.csv:6: element must be an integer from 0 to 0 (got \"1\")",
        "t.csv:7: amount must be an integer from 1 to 1000000000 (got \"0\")",
        "t.csv:8: amount must be an integer from 1 to 1000000000 (got \"1000000001\")"};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_refused("g_counter", "'trace': 't.csv'", expected[i]);
    }
    struct text messages = {0};
    assert_false(load("g_counter", "'trace': 't.csv'", &messages));
    assert_null(strstr(text_string(&messages), "t.csv:2:"));
    assert_null(strstr(text_string(&messages), "t.csv:3:"));
    assert_null(strstr(text_string(&messages), "t.csv:9:"));
    text_release(&messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_amounts_and_elements),
        cmocka_unit_test(test_feeds),
        cmocka_unit_test(test_trace_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
