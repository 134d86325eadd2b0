# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sealed disks for tests of coldseal-unlock, without a boot. To be sourced after common.sh.

UUID=4a1f0c3e-8d5b-4c2f-9e7a-0123456789ab
PCRS=4,7,8,9,14,15

# seal_disk NAME [PCRS]: $TMP/NAME.luks with a fresh volume key in $TMP/NAME.key, sealed to the
# running swtpm as it is now; its passphrase lies in $TMP/NAME.pass.
seal_disk()
{
    local name=$1 pcrs=${2:-$PCRS}
    rm -f "$TMP/$name.pass"
    openssl rand -out "$TMP/$name.key" 64
    "$BUILD/tests/tools/make_sealed" "$SWTPM_TCTI" "$pcrs" "$UUID" "$TMP/$name.key" \
        "$TMP/$name.pass" "$TMP/$name.luks" || fail "make_sealed"
    truncate -s 24M "$TMP/$name.luks"
}

# pin_of NAME: what systemd would measure, by openssl.
pin_of()
{
    printf 'cryptsetup:cloudimg-rootfs:%s' "$UUID" |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(xxd -p -c 64 <"$TMP/$1.key")" -r |
        cut -d' ' -f1
}

# cmdline PIN [MORE…]: writes $TMP/cmdline as our grub.cfg makes it.
cmdline()
{
    local pin=$1
    shift
    printf '/vmlinuz root=/dev/mapper/cloudimg-rootfs ro coldseal.uuid=%s coldseal.pin=%s panic=30 %s\n' \
        "$UUID" "$pin" "$*" >"$TMP/cmdline"
}

# unlock_test DEVICE…: coldseal-unlock's test mode over $TMP/cmdline.
unlock_test()
{
    local device devices=()
    for device in "$@"; do
        devices+=(--device "$device")
    done
    "$COLDSEAL_UNLOCK" --test --cmdline "$TMP/cmdline" --tcti "$SWTPM_TCTI" "${devices[@]}"
}

# A power cycle: PCRs start anew, the storage key stays.
reboot_tpm()
{
    swtpm_stop
    swtpm_start "$1"
}

pcr15()
{
    tpm2_pcrread --tcti "$SWTPM_TCTI" -o "$TMP/pcr15" sha256:15 >"$TMP/pcrread.log"
    xxd -p -c 32 <"$TMP/pcr15"
}

# extended FROM VALUE: both hex, by sha256sum.
extended()
{
    printf '%s%s' "$1" "$2" | xxd -r -p | sha256sum | cut -d' ' -f1
}

ZERO=$(printf '%064d' 0)
FAILURE=$(printf 'coldseal: unlock failed' | sha256sum | cut -d' ' -f1)

# expect_shut VALUE: PCR 15 was zero and has been extended once, with VALUE.
expect_shut()
{
    [ "$(pcr15)" = "$(extended "$ZERO" "$1")" ] || fail "PCR 15 is $(pcr15)"
}

# expect_closed CODE PATTERN DEVICE…: refused for that reason, PCR 15 shut, nothing secret said.
expect_closed()
{
    expect_refusal "$1" "$2" unlock_test "${@:3}"
    [ ! -s "$TMP/out" ] || fail "something on standard output: $(cat "$TMP/out")"
    expect_shut "$FAILURE"
    expect_no_secret
}

expect_no_secret()
{
    local key
    for key in "$TMP"/*.key; do
        if cat "$TMP/out" "$TMP/err" | grep -qi "$(head -c 16 "$key" | xxd -p)"; then
            fail "a volume key was printed"
        fi
    done
    for key in "$TMP"/*.pass; do
        if cat "$TMP/out" "$TMP/err" | grep -qF "$(head -c 16 "$key")"; then
            fail "a passphrase was printed"
        fi
    done
}
