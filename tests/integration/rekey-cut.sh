#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A rekey in place that was cut off in its middle: every other command refuses the disk, says why, changes
# nothing and leaves nothing; the same command finishes it. fault/rekey-in-place cuts everywhere.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
# shellcheck source=tests/lib/fault.sh
. "$SRC/tests/lib/fault.sh"
# shellcheck source=tests/lib/unlock.sh
. "$SRC/tests/lib/unlock.sh"
cd "$TMP"
fault_build

tiny_image plain.raw 24
swtpm_target vm
"$COLDSEAL" firmware import /usr/share/OVMF/OVMF_VARS_4M.ms.fd -o vm.firmware --quiet
zero_pcrs >pcrs.json
policy=(--target vm.json --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy)
"$COLDSEAL" encrypt plain.raw pool.raw --no-prepare --key-out pool.key --quiet
"$COLDSEAL" seal pool.raw -o sealed.raw --key-file pool.key "${policy[@]}" --shared-key --recovery-key-out old.key --quiet

note "an encrypted image is nothing to prepare or encrypt"
expect_refusal 7 'encrypted already' "$COLDSEAL" prepare sealed.raw x.raw
expect_refusal 7 'encrypted already' "$COLDSEAL" encrypt sealed.raw x.raw --key-out x.key

cp --sparse=always sealed.raw work.raw
rekey=("$COLDSEAL" rekey work.raw --in-place --quiet --key-file old.key --drop-slot 1 --recovery-key-out new.key "${policy[@]}")
code=0
fault_run kill 24 500 "${rekey[@]}" || code=$?
[ "$code" = 137 ] || fail "not killed: $code"
before=$(sha256 work.raw)
cp --sparse=always work.raw middle.raw

note "it is shown"
expect_code 0 "$COLDSEAL" inspect work.raw --json
jq -e '.problems | any(contains("being rekeyed"))' "$TMP/out" >/dev/null || fail "inspect does not say it"
expect_code 1 "$COLDSEAL" verify work.raw --json
jq -e '.checks | any(.result == "failed" and (.why | contains("being rekeyed")))' "$TMP/out" >/dev/null || fail "verify does not say it"

note "nothing else takes it"
# expect_refused COMMAND ARGUMENT…
expect_refused()
{
    expect_refusal 7 'being rekeyed.*run the same' "$COLDSEAL" "$@"
    [ "$(sha256 work.raw)" = "$before" ] || fail "$1 changed the disk"
    if [ -e x.raw ] || [ -e x.key ]; then
        fail "$1 left something"
    fi
}
expect_refused decrypt work.raw x.raw --key-file old.key
expect_refused seal work.raw -o x.raw --key-file old.key "${policy[@]}" --shared-key --recovery-key-out x.key
expect_refused seal work.raw -o x.raw --key-file old.key "${policy[@]}" --fresh-key --no-recovery
expect_refused seal work.raw --in-place --key-file old.key "${policy[@]}" --shared-key --no-recovery
expect_refused reseal work.raw --in-place --key-file old.key "${policy[@]}"
expect_refused reseal work.raw -o x.raw --tcti "$SWTPM_TCTI" "${policy[@]}"
expect_refused recovery add work.raw --in-place --key-file old.key --recovery-key-out x.key
expect_refused recovery rotate work.raw -o x.raw --key-file old.key --recovery-key-out x.key
expect_refused recovery remove work.raw --in-place --key-file old.key --no-recovery
expect_refused recovery test work.raw --key-file old.key
expect_refused rekey work.raw x.raw --key-file old.key --drop-slot 0 --key-out x.key
expect_refused predict work.raw --firmware vm.firmware --log x.raw
expect_refused explain work.raw "$SRC/tests/replay/debian-2.12-noble/eventlog.bin"
expect_refused unseal work.raw --tcti "$SWTPM_TCTI" --key-out x.key
expect_refusal 7 'encrypted already' "$COLDSEAL" prepare work.raw x.raw
expect_refusal 7 'encrypted already' "$COLDSEAL" encrypt work.raw x.raw --key-out x.key
tiny_extract work.raw 1 root.middle
UUID=$(cryptsetup luksUUID root.middle) # for cmdline
cmdline "$(printf '%064d' 1)"
expect_refusal 7 'being rekeyed' unlock_test root.middle
! cryptsetup luksAddKey -q --key-file old.key root.middle pool.key 2>cryptsetup.err || fail "cryptsetup takes it"
grep -q 'Unmet LUKS2 requirements' cryptsetup.err || { cat cryptsetup.err; fail "cryptsetup has another reason"; }

