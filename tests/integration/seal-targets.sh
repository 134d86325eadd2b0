#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# seal --targets: many machines in one run. Each disk opens on its own TPM and on no other; a run that
# was killed is completed by the next; what is there already is known by what it is; one failure does
# not stop the others; a file that is wrong is refused before anything is written.
# limit: 600
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/targets.sh
. "$SRC/tests/lib/targets.sh"
cd "$TMP"

count=40
targets_golden
mkdir vms
targets_lines vms $count >targets

note "$count machines, each a line"
expect_code 0 "${targets_seal[@]}" --targets targets --json
[ "$(jq -r 'select(.line) | .result' out | sort | uniq -c | xargs)" = "$count sealed" ] || fail "lines"
[ "$(jq -c 'select(.targets) | [.targets, .sealed, .there_already, .failed]' out)" = "[$count,$count,0,0]" ] || fail "summary"
[ "$(jq -r 'select(.line == 7) | .output.path + " " + .output.format + " " + .key' out)" = 'vms/6.qcow2 qcow2 shared' ] ||
    fail "report of a line"
targets_expect_open vms $count 12

note "again: nothing is done"
sha256sum vms/* >before
expect_code 0 "${targets_seal[@]}" --targets targets
[ "$(grep -c ': there already$' out)" = $count ] || fail "not all were there"
tail -n 1 out | grep -qx "$count targets: 0 sealed, $count there already, 0 failed" || fail "summary: $(tail -n 1 out)"
sha256sum -c --quiet before || fail "something was written"

note "killed in the middle, and run again"
mkdir killed
targets_lines killed $count >targets-killed
targets_kill killed $count targets-killed 5
expect_code 0 "${targets_seal[@]}" --targets targets-killed --json
[ "$(jq -c 'select(.targets) | .sealed + .there_already == .targets' out)" = true ] || fail "summary"
[ "$(find killed -type f | wc -l)" = $((2 * count)) ] || fail "files: $(ls -a killed)"
targets_expect_open killed 4

note "killed between the disk and the name of its recovery key; and before the disk"
cp vms/3.key kept.key
mv vms/3.key vms/3.key.partial
rm vms/4.qcow2 vms/4.key
echo 'of a run that was cut off' >vms/4.key.partial
expect_code 0 "${targets_seal[@]}" --targets targets
expect_same kept.key vms/3.key
[ -z "$(find vms -name '*.partial')" ] || fail "left: $(ls vms)"
grep -Eq '^([0-9]{5}-){7}[0-9]{5}$' vms/4.key || fail "the key of the run that was cut off"

note "a key that is elsewhere by now is not made again; one that is there is not written over"
mv vms/5.key elsewhere.key
expect_code 0 "${targets_seal[@]}" --targets targets
[ ! -e vms/5.key ] || fail "another recovery key"
rm vms/6.qcow2
expect_code 1 "${targets_seal[@]}" --targets targets
grep -q '^vms/6.qcow2: failed: .*vms/6.key exists' out || fail "a recovery key in the way"
rm vms/6.key
"${targets_seal[@]}" --targets targets --quiet

note "some fail, the others do not"
"$COLDSEAL" encrypt plain.raw golden2.raw --key-out pool2.key --no-prepare --quiet
rm vms/{7,8,9,10,11}.qcow2 vms/{7,8,9,10,11}.key
"$COLDSEAL" seal golden2.raw --overlay vms/7.qcow2 --key-file pool2.key --target 3.json --pcr-values pcrs.json --shared-key \
    --no-recovery --quiet
"$COLDSEAL" seal golden.raw --overlay vms/8.qcow2 --key-file pool.key --target 1.json --pcr-values pcrs.json --shared-key \
    --no-recovery --quiet
"$COLDSEAL" seal golden.raw --overlay vms/9.qcow2 --key-file pool.key --target 1.json --pcr-values pcrs.json --shared-key \
    --no-recovery --quiet
cp plain.raw vms/10.qcow2
cp 3.json broken.json
sed -i '12s/3\.json/no.json/' targets
expect_code 1 "${targets_seal[@]}" --targets targets
for wanted in '7.*backing file' '8.*another target or other values' '9.*other keys' '10.*backing file' '11.*no.json'; do
    grep -Eq "^vms/${wanted%%.*}\.qcow2: failed: .*${wanted#*.\*}" out || { cat out; fail "no line for $wanted"; }
done
[ "$(grep -c ': failed: ' out)" = 5 ] || { cat out; fail "not five failures"; }
grep -qx 'coldseal: golden.raw: 5 of 40 targets failed' err || fail "last line: $(cat err)"
printf '{"output": "copy-%d.raw", "target": "%d.json"}\n' 0 0 1 1 >copies
expect_code 0 "${targets_seal[@]}" --targets copies --no-recovery --json
"$COLDSEAL" seal golden2.raw -o copy-2.raw --key-file pool2.key --target 2.json --pcr-values pcrs.json --shared-key \
    --no-recovery --quiet
printf '{"output": "copy-2.raw", "target": "2.json"}\n' >>copies
expect_code 1 "${targets_seal[@]}" --targets copies --no-recovery --json
[ "$(jq -r 'select(.line) | .result' out | sort | uniq -c | xargs)" = '1 failed 2 there already' ] || fail "copies: $(cat out)"
jq -se 'any(.line == 3 and .error.code == 3 and (.error.message | test("not made from this image")))' out >/dev/null ||
    fail "another image: $(cat out)"

printf '{"delta": "delta-%d.json", "target": "%d.json"}\n' 0 0 1 1 >deltas
expect_code 0 "${targets_seal[@]}" --targets deltas --no-recovery
cp delta-0.json delta-2.json
echo '{}' >delta-3.json
printf '{"delta": "delta-%d.json", "target": "%d.json"}\n' 2 2 3 3 >>deltas
expect_code 1 "${targets_seal[@]}" --targets deltas --no-recovery
[ "$(cut -d: -f1,2 out | sort | xargs)" = '4 targets: 0 sealed, 2 there already, 2 failed delta-0.json: there already delta-1.json: there already delta-2.json: failed delta-3.json: failed' ] ||
    fail "deltas: $(cat out)"

note "a volume key of its own for each"
fresh=("$COLDSEAL" seal golden.raw --key-file pool.key --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy --fresh-key --no-recovery)
printf '{"output": "fresh-%d.raw", "target": "%d.json"}\n' 0 0 1 1 >targets-fresh
expect_code 0 "${fresh[@]}" --targets targets-fresh --json
[ "$(jq -r 'select(.line) | .luks2.uuid' out | sort -u | wc -l)" = 2 ] || fail "UUIDs"
expect_code 0 "$COLDSEAL" unseal fresh-1.raw --tcti "${targets_tcti[1]}" --key-out fresh.pass
expect_code 0 "${fresh[@]}" --targets targets-fresh
[ "$(grep -c 'there already' out)" = 3 ] || fail "fresh again: $(cat out)"
expect_code 1 "${targets_seal[@]}" --targets targets-fresh --no-recovery
[ "$(grep -c 'not made from this image' out)" = 2 ] || fail "fresh for shared: $(cat out)"

note "what is refused before anything is written"
# wrong CODE PATTERN TEXT…: a targets file of these lines
wrong()
{
    local code=$1 pattern=$2
    shift 2
    printf '%s\n' "$@" >bad
    expect_refusal "$code" "$pattern" "${targets_seal[@]}" --targets bad
}
good='{"overlay": "x.qcow2", "target": "0.json", "no_recovery": true}'
wrong 4 'bad: line 2: not JSON' "$good" '{"overlay": '
wrong 4 'line 2: ' "$good" ''
wrong 4 'line 2: ' "$good" '"x"'
wrong 4 'line 1: not JSON' "$good $good"
wrong 4 'line 2: .*surprise' "$good" '{"overlay": "y.qcow2", "surprise": 1}'
wrong 4 'line 1: .*"overlay"' '{"overlay": "y.qcow2", "overlay": "z.qcow2"}'
wrong 4 'line 1: one of "output", "overlay" and' '{"overlay": "y.qcow2", "output": "z.raw", "target": "0.json"}'
wrong 4 'line 1: one of "output", "overlay" and' '{"target": "0.json"}'
wrong 4 'line 1: .*"overlay" is empty' '{"overlay": "", "target": "0.json"}'
wrong 4 'line 1: .*"overlay" is not of type string' '{"overlay": 1, "target": "0.json"}'
wrong 4 'line 1: one of "target" and "parent"' '{"overlay": "x.qcow2", "target": "0.json", "parent": "k", "parent_kind": "srk"}'
wrong 4 'line 1: .*go together' '{"overlay": "x.qcow2", "parent": "k"}'
wrong 4 'line 1: one of "firmware" and' '{"overlay": "x.qcow2", "target": "0.json", "firmware": "f", "pcr_values": "p"}'
wrong 4 'line 1: .*from 1 to 8' '{"overlay": "x.qcow2", "target": "0.json", "firmware": []}'
wrong 4 'line 1: .*no name' '{"overlay": "x.qcow2", "target": "0.json", "firmware": [1]}'
wrong 4 'line 1: one of "recovery_key_out"' '{"overlay": "x.qcow2", "target": "0.json", "recovery_key_out": "k", "no_recovery": true}'
wrong 4 'line 1: longer than' "{\"overlay\": \"$(head -c 70000 /dev/zero | tr '\0' x)\"}"
wrong 2 'line 1: no target' '{"overlay": "x.qcow2", "no_recovery": true}'
wrong 2 'line 1: one of recovery_key_out' '{"overlay": "x.qcow2", "target": "0.json"}'
wrong 2 'line 2: x.qcow2 is written by line 1' "$good" "$good"
ln -s . here
wrong 2 'line 3: x.qcow2 is written by line 1' "$good" "${good/x.qcow2/y.qcow2}" "${good/x.qcow2/here\/.\/x.qcow2}"
wrong 2 'line 2: x.qcow2 is written by line 1' "$good" \
    '{"overlay": "y.qcow2", "target": "0.json", "recovery_key_out": "x.qcow2"}'
wrong 2 'line 2: k.partial is written by line 1' '{"overlay": "x.qcow2", "target": "0.json", "recovery_key_out": "k"}' \
    '{"overlay": "k.partial", "target": "0.json", "no_recovery": true}'
wrong 2 'line 1: golden.raw is the image' "${good/x.qcow2/here\/golden.raw}"
wrong 3 'line 1: folder of nowhere' "${good/x.qcow2/nowhere\/x.qcow2}"
: >bad
expect_refusal 4 'bad: no targets' "${targets_seal[@]}" --targets bad
printf '{"overlay": "x\0.qcow2"}\n' >bad
expect_refusal 4 'line 1: ' "${targets_seal[@]}" --targets bad
printf '%s\n' "$good" >bad
expect_refusal 2 'line 1: --fresh-key' "${fresh[@]}" --targets bad
expect_refusal 2 'targets says' "${targets_seal[@]}" --targets targets -o x.raw
expect_refusal 2 'targets says' "${targets_seal[@]}" --targets targets --in-place
expect_refusal 2 'targets says' "${targets_seal[@]}" --targets targets --recovery-key-out x.key
expect_refusal 6 . "$COLDSEAL" seal golden.raw --key-file pool2.key --pcr-values pcrs.json --shared-key --targets bad
for left in x.raw x.qcow2 y.qcow2 z.raw x.key k k.partial; do
    [ ! -e $left ] || fail "$left was written"
done
