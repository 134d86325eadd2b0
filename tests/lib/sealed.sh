# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What the boots of encrypted images have in common; source it after common.sh and vm.sh.

# How long a prepared image is kept that nobody asks for.
SEALED_KEEP_MINUTES=1440

# sealed_cache_key IMAGE OPTION…: of all that decides what prepare makes in a test image. How the rest
# of the program reads and writes images is for tests that prepare anew.
sealed_cache_key()
{
    local name
    name=$(basename "$1")
    {
        cat "$IMAGES/${name%.*}.key"
        printf '%s\n' "$@"
        sha256sum <"$COLDSEAL_UNLOCK"
        cd "$SRC" || exit 1
        find templates lib/guest -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -c1-24
}

# sealed_prepare IMAGE [OPTION…]: prints where the prepared image is. Preparing takes minutes and
# encrypting seconds, so that the tests of a run share it, and so do runs of the same sources. An
# appliance that died (75) is tried once more, as the exit code says.
sealed_prepare()
{
    local image=$1 cache=$IMAGES/../prepared name before code=0
    name=$(basename "$image")
    name=${name%.*}-$(sealed_cache_key "$@").qcow2
    mkdir -p "$cache"
    exec 8>"$cache/$name.lock"
    flock 8
    if [ ! -e "$cache/$name" ]; then
        find "$cache" -type f -mmin +$SEALED_KEEP_MINUTES -delete
        before=$(sha256 "$image")
        "$COLDSEAL" prepare --quiet "$@" "$cache/$name" --force >&2 8>&- || code=$?
        [ "$code" != 75 ] || { code=0 && "$COLDSEAL" prepare --quiet "$@" "$cache/$name" --force >&2 8>&-; } || code=$?
        [ "$code" = 0 ] || fail "prepare: exit $code"
        [ "$(sha256 "$image")" = "$before" ] || fail "prepare changed its input"
    fi
    touch "$cache/$name"
    exec 8>&-
    printf '%s\n' "$cache/$name"
}

# An emulated machine whose host is busy gets too few ticks: the kernel then says that its timer does not
# work, and panics; and systemd gives devices up before udev has seen them, the login's among them.
SEALED_KERNEL_ARGS=(--kernel-arg no_timer_check --kernel-arg systemd.default_device_timeout_sec=300)

# sealed_encrypt IMAGE OUT KEY [OPTION…]: options are those of prepare.
sealed_encrypt()
{
    local out=$2 key=$3 prepared
    prepared=$(sealed_prepare "$1" "${SEALED_KERNEL_ARGS[@]}" "${@:4}")
    "$COLDSEAL" encrypt --quiet "$prepared" "$out" --key-out "$key" ||
        fail "encrypt: exit $?"
    note "encrypted after $SECONDS s"
}

# sealed_expect_closed NAME: the last boot did not unlock, and said so; it opened neither a shell nor
# a prompt, and powered off: "Power down" is the kernel's word for that, a reset says another.
sealed_expect_closed()
{
    local name=$1 console seconds
    vm_wait_off "$name" 400
    seconds=$((SECONDS - vm_start_seconds))
    console=$(vm_console "$name")
    if ! grep -aq 'coldseal: unlock failed: ' "$console" || ! grep -aq 'reboot: Power down' "$console"; then
        vm_show "$name"
        fail "$name did not say why, or did not power off"
    fi
    if [ -n "$(vm_shells "$name")" ] || grep -aq COLDSEAL-TEST "$(vm_report "$name")"; then
        vm_show "$name"
        fail "$name opened a shell, a prompt, or the root"
    fi
    note "$name stays closed after $seconds s: $(grep -ao 'coldseal: unlock failed: .*' "$console" | head -n 1 | tr -d '\r')"
}

# A login comes where prepare was told so, and nowhere else: not a minute after all units have started.
sealed_expect_login()
{
    local name=$1
    if ! vm_value "$name" cmdline | grep -q 'systemd\.getty_auto=0'; then
        # on a busy host the report comes before the last units; the guest waits for us a minute, no longer
        vm_run "$name" 300 'timeout 250 systemctl is-system-running --wait' >"$TMP/running" || true
        vm_wait "$name" 50 "$(vm_console "$name")" 'login:'
        return
    fi
    vm_run "$name" 90 'sleep 30; pgrep -a getty; systemctl list-units --plain --no-legend "*getty*.service"' >"$TMP/getty" || true
    if [ -s "$TMP/getty" ] && grep -q getty "$TMP/getty"; then
        fail "a getty runs: $(cat "$TMP/getty")"
    fi
    ! grep -aq 'login:' "$(vm_console "$name")" || fail "a login that nobody asked for"
}

# sealed_expect_open NAME [stock|recovery]: the running boot is as it should be; "stock" for an unlock
# that is not ours and extends nothing, "recovery" for one by the other command line.
sealed_expect_open()
{
    local name=$1 pin expected pcr
    vm_wait_ready "$name"
    [ "$(vm_value "$name" root)" = /dev/mapper/cloudimg-rootfs ] || fail "/ is $(vm_value "$name" root)"
    [ "$(vm_value "$name" secure-boot)" = on ] || fail "Secure Boot is off"
    vm_run "$name" 60 'dmsetup table cloudimg-rootfs' >"$TMP/table"
    grep -Eq '^0 [0-9]+ crypt aes-xts-plain64 ' "$TMP/table" || fail "not dm-crypt: $(cat "$TMP/table")"
    sealed_expect_login "$name"
    [ -z "$(vm_value "$name" failed)" ] || fail "failed units: $(vm_value "$name" failed)"
    if [ "${2:-}" != stock ]; then
        pin=$(vm_value "$name" cmdline | sed -n 's/.*coldseal\.pin=\([0-9a-f]\{64\}\).*/\1/p')
        # TPM 2.0, part 1, 11.4.3: an extension hashes the old value and the new
        expected=$(printf '%064d%s' 0 "$pin" | xxd -r -p | sha256sum | cut -c1-64)
        [ "$(vm_pcr "$name" 15)" = "$expected" ] || fail "PCR 15 is $(vm_pcr "$name" 15)"
        grep -q "\"pcr15_after_unlock\":\"$expected\"" "$TMP/$name.sealed" ||
            fail "the report of seal promised another PCR 15"
    fi
    if [ -e "$TMP/$name.predicted" ] && [ "${2:-}" != recovery ]; then
        sealed_expect_predicted "$name"
    fi
    for pcr in 4 7 8 9 14 15; do
        printf '%s %s\n' "$pcr" "$(vm_pcr "$name" "$pcr")"
    done >"$TMP/$name-pcrs-${vm_boots[$name]}"
}

# sealed_flip_initramfs DISK OUT.raw: a copy with one byte changed, in a time stamp of the cpio
# archive's first header, so that nothing but the measurement can notice.
sealed_flip_initramfs()
{
    local disk=$1 out=$2 offset file block size byte
    qemu-img convert -O raw "$disk" "$out"
    offset=$(($(sgdisk -i 16 "$out" | sed -n 's/^First sector: \([0-9]*\).*/\1/p') * 512))
    file=$(debugfs -R 'ls -p /' "$out?offset=$offset" 2>/dev/null | cut -d/ -f6 | grep '^initrd\.img-' | head -n 1)
    block=$(debugfs -R "bmap /$file 0" "$out?offset=$offset" 2>/dev/null)
    size=$(dumpe2fs -h "$out?offset=$offset" 2>/dev/null | sed -n 's/^Block size: *//p')
    # newc: magic (6), then fields of 8 hexadecimal digits; c_mtime is the sixth
    byte=$((offset + block * size + 6 + 5 * 8 + 7))
    [ "$(dd if="$out" bs=1 skip=$((offset + block * size)) count=6 status=none)" = 070701 ] ||
        fail "no cpio header where the initramfs should begin"
    cp --sparse=always "$out" "$out.before"
    if [ "$(dd if="$out" bs=1 skip=$byte count=1 status=none)" = 0 ]; then printf 1; else printf 0; fi |
        dd of="$out" bs=1 seek=$byte conv=notrunc status=none
    [ "$(cmp -l "$out.before" "$out" | wc -l)" = 1 ] || fail "not one byte is changed"
    rm "$out.before"
}

# sealed_make NAME POOL KEY OUT [swtpm_setup OPTION…]: the way of a new VM's disk, for a machine that
# has never run: OUT is sealed to its TPM, and to what POOL is predicted to measure on its firmware. Its
# recovery key lies in $TMP/NAME.recovery. sealed_key is --shared-key or --fresh-key.
sealed_key=--shared-key
sealed_make()
{
    local name=$1 pool=$2 key=$3 out=$4 firmware=$TMP/$1.firmware
    shift 4
    vm_create "$name" "$@"
    "$COLDSEAL" firmware import --quiet "$TMP/vm/$name/vars.fd" -o "$firmware"
    "$COLDSEAL" target read --quiet --swtpm-state "$(vm_tpm "$name")" -o "$TMP/$name.target"
    "$COLDSEAL" seal --json "$pool" -o "$out" --key-file "$key" --target "$TMP/$name.target" \
        --firmware "$firmware" "$sealed_key" --recovery-key-out "$TMP/$name.recovery" >"$TMP/$name.sealed" ||
        fail "seal: exit $?"
    sealed_predict "$name" "$out" "$firmware"
}

# sealed_predict NAME DISK FIRMWARE: what DISK will measure on the machine NAME.
sealed_predict()
{
    "$COLDSEAL" predict --json "$2" --firmware "$3" |
        jq -r '.pcrs.sha256 | to_entries[] | "\(.key) \(.value)"' >"$TMP/$1.predicted"
}

# sealed_expect_predicted NAME: what the running boot measured is what was predicted for it.
sealed_expect_predicted()
{
    local name=$1 pcr
    for pcr in 4 7 8 9 14; do
        [ "$(vm_pcr "$name" "$pcr")" = "$(sed -n "s/^$pcr //p" "$TMP/$name.predicted")" ] ||
            fail "$name: PCR $pcr is $(vm_pcr "$name" "$pcr"), which was not predicted"
    done
}

# sealed_expect_events NAME DISK FIRMWARE CASE: the same, event by event: DISK is as it was when the boot
# began. Where COLDSEAL_RECORD names a folder, the boot is left there as CASE, for tests/replay.
sealed_expect_events()
{
    local name=$1 pcr
    vm_event_log "$name" "$TMP/$name.log"
    expect_code 0 "$COLDSEAL" explain "$2" "$TMP/$name.log" --firmware "$3"
    [ -n "${COLDSEAL_RECORD:-}" ] || return 0
    for pcr in {0..9} 14; do
        printf '%s %s\n' "$pcr" "$(vm_pcr "$name" "$pcr")"
    done >"$TMP/$name.pcrs"
    qemu-img convert -O raw "$2" "$TMP/recorded.raw"
    "$SRC/tests/lib/record-boot" "$TMP/recorded.raw" "$3" "$TMP/$name.log" "$TMP/$name.pcrs" "$COLDSEAL_RECORD/$4"
    rm "$TMP/recorded.raw"
}
