#!/bin/sh
# Experiments of other tools become faults, at the times they would happen; what can not is named.
. "$(dirname "$0")/lib.sh"

cat >world.json <<'EOF'
{"name": "world", "summary": "for imports", "duration": "20min",
 "regions": [{"name": "us-east-1", "nodes": 4, "zones": 2}, {"name": "eu-west-1", "nodes": 2},
             "ap-northeast-1"],
 "datasets": {"d": {"replication": {"strategy": "quorum"}}},
 "clients": [{"at": "us-east-1", "rate": "10/s"}]}
EOF
cat >fis.json <<'EOF'
{"description": "a zone, then a cable, then a slow instance",
 "targets": {
  "db": {"resourceType": "aws:ec2:instance", "selectionMode": "ALL",
         "filters": [{"path": "Placement.AvailabilityZone", "values": ["us-east-1b"]}]},
  "one": {"resourceType": "aws:ec2:instance", "selectionMode": "COUNT(1)",
          "resourceArns": ["arn:aws:ec2:eu-west-1:111122223333:instance/i-1"]},
  "half": {"resourceType": "aws:ec2:instance", "selectionMode": "PERCENT(50)",
           "resourceArns": ["arn:aws:ec2:us-east-1:111122223333:instance/i-2"]},
  "subnets": {"resourceType": "aws:ec2:subnet", "resourceTags": {"a": "b"}}},
 "actions": {
  "cut": {"actionId": "aws:network:route-table-disrupt-cross-region-connectivity",
          "parameters": {"region": "eu-west-1", "duration": "PT1H30M"},
          "targets": {"Subnets": "subnets"}, "startAfter": ["wait"]},
  "stop zone": {"actionId": "aws:ec2:stop-instances",
                "parameters": {"startInstancesAfterDuration": "PT2M"},
                "targets": {"Instances": "db"}},
  "wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"},
           "startAfter": ["stop zone"]},
  "gone": {"actionId": "aws:ec2:terminate-instances", "targets": {"Instances": "half"}},
  "slow": {"actionId": "aws:ssm:send-command", "targets": {"Instances": "one"},
           "parameters": {
            "documentArn": "arn:aws:ssm:us-east-1::document/AWSFIS-Run-Network-Latency",
            "documentParameters": "{\"DurationSeconds\": \"60\", \"DelayMilliseconds\": \"200\"}"}}},
 "stopConditions": [{"source": "none"}], "roleArn": "r"}
EOF
cat >fis.expected <<'EOF'
[
  {"id": "stop-zone-1", "kind": "zone_outage", "at": "1min", "for": "2min", "region": "us-east-1", "zone": 1},
  {"id": "gone-2", "kind": "node_outage", "at": "1min", "region": "us-east-1", "node": 0, "disk": "lost"},
  {"id": "gone-3", "kind": "node_outage", "at": "1min", "region": "us-east-1", "node": 1, "disk": "lost"},
  {"id": "slow-4", "kind": "link", "at": "1min", "for": "1min", "between": [["eu-west-1/n0"], ["us-east-1", "ap-northeast-1"]], "extra": "200ms"},
  {"id": "cut-5", "kind": "partition", "at": "4min", "for": "90min", "between": [["us-east-1"], ["eu-west-1"]]}
]
EOF
code_is 0 "$GEODES" import fis.json --scenario world.json --at 60s --map subnets=us-east-1
same out fis.expected
empty err
cp out faults
code_is 0 "$GEODES" run world.json --set "faults=$(cat faults)"
has out 'partition us-east-1 | eu-west-1'

cat >litmus.json <<'EOF'
{"apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosEngine", "metadata": {"name": "engine"},
 "spec": {"appinfo": {"appns": "default", "applabel": "app=web", "appkind": "deployment"},
  "experiments": [
   {"name": "pod-network-loss", "spec": {"components": {"env": [
     {"name": "TOTAL_CHAOS_DURATION", "value": "30"}, {"name": "RAMP_TIME", "value": "5"},
     {"name": "NETWORK_PACKET_LOSS_PERCENTAGE", "value": "25"},
     {"name": "DESTINATION_HOSTS", "value": "db.internal"}]}}},
   {"name": "pod-delete", "spec": {"components": {"env": [
     {"name": "TOTAL_CHAOS_DURATION", "value": "60"}, {"name": "CHAOS_INTERVAL", "value": "30"}]}}},
   {"name": "pod-network-partition", "spec": {"components": {"env": [
     {"name": "TOTAL_CHAOS_DURATION", "value": "10"}]}}}]}}
EOF
cat >litmus.expected <<'EOF'
[
  {"id": "pod-network-loss-1", "kind": "link", "at": "15s", "for": "30s", "between": [["eu-west-1/n0"], ["us-east-1"]], "loss": 0.25},
  {"id": "pod-delete-2", "kind": "node_outage", "at": "50s", "for": "12s", "region": "eu-west-1", "node": 0},
  {"id": "pod-delete-3", "kind": "node_outage", "at": "80s", "for": "12s", "region": "eu-west-1", "node": 0},
  {"id": "pod-network-partition-4", "kind": "partition", "at": "110s", "for": "10s", "isolate": ["eu-west-1/n0"]}
]
EOF
litmus() {
    "$GEODES" import litmus.json -s world.json --at 10s "$@"
}
code_is 0 litmus --map app=web=eu-west-1/n0 --map db.internal=us-east-1 --restart-after 12s
same out litmus.expected
code_is 0 "$GEODES" run world.json --set "faults=$(cat out)"

