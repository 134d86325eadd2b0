#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# predict on an image of Debian's signed boot chain: the event log that it writes, as tpm2_eventlog
# reads it, leads to the same PCRs in three banks, which are those of a recorded boot of it where the
# image is that very one; and what does not boot on the target is refused, with the reason.
# images: noble.qcow2
# limit: 300
. "$SRC/tests/lib/common.sh"

image=$TMP/disk.qcow2
firmware=$SRC/tests/replay/debian-2.12-noble/firmware.json
esp_offset=$(($(qemu-img convert -O raw "$IMAGES/noble.qcow2" "$TMP/disk.raw" &&
    sgdisk -i 15 "$TMP/disk.raw" | sed -n 's/^First sector: \([0-9]*\).*/\1/p') * 512))
cp "$IMAGES/noble.qcow2" "$image"
export MTOOLS_SKIP_CHECK=1

note "event log and JSON"
"$COLDSEAL" predict "$image" --firmware "$firmware" --json --log "$TMP/log" >"$TMP/json"
tpm2_eventlog "$TMP/log" >"$TMP/events" 2>"$TMP/warnings"
! grep -i error "$TMP/warnings" || fail "tpm2_eventlog finds errors"
for bank in sha1 sha256 sha384; do
    for pcr in 4 7 8 9 14; do
        ours=$(python3 -c 'import json,sys; print(json.load(sys.stdin)["pcrs"][sys.argv[1]][sys.argv[2]])' \
            "$bank" "$pcr" <"$TMP/json")
        theirs=$(sed -n '/^pcrs:/,$p' "$TMP/events" | sed -n "/^  $bank:/,/^  sha/p" |
            sed -n "s/^ *$pcr *: 0x//p")
        [ -n "$theirs" ] || fail "$bank, PCR $pcr: tpm2_eventlog gives no value"
        [ "$ours" = "$theirs" ] || fail "$bank, PCR $pcr: $ours, not $theirs"
    done
done
"$COLDSEAL" predict "$TMP/disk.raw" --firmware "$firmware" --log - >"$TMP/log-of-raw"
cmp "$TMP/log" "$TMP/log-of-raw" || fail "raw and qcow2 differ"

note "the same through a thin qcow2"
qemu-img create -q -f qcow2 -F raw -b disk.raw "$TMP/thin.qcow2"
"$COLDSEAL" predict "$TMP/thin.qcow2" --backing "$TMP/disk.raw" --firmware "$firmware" --log - >"$TMP/log-of-thin"
cmp "$TMP/log" "$TMP/log-of-thin" || fail "over a backing file it differs"

note "text"
"$COLDSEAL" predict "$image" --firmware "$firmware" >"$TMP/text"
grep -q '^  4  [0-9a-f]\{64\}  program /EFI/BOOT/BOOTX64.EFI$' "$TMP/text" || fail "no row for shim"
grep -q '^may come otherwise:$' "$TMP/text" || fail "grubenv is not fixed, and not named"

note "two states that differ, and two that do not"
sed 's/"measured":true/"measured":false/' "$firmware" >"$TMP/quiet.json"
"$COLDSEAL" predict "$image" --firmware "$firmware" --firmware "$TMP/quiet.json" >"$TMP/two"
[ "$(grep -c '^state ' "$TMP/two")" = 2 ] || fail "not two states"
expect_refusal 2 '2 states' "$COLDSEAL" predict "$image" --firmware "$firmware" \
    --firmware "$TMP/quiet.json" --log "$TMP/log2"
"$COLDSEAL" predict "$image" --firmware "$firmware" --firmware "$firmware" | grep -q '^state ' &&
    fail "one state twice"

note "what does not boot there"
expect_refusal 2 '--firmware is needed' "$COLDSEAL" predict "$image"
python3 - "$firmware" "$TMP" <<'END'
import base64, json, sys
def variant(name, change):
    document = json.load(open(sys.argv[1]))
    change(document["variables"])
    json.dump(document, open(sys.argv[2] + "/" + name, "w"))
def drop_second(variables):
    db = base64.b64decode(variables["db"]["data"])
    first = int.from_bytes(db[16:20], "little")
    variables["db"]["data"] = base64.b64encode(db[:first]).decode()
