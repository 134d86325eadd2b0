#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Several states of one image: another kernel in /boot, and shim's latest SbatLevel. Each state's policy is
# what tpm2-tools make of an image and a firmware that are really like that; predict, seal, verify and
# explain agree on them; a kernel that nobody signed is refused.
# images: noble.raw
# limit: 300
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

cd "$TMP"
export MTOOLS_SKIP_CHECK=1
first_byte() # PARTITION of plain.raw
{
    printf '%d\n' $(($(sgdisk -i "$1" plain.raw | sed -n 's/^First sector: \([0-9]*\).*/\1/p') * 512))
}

# coldseal's grub.cfg, which takes a kernel by its stable name, and a second kernel
cp --sparse=always "$IMAGES/noble.raw" plain.raw
esp=plain.raw@@$(first_byte 15)
boot="plain.raw?offset=$(first_byte 16)"
mcopy -i "$esp" ::/EFI/debian/grub.cfg stock.cfg
sed "s/^\(search .*=root \).*/\1$(sed -n 's/^search.fs_uuid \([^ ]*\) .*/\1/p' stock.cfg)/" \
    "$SRC/tests/replay/debian-2.12-coldseal/grub.cfg" >grub.cfg
mcopy -o -i "$esp" grub.cfg ::/EFI/debian/grub.cfg
# of BOOT, a debugfs command a line
on_boot()
{
    debugfs -w -f - "$1" >/dev/null 2>&1
}
kernel=$(debugfs -R 'ls -p /' "$boot" 2>/dev/null | cut -d/ -f6 | sed -n 's/^vmlinuz-//p' | head -n 1)
debugfs -R "dump /vmlinuz-$kernel kernel" "$boot" 2>/dev/null
cp kernel unsigned
sbattach --remove unsigned
printf 'x' | dd of=unsigned bs=1 seek=8192 conv=notrunc status=none
openssl req -x509 -newkey rsa:2048 -nodes -keyout mok.key -out mok.pem -days 30 -subj '/CN=a machine owner/' 2>/dev/null
sbsign --key mok.key --cert mok.pem --output old unsigned 2>/dev/null
cert-to-efi-sig-list -g 605dab50-e046-4300-abb6-3dd810dd8b23 mok.pem mok.esl
head -c 5000000 /dev/urandom >initramfs
printf 'write old vmlinuz-5.9-old\nwrite initramfs initrd.img-5.9-old\nwrite kernel vmlinuz-without\n' | on_boot "$boot"
"$COLDSEAL" encrypt --quiet --no-prepare plain.raw pool.qcow2 --key-out pool.key
swtpm_start "$TMP/tpm" --create-spk --ecc
"$COLDSEAL" target read --quiet --tcti "$SWTPM_TCTI" -o vm.target
"$COLDSEAL" firmware import --quiet /usr/share/OVMF/OVMF_VARS_4M.ms.fd --mok-list mok.esl -o ms.json
seal=("$COLDSEAL" seal pool.qcow2 --force --key-file pool.key --target vm.target --shared-key --no-recovery)

note "images and firmware states that are really like that"
# sbat_var.S: number, two offsets, and at them texts that end in a NUL
mcopy -i "$esp" ::/EFI/BOOT/BOOTX64.EFI shim
objcopy -O binary -j .sbatlevel shim levels
tail -c +13 levels | tr '\0' '\n' | awk '/^sbat,/ { n++ } n == 2 && NF' >latest
grep -q '^sbat,1,20' latest || fail "shim's latest level: $(cat latest)"
"$COLDSEAL" firmware import --quiet ms.json --sbat-level latest -o raised.json
qemu-img convert -O raw pool.qcow2 other.raw
printf 'rm vmlinuz\nsymlink vmlinuz vmlinuz-5.9-old\nrm initrd.img\nsymlink initrd.img initrd.img-5.9-old\n' |
    on_boot "other.raw?offset=$(first_byte 16)"
# policy_of IMAGE FIRMWARE: of the values to which tpm2_eventlog replays what it measures
policy_of()
{
    local pcr value
    "$COLDSEAL" predict --quiet "$1" --firmware "$2" --log "$1.$2.log" --force
    tpm2_eventlog "$1.$2.log" 2>/dev/null | sed -n '/^pcrs:/,$p' | sed -n '/^  sha256:/,/^  sha384:/p' >replayed
    for pcr in 4 7 8 9 14 15; do
        value=$(sed -n "s/^ *$pcr *: 0x//p" replayed)
        [ -n "$value" ] || value=$(printf '%064d' 0)
        printf '%s' "$value" | xxd -r -p
    done >pcrs.bin
    tpm2_startauthsession -T "$SWTPM_TCTI" -S session
    tpm2_policypcr -Q -T "$SWTPM_TCTI" -S session -l sha256:4,7,8,9,14,15 -f pcrs.bin -L policy
    tpm2_flushcontext -T "$SWTPM_TCTI" session
    xxd -p -c 64 policy
}
for state in "pool.qcow2 ms.json" "other.raw ms.json" "pool.qcow2 raised.json" "other.raw raised.json"; do
    # shellcheck disable=SC2086
    policy_of $state
done >wanted
[ "$(sort -u wanted | wc -l)" = 4 ] || fail "the states do not differ"