# What can not be mapped is an error with its place and its name; nothing is printed then.
code_is 3 "$GEODES" import fis.json -s world.json
has err 'fis.json:13:34: actions.cut.targets.Subnets: target "subnets" names no region'
empty out
code_is 3 "$GEODES" import fis.json -s world.json --map subnets=us-west-9
has err 'is mapped to "us-west-9", which is no region, region/nN or region/zN of the scenario'
code_is 3 litmus --map app=web=eu-west-1
has err 'says how often "pod-delete" kills, not how long a restart takes: give --restart-after'
has err '"db.internal" is not known: give --map db.internal=REGION'
code_is 3 litmus
has err 'spec.appinfo.applabel: "app=web" is not known to the scenario: give --map app=web=PLACE'

# one KEY VALUE: a template with one action of that kind.
one() {
    printf '{"targets": {"t": {"resourceArns": ["arn:aws:x:us-east-1:1:y/z"]}}, "actions": {"a":
        {"actionId": "%s", "parameters": {%s}, "targets": {"T": "t"}%s}}}' "$1" "$2" "${3-}" >one.json
    code_is 3 "$GEODES" import one.json -s world.json
    empty out
}
one aws:ec2:send-spot-instance-interruptions ''
has err 'action "aws:ec2:send-spot-instance-interruptions" has no counterpart among the faults; leave it out with --skip a'
code_is 0 "$GEODES" import one.json -s world.json --skip a
has out '[]'
one aws:network:disrupt-connectivity '"scope": "s3", "duration": "PT1M"'
has err 'scope "s3" has no counterpart: only "all" has'
one aws:network:disrupt-connectivity '"scope": "all", "duration": "1 minute"'
has err 'must have duration as an ISO 8601 duration, as "PT5M" (got "1 minute")'
one aws:network:disrupt-connectivity '"scope": "all"'
has err '(got none)'
one aws:ec2:reboot-instances ''
has err 'does not say how long a restart takes: give --restart-after'
one aws:ssm:send-command '"documentArn": "arn:aws:ssm:us-east-1::document/AWSFIS-Run-CPU-Stress"'
has err 'AWSFIS-Run-CPU-Stress" has no counterpart'
one aws:eks:pod-network-packet-loss '"duration": "PT1M", "lossPercent": "many"'
has err 'must be a number (got "many")'
one aws:network:route-table-disrupt-cross-region-connectivity '"duration": "PT1M", "region": "us-east-1"'
has err 'parameter "region" must be another region of the scenario (got "us-east-1")'
one aws:ec2:stop-instances '' ', "startAfter": ["b"]'
has err 'actions.a.startAfter[0]: is no action of the template'
one aws:ec2:stop-instances '' ', "startAfter": ["a"]'
has err 'waits for an action that waits for it'

sed 's/"source": "none"/"source": "aws:cloudwatch:alarm"/' fis.json >alarm.json
code_is 3 "$GEODES" import alarm.json -s world.json --map subnets=us-east-1
has err 'a stop condition by an alarm has no counterpart'
code_is 0 "$GEODES" import alarm.json -s world.json --map subnets=us-east-1 --skip stopConditions
sed 's/pod-delete/pod-cpu-hog/' litmus.json >hog.json
code_is 3 "$GEODES" import hog.json -s world.json --map app=web=eu-west-1
has err '"pod-cpu-hog" has no counterpart among the faults; leave it out with --skip pod-cpu-hog'
sed 's/"RAMP_TIME", "value": "5"/"JITTER", "value": "5"/' litmus.json >jitter.json
code_is 3 "$GEODES" import jitter.json -s world.json --map app=web=eu-west-1
has err 'JITTER has no counterpart (got "5")'
sed 's/"NETWORK_PACKET_LOSS_PERCENTAGE"/"OTHER"/' litmus.json >amount.json
code_is 3 "$GEODES" import amount.json -s world.json --map app=web=eu-west-1
has err 'must say NETWORK_PACKET_LOSS_PERCENTAGE'

echo '{"kind": "Deployment"}' >other.json
code_is 3 "$GEODES" import other.json -s world.json
has err 'must be an AWS FIS experiment template'
code_is 2 "$GEODES" import fis.json
has err 'give --scenario FILE'
code_is 2 "$GEODES" import fis.json -s world.json --at soon
has err '--at must be a duration with its unit, as 60s (got "soon")'
code_is 2 "$GEODES" import fis.json -s world.json --map subnets
has err '--map must be NAME=PLACE (got "subnets")'
code_is 4 "$GEODES" import missing.json -s world.json
code_is 4 "$GEODES" import fis.json -s missing.json

finish
