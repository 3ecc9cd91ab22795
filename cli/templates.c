#include "cli/templates.h"

#include <stddef.h>

static const char primary_text[] =
    "{\n"
    "  \"$schema\": \"scenario.schema.json\",\n"
    "  \"name\": \"my-scenario\",\n"
    "  \"summary\": \"one primary, read replicas on two other continents\",\n"
    "  \"seed\": 1, \"duration\": \"60s\", \"warmup\": \"5s\",\n"
    "  \"regions\": [\"us-east-1\", \"eu-west-1\", \"ap-northeast-1\"],\n"
    "  \"network\": {\"latency\": \"catalogue\", \"jitter\": \"published\"},\n"
    "  \"nodes\": {\"disk_sync\": \"500us\"},\n"
    "  \"datasets\": {\n"
    "    \"orders\": {\n"
    "      \"keys\": {\"count\": 10000, \"popularity\": \"zipfian\"}, \"value_bytes\": 512,\n"
    "      \"replication\": {\"strategy\": \"primary\", \"primary\": \"us-east-1\", "
    "\"acks\": \"async\"}\n"
    "    }\n"
    "  },\n"
    "  \"clients\": [\n"
    "    {\"at\": \"us-east-1\", \"rate\": \"200/s\", \"mix\": {\"read\": 0.9, \"write\": "
    "0.1}},\n"
    "    {\"at\": \"eu-west-1\", \"rate\": \"200/s\", \"mix\": {\"read\": 0.9, \"write\": "
    "0.1}},\n"
    "    {\"at\": \"ap-northeast-1\", \"rate\": \"200/s\", \"mix\": {\"read\": 0.9, "
    "\"write\": 0.1}}\n"
    "  ],\n"
    "  \"faults\": [\n"
    "    {\"id\": \"atlantic\", \"kind\": \"partition\", \"between\": [[\"us-east-1\"], "
    "[\"eu-west-1\"]], \"at\": \"30s\", \"for\": \"10s\"}\n"
    "  ],\n"
    "  \"variants\": {\n"
    "    \"sync\": {\"datasets.orders.replication.acks\": \"all\"}\n"
    "  }\n"
    "}\n";

static const char quorum_text[] =
    "{\n"
    "  \"$schema\": \"scenario.schema.json\",\n"
    "  \"name\": \"my-quorum\",\n"
    "  \"summary\": \"leaderless, three replicas, two answers for each read and write\",\n"
    "  \"seed\": 1, \"duration\": \"60s\", \"warmup\": \"5s\",\n"
    "  \"regions\": [\"us-east-1\", \"eu-west-1\", \"ap-northeast-1\"],\n"
    "  \"clocks\": \"ntp\",\n"
    "  \"datasets\": {\n"
    "    \"profiles\": {\n"
    "      \"keys\": 10000,\n"
    "      \"replication\": {\"strategy\": \"quorum\", \"r\": 2, \"w\": 2}\n"
    "    }\n"
    "  },\n"
    "  \"clients\": [\n"
    "    {\"at\": \"us-east-1\", \"rate\": \"200/s\", \"ycsb\": \"b\"},\n"
    "    {\"at\": \"eu-west-1\", \"rate\": \"200/s\", \"ycsb\": \"b\"},\n"
    "    {\"at\": \"ap-northeast-1\", \"rate\": \"200/s\", \"ycsb\": \"b\"}\n"
    "  ],\n"
    "  \"expect\": {\"stale_ratio\": [\"rate==0\"]},\n"
    "  \"variants\": {\n"
    "    \"one-one\": {\"datasets.profiles.replication.r\": 1, "
    "\"datasets.profiles.replication.w\": 1,\n"
    "                \"expect\": {\"stale_ratio\": [\"rate>0\"]}}\n"
    "  }\n"
    "}\n";

const struct scenario_template templates[] = {
    {"primary", "one primary, read replicas, a partition", primary_text},
    {"quorum", "leaderless quorum", quorum_text},
    {0}};