note "the same from one image"
expect_code 0 "${seal[@]}" -o all.qcow2 --firmware ms.json --other-kernels --latest-sbat-level --json
jq -r '.states[].policy' out | diff wanted - || fail "other policies"
jq -e '[.luks2.tokens[] | select(. == "systemd-tpm2")] | length == 4' out >/dev/null || fail "not a token each"
jq -r '.states[].state' out | diff - <(printf '%s\n' "OVMF_VARS_4M.ms.fd" "OVMF_VARS_4M.ms.fd, kernel 5.9-old" \
    "OVMF_VARS_4M.ms.fd, shim's latest SbatLevel" \
    "OVMF_VARS_4M.ms.fd, shim's latest SbatLevel, kernel 5.9-old") || fail "names"
expect_code 0 "${seal[@]}" -o two.qcow2 --firmware ms.json --other-kernels --json
jq -r '.states[].policy' out | diff <(head -n 2 wanted) - || fail "kernels alone"
[ "$("$COLDSEAL" predict pool.qcow2 --firmware ms.json --latest-sbat-level | grep -c '^state ')" = 2 ] || fail "predict"
expect_code 0 "${seal[@]}" -o one.qcow2 --firmware ms.json --json
[ "$(jq '.states' out)" = null ] || fail "states that nobody asked for"

note "verify knows each token, and explain the state that a boot is nearest to"
expect_code 0 "$COLDSEAL" verify all.qcow2 --firmware ms.json --json
jq -e '[.checks[] | select(.check == "prediction" or .check == "policy-digest")] |
    length == 8 and all(.result == "ok")' out >/dev/null || fail "verify: $(jq -c '.checks[]' out)"
for state in "other.raw.ms.json.log|OVMF_VARS_4M.ms.fd, kernel 5.9-old" \
    "other.raw.raised.json.log|OVMF_VARS_4M.ms.fd, shim's latest SbatLevel, kernel 5.9-old"; do
    expect_code 0 "$COLDSEAL" explain all.qcow2 "${state%%|*}" --json
    [ "$(jq -r '.sealed_state' out)" = "${state#*|}" ] || fail "explain: $(jq -c . out)"
    expect_code 0 "$COLDSEAL" explain all.qcow2 "${state%%|*}" --firmware ms.json --json
done
expect_code 1 "$COLDSEAL" explain one.qcow2 other.raw.ms.json.log --firmware ms.json --json
jq -e '[.differences[].reason] == ["kernel-updated", "signer", "kernel-updated"] and .sealed_state == null' out >/dev/null || fail "$(jq -c . out)"
expect_code 1 "$COLDSEAL" explain one.qcow2 other.raw.ms.json.log --json
jq -e '[.pcrs[] | select(.result == "same").pcr] == [8, 14, 15]' out >/dev/null || fail "$(jq -c . out)"
# an edited command line besides: against the state with that kernel
mcopy -i "other.raw@@$(first_byte 15)" ::/EFI/debian/grub.cfg edited.cfg
sed -i 's/ noresume/ xoresume/' edited.cfg
mcopy -o -i "other.raw@@$(first_byte 15)" edited.cfg ::/EFI/debian/grub.cfg
"$COLDSEAL" predict --quiet other.raw --firmware ms.json --log edited.log
expect_code 1 "$COLDSEAL" explain all.qcow2 edited.log --firmware ms.json --json
[ "$(jq -r '.sealed_state' out)" = "OVMF_VARS_4M.ms.fd, kernel 5.9-old" ] || fail "explain: $(jq -c . out)"
jq -r '.differences[] | "\(.pcr) \(.reason)"' out | diff - <(printf '8 command-line-edited\n9 grub-cfg-edited\n') ||
    fail "explain: $(jq -c . out)"

note "what does not boot, and what is no such state"
printf 'write unsigned vmlinuz-5.8-bad\nwrite initramfs initrd.img-5.8-bad\n' | on_boot "other.raw?offset=$(first_byte 16)"
expect_refusal 5 'kernel 5.8-bad: .*vmlinuz is not signed' "$COLDSEAL" predict other.raw --firmware ms.json --other-kernels
mcopy -o -i "other.raw@@$(first_byte 15)" stock.cfg ::/EFI/debian/grub.cfg
printf 'rm vmlinuz\n' | on_boot "other.raw?offset=$(first_byte 16)"
expect_refusal 7 'no partition has /vmlinuz and /initrd.img' "$COLDSEAL" predict other.raw --firmware ms.json --other-kernels
expect_refusal 2 'need --firmware' "${seal[@]}" -o no.qcow2 --pcr-values all.json --other-kernels
for n in 1 2; do
    printf 'write kernel vmlinuz-4.%s\nwrite wanted initrd.img-4.%s\n' $n $n
done >commands
for n in 3 4; do
    head -c 1000$n initramfs >initramfs.$n
    printf 'write kernel vmlinuz-4.%s\nwrite initramfs.%s initrd.img-4.%s\n' $n $n $n
done >>commands
on_boot "$boot" <commands
expect_refusal 2 'more than 8 states' "$COLDSEAL" predict plain.raw --firmware ms.json --other-kernels --latest-sbat-level
[ ! -e no.qcow2 ] || fail "an output is left"