note "another key does not go on with it, nor does what the run that was cut off does not bring"
swtpm_create "$TMP/vm2" --create-spk --ecc
"$COLDSEAL" target read --swtpm-state "$TMP/vm2" -o vm2.json --quiet
goes_on=(rekey work.raw --in-place --key-file old.key --key-file new.key)
# expect_not CODE PATTERN COMMAND…
expect_not()
{
    expect_refusal "$@"
    [ "$(sha256 work.raw)" = "$before" ] || fail "a refused run changed the disk"
    [ ! -e other.key ] || fail "a key file of nothing"
}
expect_not 6 'finish the rekey' "$COLDSEAL" rekey work.raw --in-place --key-file pool.key "${policy[@]}"
expect_not 2 'other.key has no key of the rekey' "${rekey[@]}" --recovery-key-out other.key
expect_not 2 'other.key has no key of the rekey' "$COLDSEAL" "${goes_on[@]}" --recovery-key-out other.key "${policy[@]}"
expect_not 2 'pool.key has no key of the rekey' "$COLDSEAL" "${goes_on[@]}" --key-out pool.key --force
expect_not 2 'another TPM or another policy' "${rekey[@]}" --target vm2.json
expect_not 2 'another TPM or another policy' "${rekey[@]}" --pcrs 4,15

note "without those options, or with the same, it is finished"
cp --sparse=always work.raw copy.raw
expect_code 0 "$COLDSEAL" "${goes_on[@]/work.raw/copy.raw}"
luks_opens copy.raw new.key || fail "the new key does not open the copy"
rm copy.raw
expect_code 0 "${rekey[@]}"
luks_opens work.raw new.key || fail "the new key does not open it"
before=$(sha256 work.raw)
expect_not 2 'other.key has no key of the rekey' "$COLDSEAL" "${goes_on[@]}" --recovery-key-out new.key --key-out other.key
expect_code 0 "${rekey[@]}" --json
jq -e .already_rekeyed "$TMP/out" >/dev/null || fail "the same command does not know that it is done"
[ "$(sha256 work.raw)" = "$before" ] || fail "it was rekeyed again"

note "in the middle there was neither plaintext nor a volume key on the disk"
grep -aqx 234567 plain.raw || fail "what is looked for is not in the plain image"
! grep -aqx 234567 middle.raw || fail "plaintext"
luks_volume_key sealed.raw old.key vk.old
luks_volume_key work.raw new.key vk.new
python3 - middle.raw vk.old vk.new <<'END'
import sys
disk, *keys = (open(path, "rb").read() for path in sys.argv[1:])
for half in (key[at:at + 32] for key in keys for at in (0, 32)):
    assert len(half) == 32 and half not in disk
END

note "the header from before opens nothing afterwards"
! luks_opens work.raw old.key || fail "the old key opens the disk"
read -r offset _ < <(tiny_partition work.raw 1)
luks_decrypt work.raw new.key root.new
dd if=sealed.raw of=work.raw bs=1M count=16 iflag=skip_bytes oflag=seek_bytes skip="$offset" seek="$offset" \
    conv=notrunc status=none
luks_decrypt work.raw old.key root.noise
debugfs -R 'cat /data/text' root.new 2>/dev/null | cmp - <(seq 400000) || fail "the plaintext changed"
! debugfs -R 'cat /data/text' root.noise 2>/dev/null | cmp -s - <(seq 400000) || fail "the old header still decrypts"
! e2fsck -fn root.noise >/dev/null 2>&1 || fail "the old header still gives a file system"
