#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# seal --firmware: the policy is that of what the image will measure, as tpm2-tools compute it; one
# token for each state of the target; and a policy that does not protect, or an image that does not
# boot there, is refused.
# images: noble.qcow2
# limit: 600
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/luks2_edit.sh
. "$SRC/tests/lib/luks2_edit.sh"

cd "$TMP"
"$COLDSEAL" encrypt --quiet --no-prepare "$IMAGES/noble.qcow2" pool.qcow2 --key-out pool.key
swtpm_start "$TMP/tpm" --create-spk --ecc
"$COLDSEAL" target read --quiet --tcti "$SWTPM_TCTI" -o vm.target
"$COLDSEAL" firmware import --quiet /usr/share/OVMF/OVMF_VARS_4M.ms.fd -o ms.json
"$COLDSEAL" firmware import --quiet /usr/share/OVMF/OVMF_VARS_4M.fd -o off.json
"$COLDSEAL" firmware import --quiet /usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd -o snakeoil.json
sed 's/"measured":true/"measured":false/' ms.json >quiet.json
! cmp -s ms.json quiet.json || fail "no second state"
seal=("$COLDSEAL" seal pool.qcow2 --force --key-file pool.key --target vm.target --shared-key --no-recovery)

# policy_of PCR…: what tpm2-tools make of the values to which tpm2_eventlog replays predicted.log
policy_of()
{
    local pcr
    tpm2_eventlog predicted.log 2>/dev/null | sed -n '/^pcrs:/,$p' | sed -n '/^  sha256:/,/^  sha384:/p' >replayed
    for pcr; do
        value=$(sed -n "s/^ *$pcr *: 0x//p" replayed)
        [ -n "$value" ] || value=$(printf '%064d' 0)
        printf '%s' "$value" | xxd -r -p
    done >pcrs.bin
    tpm2_startauthsession -T "$SWTPM_TCTI" -S session
    tpm2_policypcr -Q -T "$SWTPM_TCTI" -S session -l "sha256:$(IFS=, && echo "$*")" -f pcrs.bin -L policy
    tpm2_flushcontext -T "$SWTPM_TCTI" session
    xxd -p -c 64 policy
}

note "the policy of the predicted values"
"$COLDSEAL" predict --quiet pool.qcow2 --firmware ms.json --log predicted.log
expected=$(policy_of 4 7 8 9 14 15)
expect_code 0 "${seal[@]}" -o sealed.qcow2 --firmware ms.json --json
[ "$(jq -r .policy_digest out)" = "$expected" ] || fail "policy $(jq -r .policy_digest out), not $expected"
[ "$(jq -r '.coverage.initramfs' out)" = "PCR 9" ] || fail "coverage"
[ "$(jq -r '.weak_policy' out)" = null ] || fail "weak"
expect_refusal 1 . "$COLDSEAL" verify sealed.qcow2 --firmware ms.json --json
jq -e '[.checks[] | select(.check == "prediction")] | length == 1 and .[0].result == "ok"' out >/dev/null ||
    fail "verify: $(jq -c '.checks[] | select(.check == "prediction")' out)"

note "targets in two states, predicted once for each; a volume key of its own is predicted with its pin"
for n in 1 2 3; do
    printf '{"overlay": "many-%d.qcow2", "target": "vm.target", "firmware": "%s.json"}\n' $n "$(sed -n ${n}p <<<$'ms\nquiet\nms')"
done >many
expect_code 0 "${seal[@]:0:3}" "${seal[@]:4}" --targets many --json
[ "$(jq -r 'select(.line == 1 or .line == 3) | .policy_digest' out | sort -u)" = "$expected" ] || fail "policy of targets"
[ "$(jq -r 'select(.line) | .policy_digest' out | sort -u | wc -l)" = 2 ] || fail "targets in another state"
expect_code 0 "${seal[@]:0:3}" "${seal[@]:4}" --targets many
[ "$(grep -c ': there already' out)" = 3 ] || fail "targets again"
printf '{"output": "own.qcow2", "target": "vm.target", "firmware": "ms.json"}\n' >many
own=("$COLDSEAL" seal pool.qcow2 --key-file pool.key --fresh-key --no-recovery --targets many)
expect_code 0 "${own[@]}" --json --no-sync
expect_code 1 "$COLDSEAL" verify own.qcow2 --firmware ms.json --json # it is not prepared
jq -e '[.checks[] | select(.check == "prediction")] | length == 1 and .[0].result == "ok"' out >/dev/null || fail "own pin"
expect_code 0 "${own[@]}"
grep -q ': there already' out || fail "own.qcow2 again"
rm own.qcow2

note "two states, two tokens; the same state twice, one"
expect_code 0 "${seal[@]}" -o two.qcow2 --firmware ms.json --firmware quiet.json --json
[ "$(jq '.states | length' out)" = 2 ] || fail "states"
[ "$(jq '[.luks2.tokens[] | select(. == "systemd-tpm2")] | length' out)" = 2 ] || fail "tokens: $(jq -c .luks2 out)"
for state in ms quiet; do
    expect_code 1 "$COLDSEAL" verify two.qcow2 --firmware $state.json --json # it is not prepared
    [ "$(jq -r '[.checks[] | select(.check == "prediction") | .result] | sort | join(",")' out)" = 'not checked,ok' ] ||
        fail "verify in state $state: $(jq -c '.checks[] | select(.check == "prediction")' out)"
done
expect_code 1 "$COLDSEAL" verify two.qcow2 --firmware off.json --json
[ "$(jq -r '[.checks[] | select(.check == "prediction") | .result] | join(",")' out)" = 'failed,failed' ] ||
    fail "verify in a third state"
expect_code 0 "${seal[@]}" -o one.qcow2 --firmware ms.json --firmware ms.json --json
[ "$(jq '.states' out)" = null ] || fail "one state twice"

note "what does not protect is refused, and allowed by name only"
rm -f no.qcow2
expect_refusal 5 'initramfs' "${seal[@]}" -o no.qcow2 --firmware ms.json --pcrs 4,7,15
expect_refusal 5 'Secure Boot' "${seal[@]}" -o no.qcow2 --firmware off.json
[ ! -e no.qcow2 ] || fail "an output is left"
expect_code 0 "${seal[@]}" -o weak.qcow2 --firmware off.json --allow-weak-policy --json
[ "$(jq -r '.weak_policy' out)" = true ] || fail "not recorded"

note "what does not boot there is refused"
expect_refusal 5 'BOOTX64.EFI is signed by .* does not accept' "${seal[@]}" -o no.qcow2 --firmware snakeoil.json
[ ! -e no.qcow2 ] || fail "an output is left"

note "one of both"
expect_refusal 2 'firmware' "${seal[@]}" -o no.qcow2
expect_refusal 2 'firmware' "${seal[@]}" -o no.qcow2 --firmware ms.json --pcr-values pcrs.json
