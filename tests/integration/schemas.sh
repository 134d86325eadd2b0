#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every document that coldseal prints or writes is one of its schemas, and the schemas allow no other:
# in the eyes of python3-jsonschema. What prepare and explain print of a real guest is looked at in
# boot/jammy and integration/explain.
# images: noble.qcow2
# limit: 300
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/tiny_image.sh"
. "$SRC/tests/lib/schema.sh"
cd "$TMP"
mkdir reports statements
replay=$SRC/tests/replay/debian-2.12-noble

# reported NAME CODE ARGUMENT…: the document as reports/NAME.json.
reported()
{
    local name=$1 code=$2
    shift 2
    expect_code "$code" "$COLDSEAL" "$@" --json
    cp out "reports/$name.json"
}
# stated NAME ARGUMENT…
stated()
{
    local name=$1
    shift
    expect_code 0 "$COLDSEAL" "$@" --statement
    cp out "statements/$name.json"
}

tiny_image plain.raw 24
reported plain 0 inspect plain.raw
reported encrypt 0 encrypt plain.raw pool.raw --key-out pool.key
reported pooled 0 inspect pool.raw
reported decrypt 0 decrypt pool.raw back.raw --key-file pool.key

swtpm_start "$TMP/tpm" --create-spk --ecc
reported target 0 target read --tcti "$SWTPM_TCTI" -o vm.target
reported firmware 0 firmware import /usr/share/OVMF/OVMF_VARS_4M.ms.fd -o ms.firmware
reported firmware-log 0 firmware import "$replay/eventlog.bin" -o log.firmware
zero_pcrs >pcrs.json
policy=(--target vm.target --pcr-values pcrs.json)
reported seal 0 seal pool.raw -o sealed.raw --key-file pool.key "${policy[@]}" --shared-key --recovery-key-out rec
reported sealed 0 inspect sealed.raw
reported verify 0 verify sealed.raw --target vm.target --key-file rec
reported verify-failed 1 verify sealed.raw --source plain.raw --firmware ms.firmware
reported explain 1 explain sealed.raw "$replay/eventlog.bin"
reported reseal 0 reseal sealed.raw -o resealed.raw --key-file rec "${policy[@]}"
reported unseal 0 unseal sealed.raw --tcti "$SWTPM_TCTI" --key-out passphrase
reported recovery-add 0 recovery add pool.raw -o out.raw --key-file pool.key --recovery-key-out rec2
reported recovery-rotate 0 recovery rotate sealed.raw -o out.raw --force --key-file rec --recovery-key-out rec3
reported recovery-test 0 recovery test sealed.raw --key-file rec
reported recovery-remove 0 recovery remove out.raw -o removed.raw --key-file rec3 --no-recovery
reported rekey 0 rekey pool.raw rekeyed.raw --key-file pool.key --drop-slot 0 --key-out new.key
reported rekey-seal 0 rekey sealed.raw rekeyed.raw --force --key-file rec --drop-slot 0 "${policy[@]}" --pcrs 7,15 --allow-weak-policy
cp --sparse=always pool.raw place.raw
reported rekey-in-place 0 rekey place.raw --in-place --key-file pool.key --drop-slot 0 --key-out place.key
reported predict 0 predict "$IMAGES/noble.qcow2" --firmware ms.firmware
sed 's/"measured":true/"measured":false/' ms.firmware >quiet.firmware
reported predict-states 0 predict "$IMAGES/noble.qcow2" --firmware ms.firmware --firmware quiet.firmware
reported weak 0 seal pool.raw -o weak.raw --key-file pool.key --target vm.target --pcr-values pcrs.json --pcrs 7,15 \
    --allow-weak-policy --fresh-key --no-recovery
printf '{"output": "%s.raw", "target": "%s", "recovery_key_out": "%s.rec"}\n' m1 vm.target m1 m2 no.target m2 >targets
many=(seal pool.raw --key-file pool.key --pcr-values pcrs.json --shared-key --targets targets)
for run in 1 2; do
    reported "many-$run" 1 "${many[@]}"
    split -l 1 --additional-suffix .json "reports/many-$run.json" "reports/many-$run-"
    rm "reports/many-$run.json"
done
jq -r .result reports/many-*.json | sort -u | diff - <(printf '%s\n' failed null sealed 'there already') || fail "lines"
expect_refusal 2 'statement is about one image' "$COLDSEAL" "${many[@]}" --statement
reported delta 0 seal pool.raw --delta delta.json --key-file pool.key "${policy[@]}" --shared-key --recovery-key-out rec5
"$COLDSEAL" recovery add pool.raw -o pool3.raw --key-file pool.key --recovery-key-out rec6 --quiet
"$COLDSEAL" seal pool3.raw --delta wiped.json --key-file pool.key "${policy[@]}" --shared-key --no-recovery --quiet
jq -e 'any(.ranges[]; .zero)' wiped.json >/dev/null || fail "no range of zeros"
schema_check delta delta.json wiped.json
reported usage 2 encrypt plain.raw
reported io 3 inspect absent.raw
reported key 6 decrypt pool.raw no.raw --key-file rec
truncate -s 1M empty.raw
reported unsupported 7 inspect empty.raw
schema_check report reports/*.json
schema_check target vm.target
schema_check firmware ms.firmware log.firmware "$SRC"/templates/firmware/*.json
jq .pcrs reports/predict.json >predicted.json
schema_check pcr-values pcrs.json predicted.json reports/predict.json

note "statements: what one step made is what the next one took, by sha256sum's word"
stated encrypt encrypt plain.raw step1.raw --key-file pool.key
stated seal seal step1.raw -o step2.raw --key-file pool.key "${policy[@]}" --shared-key --no-recovery
stated in-place recovery add step2.raw --in-place --tcti "$SWTPM_TCTI" --recovery-key-out rec4
schema_check statement statements/*.json
schema_check report <(jq .predicate statements/seal.json)
[ "$(jq -r '.subject[0].digest.sha256' statements/encrypt.json)" = "$(sha256 step1.raw)" ] || fail "subject of encrypt"
[ "$(jq -r '.predicate.input.sha256' statements/encrypt.json)" = "$(sha256 plain.raw)" ] || fail "input of encrypt"
[ "$(jq -r '.predicate.input.sha256' statements/seal.json)" = "$(sha256 step1.raw)" ] || fail "input of seal"
[ "$(jq -r '.subject[0].name' statements/seal.json)" = step2.raw ] || fail "name"
[ "$(jq -r '.subject[0].digest.sha256' statements/in-place.json)" = "$(sha256 step2.raw)" ] || fail "in place"
expect_code 3 "$COLDSEAL" encrypt absent.raw no.raw --key-out k --statement
schema_check report out
