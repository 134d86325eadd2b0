#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.raw upgrade.raw
# limit: 300
# docs/runbook.md is played: each entry's symptoms are made, its commands are taken out of the document
# and run as they stand, and TPMs whose PCRs measured the boot in question say whether the disk opens.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"
runbook=$SRC/docs/runbook.md
vars=/usr/share/OVMF/OVMF_VARS_4M.ms.fd
mkdir bin && ln -s "$COLDSEAL" bin/coldseal
PATH=$TMP/bin:$PATH
played=0

# commands_of ENTRY N: the Nth block of commands below that heading.
commands_of()
{
    awk -v entry="## $1" -v number="$2" '
        /^## / { inside = $0 == entry; block = 0 }
        inside && $0 == "```sh" { block++; open = block == number; next }
        $0 == "```" { open = 0 }
        open' "$runbook"
}

# play N: a block of $entry, each line with the exit code that it announces.
play()
{
    local line code
    played=$((played + 1))
    commands_of "$entry" "$1" >block
    [ -s block ] || fail "no block $1 in \"$entry\""
    while read -r line; do
        [[ $line =~ \#\ exits\ with\ ([0-9]+)$ ]] && code=${BASH_REMATCH[1]} || code=0
        expect_code "$code" sh -c "$line" </dev/null
    done <block
}

# begin ENTRY: the files that the document speaks of, in a folder of the entry's own.
begin()
{
    entry=$1
    note "$entry"
    rm -rf "$TMP/entry"
    mkdir -p "$TMP/entry/vm1b"
    cd "$TMP/entry"
    cp --reflink=auto "$TMP"/made/* .
    cp -r "$TMP/vm1" "$TMP/vm1b" .
}

# opens FOLDER DISK FIRMWARE: does that TPM open the disk in the boot that is predicted for it? With a copy
# of its state, so that the PCRs are a new boot's.
opens()
{
    local state code=0 digests=()
    state=$(mktemp -d "$TMP/state-XXXXXX")
    cp "$1"/tpm/tpm2-00.permall "$state"
    coldseal predict --quiet --force "$2" --firmware "$3" --log boot.log
    mapfile -t digests < <(tpm2_eventlog boot.log 2>/dev/null | awk '
        /^ *PCRIndex:/ { pcr = $2 }
        /AlgorithmId: sha256$/ { wanted = 1 }
        /Digest: / && wanted { gsub(/"/, "", $NF); print pcr ":sha256=" $NF; wanted = 0 }')
    [ "${#digests[@]}" -ge 25 ] || fail "only ${#digests[@]} events"
    swtpm_start "$state"
    tpm2_pcrextend -T "$SWTPM_TCTI" "${digests[@]}"
    rm -f tpm.pass
    coldseal unseal --quiet "$2" --tcti "$SWTPM_TCTI" --key-out tpm.pass 2>unseal.err || code=$?
    swtpm_stop
    rm -rf "$state"
    [ "$code" = 0 ] || [ "$code" = 5 ] || { cat unseal.err; fail "unseal: $code"; }
    return "$code"
}

expect_open()
{
    opens "$@" || fail "$1 does not open $2: $(cat unseal.err)"
}

expect_closed()
{
    ! opens "$@" || fail "$1 opens $2"
}

# plaintext_of DISK KEY: the digest of a file of the test's root.
plaintext_of()
{
    rm -f back.raw
    coldseal decrypt --quiet "$1" back.raw --key-file "$2"
    tiny_extract back.raw 1 back.root
    debugfs -R 'cat /data/text' back.root 2>/dev/null | sha256sum
}

note "a golden image, two machines, a disk sealed to the first"
tiny_bootable plain.raw
read -r boot _ < <(tiny_partition plain.raw 16)
mkdir made
for vm in vm1 vm1b; do
    swtpm_create $vm/tpm --create-spk --ecc
    cp "$vars" $vm/vars.fd
done
coldseal encrypt --quiet plain.raw made/golden.qcow2 --key-out made/pool.key
coldseal target read --quiet --swtpm-state vm1/tpm -o made/vm1.target
coldseal firmware import --quiet vm1/vars.fd -o made/vm1.firmware
coldseal seal --quiet made/golden.qcow2 -o made/vm1.qcow2 --key-file made/pool.key --target made/vm1.target \
    --firmware made/vm1.firmware --shared-key --recovery-key-out made/vm1.recovery
# one revoked digest: EFI_SIGNATURE_LIST of UEFI 2.10, 32.4.1, with EFI_CERT_SHA256_GUID
{
    printf '26 16 c4 c1 4c 50 92 40 ac a9 41 f9 36 93 43 28  4c 00 00 00 00 00 00 00 30 00 00 00'
    printf '%032d' 0
    sha256sum <<<'revoked' | cut -c1-64
} | xxd -r -p >made/dbx.esl
cd made
expect_open ../vm1 vm1.qcow2 vm1.firmware
expect_closed ../vm1b vm1.qcow2 vm1.firmware
expected=$(plaintext_of vm1.qcow2 vm1.recovery)
[ "$expected" = "$(seq 400000 | sha256sum)" ] || fail "the test's own plaintext"
rm -f back.* boot.log tpm.pass unseal.err

# what the machine prints once its firmware has the new dbx
console()
{
    coldseal firmware import --quiet vm1.firmware --dbx dbx.esl -o real.firmware
    coldseal predict --quiet vm1.qcow2 --firmware real.firmware --log real.log
    printf 'coldseal: unlock failed: /dev/vda1: another boot than the one that was sealed to\r\n' |
        cat - <("$BUILD/tests/tools/seal_tool" digestlog real.log) >console.txt
}

begin "The VM does not unlock"
console
expect_closed vm1 vm1.qcow2 real.firmware
play 1
grep -q 'dbx-update' "$TMP/out" || { cat "$TMP/out"; fail "the reason is not found"; }
play 2
expect_open vm1 vm1-new.qcow2 real.firmware

begin "The host died"
play 1
play 2
expect_open vm1b vm1b.qcow2 vm1b.firmware
expect_closed vm1 vm1b.qcow2 vm1b.firmware
[ "$(plaintext_of vm1b.qcow2 vm1.recovery)" = "$expected" ] || fail "the plaintext changed"

begin "The vTPM is lost"
cp vm1.qcow2 old.qcow2
play 1
tiny_extract plain.raw 1 back.root
[ "$(debugfs -R 'cat /data/text' back.root 2>/dev/null | sha256sum)" = "$expected" ] || fail "the saved data"
play 2
expect_open vm1b vm1.qcow2 vm1.firmware
expect_closed vm1 vm1.qcow2 vm1.firmware
luks_opens vm1.qcow2 vm1.recovery || fail "the recovery key is gone too early"
play 3
! luks_opens vm1.qcow2 vm1.recovery || fail "the recovery key from before opens the disk"
[ "$(plaintext_of vm1.qcow2 vm1-new.recovery)" = "$expected" ] || fail "the plaintext changed"
expect_open vm1 old.qcow2 vm1.firmware # as the entry warns

begin "A key leaked"
play 1
expect_open vm1 vm1-new.qcow2 vm1.firmware
[ "$(plaintext_of vm1-new.qcow2 vm1-new.recovery)" = "$expected" ] || fail "the plaintext changed"
play 2
expect_open vm1 vm1.qcow2 vm1.firmware
[ "$(plaintext_of vm1.qcow2 vm1-place.recovery)" = "$expected" ] || fail "the plaintext changed in place"
play 3
luks_opens golden-new.qcow2 pool-new.key || fail "the new pool key"
for disk in vm1 vm1-new golden-new; do
    for key in vm1.recovery pool.key; do
        ! luks_opens $disk.qcow2 $key || fail "$key opens $disk.qcow2"
    done
done

begin "dbx is updated next week"
play 1
expect_open vm1 vm1.qcow2 vm1.firmware
expect_open vm1 vm1.qcow2 vm1-next.firmware
play 2
expect_open vm1 vm1.qcow2 vm1-next.firmware
expect_closed vm1 vm1.qcow2 vm1.firmware

begin "The kernel is to be updated"
play 1
debugfs -R 'rdump /pool .' "$IMAGES/upgrade.raw" >/dev/null 2>&1
dpkg-deb -x "$(find pool -name 'linux-image-[0-9]*.deb' | head -n 1)" kernel
new=$(basename kernel/boot/vmlinuz-*)
printf '%s\n' "write kernel/boot/$new /$new" 'rm /vmlinuz' "symlink /vmlinuz $new" |
    debugfs -w -f - "plain.raw?offset=$boot" >debugfs.log 2>&1
play 2
expect_open vm1 vm1-next.qcow2 vm1.firmware
[ "$(plaintext_of vm1-next.qcow2 vm1-next.recovery)" = "$expected" ] || fail "the plaintext changed"
coldseal predict --json vm1.qcow2 --firmware vm1.firmware | jq -r '.pcrs.sha256["4"]' >pcr4.old
coldseal predict --json vm1-next.qcow2 --firmware vm1.firmware | jq -r '.pcrs.sha256["4"]' >pcr4.new
! cmp -s pcr4.old pcr4.new || fail "the kernel is the old one"

[ "$played" = "$(grep -c '^```sh$' "$runbook")" ] || fail "$played blocks were played, not all of them"
[ "$(grep -c '^## ' "$runbook")" = 6 ] || fail "an entry is not played"
