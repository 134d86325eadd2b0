#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.raw upgrade.raw
# limit: 900
# explain on a real image, sealed to its prediction: one thing changed at a time, in the image or in
# the firmware, and the event and the reason that it is answered with. That predictions are what
# machines measure is shown by the recorded boots; unit/explain has consoles of machines that were
# tampered with.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/schema.sh
. "$SRC/tests/lib/schema.sh"
cd "$TMP" || exit 1
tool=$BUILD/tests/tools/seal_tool
vars=/usr/share/OVMF/OVMF_VARS_4M.ms.fd

# found PCR KEY: a member of the difference in that PCR, of the last --json.
found()
{
    python3 -c 'import json, sys
for row in json.load(open(sys.argv[1]))["differences"]:
    if row["pcr"] == int(sys.argv[2]): print(row.get(sys.argv[3], ""))' "$TMP/out" "$1" "$2"
}

# expect PCR=REASON… -- IMAGE LOG [OPTION…]: exactly these PCRs differ, for these reasons.
expect()
{
    local wanted=()
    while [ "$1" != -- ]; do
        wanted+=("$1")
        shift
    done
    shift
    expect_code 1 "$COLDSEAL" explain "$@" --json
    diff <(printf '%s\n' "${wanted[@]}" | sort) <(python3 -c 'import json, sys
for row in json.load(open(sys.argv[1]))["differences"]:
    print("%d=%s" % (row["pcr"], row["reason"]))' "$TMP/out" | sort) ||
        { cat "$TMP/out" >&2; fail "reasons: $*"; }
    grep -q 'the boot differs in PCR' "$TMP/err" || fail "stderr"
    cp "$TMP/out" explained.json
}

# expect_event PCR KEY PATTERN: of the last answer.
expect_event()
{
    found "$1" "$2" | grep -Eq -- "$3" || fail "PCR $1: $2 is $(found "$1" "$2")"
}

esp_put()
{
    mcopy -o -i "$1@@$esp" "$2" "::$3"
}

tampered()
{
    note "$1"
    cp --sparse=always sealed.raw bad.raw
}

note "an image with our grub.cfg, sealed to its prediction"
cp --sparse=always "$IMAGES/noble.raw" plain.raw
read -r esp _ < <(tiny_partition plain.raw 15)
read -r boot _ < <(tiny_partition plain.raw 16)
TINY_BOOT_UUID=$(dumpe2fs -h "plain.raw?offset=$boot" 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')
tiny_grub_cfg >grub.cfg
cfg=$(mdir -/ -b -i "plain.raw@@$esp" | sed -n 's/^::\(.*debian\/grub\.cfg\)$/\1/p')
[ -n "$cfg" ] || fail "no grub.cfg on the ESP"
esp_put plain.raw grub.cfg "$cfg"
mdel -i "plain.raw@@$esp" ::/EFI/BOOT/fbx64.efi 2>/dev/null || true
mcopy -i "plain.raw@@$esp" ::/EFI/debian/grubx64.efi grubx64.efi
esp_put plain.raw grubx64.efi /EFI/BOOT/grubx64.efi
expect_code 0 "$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key
rm plain.raw
expect_code 0 "$COLDSEAL" firmware import "$vars" -o fw.json
expect_code 0 "$COLDSEAL" predict pool.raw --firmware fw.json --log good.bin --json
cp "$TMP/out" predicted.json
swtpm_start "$TMP/vm" --create-spk --ecc
expect_code 0 "$COLDSEAL" target read --tcti "$SWTPM_TCTI" -o target.json
swtpm_stop
expect_code 0 "$COLDSEAL" seal pool.raw -o sealed.raw --key-file pool.key --target target.json \
    --pcr-values predicted.json --shared-key --no-recovery
rm pool.raw
read -r esp _ < <(tiny_partition sealed.raw 15)
read -r boot _ < <(tiny_partition sealed.raw 16)
kernel=$(debugfs -R 'ls -p /' "sealed.raw?offset=$boot" 2>/dev/null | cut -d/ -f6 | grep '^vmlinuz-')
initrd=initrd.img-${kernel#vmlinuz-}

# verified CODE FIRMWARE: verify with it; the rows that it adds, which failed, go to $TMP/rows.
verified()
{
    expect_code "$1" "$COLDSEAL" verify sealed.raw --firmware "$2" --json
    python3 -c 'import json, sys
for row in json.load(open(sys.argv[1]))["checks"]:
    if row["check"] in ("boot-chain", "prediction", "coverage"):
        print(row["result"], row["check"])' "$TMP/out" | sort -u >"$TMP/rows"
}

note "verify: it boots there, and the policy is what it will measure"
verified 0 fw.json
diff - "$TMP/rows" <<<$'ok boot-chain\nok coverage\nok prediction' || fail "verify --firmware"
expect_code 0 "$COLDSEAL" firmware import /usr/share/OVMF/OVMF_VARS_4M.fd -o off.json
verified 1 off.json
grep -qx 'failed prediction' "$TMP/rows" || fail "verify: another prediction"
grep -qx 'failed coverage' "$TMP/rows" || fail "verify: Secure Boot is off"

note "the boot that was expected: then it is the TPM"
"$tool" digestlog good.bin >log
printf 'coldseal: unlock failed: /dev/vda1: another TPM than the one that was sealed to\r\n' |
    cat - log >console.txt
for log in good.bin console.txt; do
    expect_code 0 "$COLDSEAL" explain sealed.raw "$log" --firmware fw.json --json
    grep -q '"differences":\[\]' "$TMP/out" || fail "differences where there are none"
    [ ! -s "$TMP/err" ] || fail "something on stderr"
done
grep -q 'the TPM is not the one that the image was sealed to' "$TMP/out" || fail "what the unlock said"
expect_code 0 "$COLDSEAL" explain sealed.raw good.bin
cp "$TMP/out" whole.txt
qemu-img create -q -f qcow2 -F raw -b sealed.raw thin.qcow2
expect_code 0 "$COLDSEAL" explain thin.qcow2 good.bin --backing sealed.raw
diff <(sed 's/sealed\.raw/thin.qcow2/; s/^\(  format  *\)raw$/\1qcow2/' whole.txt) "$TMP/out" || fail "over a backing file it says something else"
grep -Eq '^  7 +same +as sealed$' "$TMP/out" || fail "PCR 7 without --firmware"

tampered "the kernel is updated, with one that shim accepts"
debugfs -R 'rdump /pool .' "$IMAGES/upgrade.raw" >/dev/null 2>&1
deb=$(find pool -name 'linux-image-[0-9]*.deb' | head -n 1)
dpkg-deb -x "$deb" kernel
printf 'rm /%s\nwrite %s /%s\n' "$kernel" kernel/boot/vmlinuz-* "$kernel" |
    debugfs -w -f - "bad.raw?offset=$boot" >/dev/null 2>&1
expect 4=kernel-updated 9=kernel-updated -- bad.raw good.bin --firmware fw.json
expect_event 9 expected 'vmlinuz'

tampered "the initramfs is rebuilt"
debugfs -R "dump /$initrd initrd" "sealed.raw?offset=$boot" 2>/dev/null
printf '\0\0\0\0' >>initrd
printf 'rm /%s\nwrite initrd /%s\n' "$initrd" "$initrd" |
    debugfs -w -f - "bad.raw?offset=$boot" >/dev/null 2>&1
expect 9=initramfs-rebuilt -- bad.raw good.bin --firmware fw.json
expect 9=initramfs-rebuilt -- bad.raw console.txt --firmware fw.json
expect 9=initramfs-rebuilt -- bad.raw console.txt

note "and the boot of the changed image: it is not what was sealed"
expect_code 0 "$COLDSEAL" predict bad.raw --firmware fw.json --log bad.bin --force --json
expect 9=image-changed -- bad.raw bad.bin --firmware fw.json
expect 9=initramfs-rebuilt -- sealed.raw bad.bin --firmware fw.json

mtype -i "sealed.raw@@$esp" "::$cfg" >sealed.cfg
tampered "the command line is edited"
sed '/^linux /s|$| init=/bin/sh|' sealed.cfg >cfg
esp_put bad.raw cfg "$cfg"
expect 8=command-line-edited 9=grub-cfg-edited -- bad.raw good.bin --firmware fw.json
expect_event 8 expected 'linux /vmlinuz'
expect_event 8 event '^4$'

tampered "a comment in grub.cfg"
{ cat sealed.cfg; echo '# more'; } >cfg
esp_put bad.raw cfg "$cfg"
expect 9=grub-cfg-edited -- bad.raw console.txt

tampered "another volume's pin"
sed "s/^set coldseal_pin=.*/set coldseal_pin=$(printf 'ab%.0s' {1..32})/" sealed.cfg >cfg
esp_put bad.raw cfg "$cfg"
expect 8=other-volume 9=grub-cfg-edited -- bad.raw console.txt

tampered "a command more in grub.cfg"
sed 's/^search /set timeout=5\nsearch /' sealed.cfg >cfg
esp_put bad.raw cfg "$cfg"
expect_code 0 "$COLDSEAL" predict bad.raw --firmware fw.json --log bad.bin --force --json
expect 8=grub-command-extra 9=grub-cfg-edited -- sealed.raw bad.bin --firmware fw.json
expect_event 8 found 'set timeout=5'

tampered "a folder of modules"
mmd -i "bad.raw@@$esp" ::/EFI/debian/x86_64-efi
echo 'ls: ls' >command.lst
esp_put bad.raw command.lst /EFI/debian/x86_64-efi/command.lst
expect_code 0 "$COLDSEAL" predict bad.raw --firmware fw.json --log bad.bin --force --json
expect 9=grub-module -- sealed.raw bad.bin --firmware fw.json
expect_event 9 found 'x86_64-efi/command\.lst'

# other_firmware NAME OPTION…: the log of the good image on a firmware with something else
other_firmware()
{
    local name=$1
    shift
    note "firmware: $name"
    expect_code 0 "$COLDSEAL" firmware import "$vars" "$@" -o other.json --force
    expect_code 0 "$COLDSEAL" predict sealed.raw --firmware other.json --log other.bin --force --json
}

digest=$(printf 'some program' | sha256sum | cut -d' ' -f1)
# EFI_SIGNATURE_LIST of one SHA-256 digest (UEFI 2.10, 32.4.1)
printf '2616c4c14c509240aca941f9369343284c0000000000000030000000%032d%s' 0 "$digest" |
    xxd -r -p >list.esl
other_firmware "a digest more in dbx" --dbx list.esl
expect 7=dbx-update -- sealed.raw other.bin --firmware fw.json
expect_event 7 expected 'dbx'
expect_code 1 "$COLDSEAL" explain sealed.raw other.bin --json
[ -z "$(found 7 reason)" ] || fail "a reason in PCR 7 without --firmware"
grep -q '"pcr":7,"result":"differs","why":"the firmware' "$TMP/out" || fail "PCR 7 without --firmware"
other_firmware "a machine owner key" --mok-list list.esl
expect 14=mok-enrolled -- sealed.raw other.bin --firmware fw.json
printf 'sbat,1,2030010100\nshim,2\ngrub,3\n' >sbat.csv
other_firmware "a later SbatLevel" --sbat-level sbat.csv
expect 7=sbat-level -- sealed.raw other.bin --firmware fw.json
other_firmware "Secure Boot off" --secure-boot off
expect 4=program-missing 7=secure-boot-off -- sealed.raw other.bin --firmware fw.json
expect 4=program-missing 7=secure-boot-off -- sealed.raw other.bin

note "what is no log, and no image"
expect_refusal 4 'neither an event log nor console text' "$COLDSEAL" explain sealed.raw sealed.cfg
expect_refusal 3 . "$COLDSEAL" explain sealed.raw nothing.txt
expect_refusal 2 'missing argument' "$COLDSEAL" explain sealed.raw
expect_refusal 7 . "$COLDSEAL" explain good.bin good.bin
schema_check report explained.json predicted.json