def level(variables):
    text = b"sbat,1,2099010100\nshim,4\ngrub,99\n"
    variables["SbatLevel"] = {"present": True, "attributes": 3, "data": base64.b64encode(text).decode()}
def revoke(variables):
    db = base64.b64decode(variables["db"]["data"])
    variables["dbx"]["data"] = base64.b64encode(db).decode()
def unknown(variables):
    del variables["KEK"]
variant("unsigned.json", drop_second)
variant("level.json", level)
variant("revoked.json", revoke)
variant("unknown.json", unknown)
END
expect_refusal 5 'BOOTX64.EFI is signed by .*does not accept' "$COLDSEAL" predict "$image" --firmware "$TMP/unsigned.json"
expect_refusal 5 'component grub, .*below the target.s SbatLevel' "$COLDSEAL" predict "$image" --firmware "$TMP/level.json"
expect_refusal 5 'BOOTX64.EFI is revoked' "$COLDSEAL" predict "$image" --firmware "$TMP/revoked.json"
expect_refusal 5 'does not say what the variable KEK holds' "$COLDSEAL" predict "$image" --firmware "$TMP/unknown.json"

note "an initramfs that GRUB makes of a file"
boot="$TMP/disk.raw?offset=$(($(sgdisk -i 16 "$TMP/disk.raw" | sed -n 's/^First sector: \([0-9]*\).*/\1/p') * 512))"
debugfs -R "dump /grub/grub.cfg $TMP/grub.cfg" "$boot" 2>/dev/null
sed 's#^\tinitrd\t#&newc:etc/extra:/grub/grubenv #' "$TMP/grub.cfg" >"$TMP/newc.cfg"
printf 'rm /grub/grub.cfg\nwrite %s /grub/grub.cfg\n' "$TMP/newc.cfg" | debugfs -w -f - "$boot" >/dev/null 2>&1
expect_refusal 7 'newc:' "$COLDSEAL" predict "$TMP/disk.raw" --firmware "$firmware"
printf 'rm /grub/grub.cfg\nwrite %s /grub/grub.cfg\n' "$TMP/grub.cfg" | debugfs -w -f - "$boot" >/dev/null 2>&1

note "a program that nobody signed"
mcopy -i "$TMP/disk.raw@@$esp_offset" ::/EFI/BOOT/grubx64.efi "$TMP/grub"
# a byte of its code
printf 'x' | dd of="$TMP/grub" bs=1 seek=8192 conv=notrunc status=none
mcopy -o -i "$TMP/disk.raw@@$esp_offset" "$TMP/grub" ::/EFI/BOOT/grubx64.efi
expect_refusal 5 'grubx64.efi is ' "$COLDSEAL" predict "$TMP/disk.raw" --firmware "$firmware"

note "a fallback program"
mcopy -i "$TMP/disk.raw@@$esp_offset" "$TMP/grub" ::/EFI/BOOT/fbx64.efi
expect_refusal 7 'fbx64.efi' "$COLDSEAL" predict "$TMP/disk.raw" --firmware "$firmware"
mdel -i "$TMP/disk.raw@@$esp_offset" ::/EFI/BOOT/fbx64.efi

note "what shim would load beside itself"
for name in shim_certificate_0.efi SHIM_CERTIFICATE.EFI revocations_sbat.efi revocations_sku.efi revocations.efi options.csv; do
    mcopy -i "$TMP/disk.raw@@$esp_offset" "$TMP/grub" "::/EFI/BOOT/$name"
    expect_refusal 7 "$name: shim may load it" "$COLDSEAL" predict "$TMP/disk.raw" --firmware "$firmware"
    mdel -i "$TMP/disk.raw@@$esp_offset" "::/EFI/BOOT/$name"
done
mdel -i "$TMP/disk.raw@@$esp_offset" ::/EFI/BOOT/grubx64.efi
expect_refusal 5 'no /EFI/BOOT/grubx64.efi' "$COLDSEAL" predict "$TMP/disk.raw" --firmware "$firmware"

note "no log is left where it fails"
expect_refusal 5 '' "$COLDSEAL" predict "$TMP/disk.raw" --firmware "$firmware" --log "$TMP/none"
[ ! -e "$TMP/none" ] || fail "a log is there"
