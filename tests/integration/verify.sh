#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# verify: a sealed image passes; each of many defects, made on it by other programs, is named.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks2_edit.sh
. "$SRC/tests/lib/luks2_edit.sh"
cd "$TMP" || exit 1

# rows RESULT [OPTION…]: names of the rows of the last --json with that result, in order.
rows()
{
    python3 -c 'import json, sys
for row in json.load(open(sys.argv[1]))["checks"]:
    if row["result"] == sys.argv[2]: print(row["check"])' "$TMP/out" "$1"
}

# expect_rows NAME… : exactly these rows failed.
expect_rows()
{
    diff <(printf '%s\n' "$@") <(rows failed) || { cat "$TMP/out" >&2; fail "rows that failed"; }
}

# expect_defect CODE "ROW…" IMAGE [OPTION…]: verify says so, on standard error too.
expect_defect()
{
    local code=$1 names=$2 image=$3
    shift 3
    expect_code "$code" "$COLDSEAL" verify "$image" --json "$@"
    # shellcheck disable=SC2086 # a list
    expect_rows $names
    [ "$(wc -l <"$TMP/err")" -eq 1 ] || fail "not one line on stderr"
    grep -q "failed: ${names// /, }\$" "$TMP/err" || { cat "$TMP/err" >&2; fail "stderr"; }
}

defect()
{
    note "$1"
    cp --sparse=always sealed.raw bad.raw
}

# put FILE OFFSET: standard input, in place.
put()
{
    dd of="$1" bs=64K oflag=seek_bytes seek="$2" conv=notrunc status=none
}

esp_replace()
{
    mcopy -o -i "$1@@$esp" "$2" "::$3"
}

grub_cfg()
{
    mtype -i "sealed.raw@@$esp" ::/EFI/debian/grub.cfg
}

# header IMAGE / back IMAGE: out of the image, and in again.
header()
{
    dd if="$1" bs=1M iflag=skip_bytes,count_bytes skip="$root" count=16M status=none >header
}

back()
{
    put "$1" "$root" <header
}

tiny_image plain.raw 48
expect_code 0 "$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key
read -r root _ < <(tiny_partition pool.raw 1)
read -r esp _ < <(tiny_partition pool.raw 15)
swtpm_start "$TMP/vm" --create-spk --ecc
expect_code 0 "$COLDSEAL" target read --tcti "$SWTPM_TCTI" -o target.json
swtpm_start "$TMP/other" --create-spk --ecc
expect_code 0 "$COLDSEAL" target read --tcti "$SWTPM_TCTI" -o other.json
swtpm_stop
printf '{"sha256": {"4": "%064d", "7": "%064d", "8": "%064d", "9": "%064d", "14": "%064d", "15": "%064d"}}\n' \
    4 7 8 9 14 0 >pcrs.json
seal=(--key-file pool.key --target target.json --shared-key)
expect_code 0 "$COLDSEAL" seal pool.raw -o sealed.raw "${seal[@]}" --pcr-values pcrs.json \
    --recovery-key-out recovery.key
everything=(--target target.json --source plain.raw --key-file recovery.key)

note "a sealed image passes, and with all options every check is made"
before=$(sha256 sealed.raw)
expect_code 0 "$COLDSEAL" verify sealed.raw "${everything[@]}" --json
[ -z "$(rows failed)" ] || fail "a good image failed: $(rows failed)"
[ "$(rows 'not checked')" = boot-chain ] || fail "not checked: $(rows 'not checked')"
[ "$(rows ok | wc -l)" -ge 22 ] || fail "few checks: $(rows ok)"
grep -q '"verified":true' "$TMP/out" || fail "verified"
if grep -q '"channel":"host-config"\|"channel":"console-login"' "$TMP/out"; then
    fail "channels that are closed are listed"
fi
for channel in rollback blocks free-blocks firmware shared-key recovery-key; do
    grep -q "\"channel\":\"$channel\"" "$TMP/out" || fail "no channel $channel"
done
[ "$(sha256 sealed.raw)" = "$before" ] || fail "verify changed its input"
expect_code 0 "$COLDSEAL" verify sealed.raw
grep -Eq '^  source +not checked  --source was not given$' "$TMP/out" || fail "row as text"
[ ! -s "$TMP/err" ] || fail "something on stderr"
qemu-img convert -O qcow2 sealed.raw sealed.qcow2
expect_code 0 "$COLDSEAL" verify sealed.qcow2 "${everything[@]}" --quiet
[ ! -s "$TMP/out" ] || fail "--quiet prints"

note "an image that is not sealed"
expect_defect 1 keyslots pool.raw
expect_defect 1 'partitions one-root pin' plain.raw

note "another target"
expect_defect 1 target sealed.raw --target other.json
expect_refusal 6 . "$COLDSEAL" verify sealed.raw --key-file pool.key

note "a boot loader that is no shim"
expect_code 0 "$COLDSEAL" firmware import /usr/share/OVMF/OVMF_VARS_4M.ms.fd -o fw.json
expect_defect 1 boot-chain sealed.raw --firmware fw.json
grep -q 'neither a shim nor a unified kernel image' "$TMP/out" || fail "why it does not boot"

note "sealed without PCR 9, and by values that are not the recorded ones"
expect_code 0 "$COLDSEAL" seal pool.raw -o few.raw "${seal[@]}" --pcr-values pcrs.json \
    --no-recovery --pcrs 4,7,8,14,15 --allow-weak-policy
expect_defect 1 policy-pcrs few.raw
grep -q 'leaves out PCR 9' "$TMP/out" || fail "which PCR"
defect "recorded PCR values of another boot"
header bad.raw
luks2_edit header "s/(\"4\":\")0{63}4/\${1}$(printf '%064d' 5)/"
back bad.raw
expect_defect 1 'header-bytes policy-digest' bad.raw

defect "a second keyslot of somebody's, by cryptsetup"
header bad.raw
printf 'a passphrase of mine' >mine
truncate -s 20M header
cryptsetup luksAddKey -q --key-file recovery.key --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
    header mine
truncate -s 16M header
back bad.raw
expect_defect 1 'header-bytes keyslots' bad.raw

defect "a pool key's token-less keyslot: the recovery token is taken out"
header bad.raw
luks2_edit header 's/"1":\{"type":"systemd-recovery","keyslots":\["1"\]\},?//; s/"1":\{"keyslots":\["1"\],"type":"systemd-recovery"\},?//'
back bad.raw
expect_defect 1 'header-bytes keyslots' bad.raw
grep -q 'keyslot 1 belongs to no TPM' "$TMP/out" || fail "which keyslot"

defect "null cipher in the header"
header bad.raw
luks2_edit header 's/aes-xts-plain64/cipher_null-ecb/'
back bad.raw
expect_code 4 "$COLDSEAL" verify bad.raw --json
[ "$(rows failed)" = header ] || fail "rows: $(rows failed)"

defect "one copy of the header is older"
luks2_copy=$((root + LUKS2_COPY_BYTES))
head -c 4096 /dev/zero | put bad.raw "$luks2_copy"
expect_defect 1 'header-copies header-bytes' bad.raw

defect "the old keyslot's bytes are left"
# areas of 258048 bytes behind both copies; the last of them is nobody's
dd if=pool.raw bs=1M iflag=skip_bytes,count_bytes skip=$((root + 2 * LUKS2_COPY_BYTES)) \
    count=258048 status=none | put bad.raw $((root + 2 * LUKS2_COPY_BYTES + 40 * 258048))
expect_defect 1 header-leftovers bad.raw

defect "a pin in grub.cfg that is another key's"
grub_cfg | sed 's/^set coldseal_pin=.*/set coldseal_pin='"$(printf 'ab%.0s' {1..32})"'/' >cfg
esp_replace bad.raw cfg /EFI/debian/grub.cfg
expect_defect 1 pin bad.raw
defect "a UUID in grub.cfg that is another volume's"
grub_cfg | sed 's/^set coldseal_uuid=.*/set coldseal_uuid=11111111-2222-4333-8444-555555555555/' >cfg
esp_replace bad.raw cfg /EFI/debian/grub.cfg
expect_defect 1 pin bad.raw

defect "one more command in grub.cfg"
{ grub_cfg; echo 'load_env'; } >cfg
esp_replace bad.raw cfg /EFI/debian/grub.cfg
expect_defect 1 grub-cfg bad.raw
grep -q 'line [0-9]* is not what coldseal writes there: load_env' "$TMP/out" || fail "which line"
defect "an argument that opens a shell"
grub_cfg | sed '/^linux /s|$| init=/bin/sh|' >cfg
esp_replace bad.raw cfg /EFI/debian/grub.cfg
expect_defect 1 command-line bad.raw
defect "an argument that is gone"
grub_cfg | sed 's/ systemd.gpt_auto=0//' >cfg
esp_replace bad.raw cfg /EFI/debian/grub.cfg
expect_defect 1 command-line bad.raw
defect "the stock grub.cfg"
# shellcheck disable=SC2016 # GRUB's variable
printf 'search.fs_uuid %s root\nconfigfile ($root)/grub/grub.cfg\n' "$TINY_BOOT_UUID" >cfg
esp_replace bad.raw cfg /EFI/debian/grub.cfg
expect_defect 1 'grub-cfg pin' bad.raw

defect "a second grub.cfg"
esp_replace bad.raw cfg /EFI/BOOT/grub.cfg
expect_defect 1 boot-side bad.raw
grep -q '/EFI/BOOT/grub.cfg on the ESP' "$TMP/out" || fail "which file"
defect "shim's fallback program"
esp_replace bad.raw cfg /EFI/BOOT/fbx64.efi
expect_code 1 "$COLDSEAL" verify bad.raw --json
grep -q boot-side <<<"$(rows failed)" || fail "fallback: $(rows failed)"
defect "GRUB modules"
mmd -i "bad.raw@@$esp" ::/EFI/debian/x86_64-efi
expect_defect 1 boot-side bad.raw

defect "a plain root of our label beside it"
sgdisk -d 14 -n 14:2048:+1M -t 14:8300 bad.raw >/dev/null
read -r at _ < <(tiny_partition bad.raw 14)
mke2fs -q -t ext4 -L cloudimg-rootfs -E offset="$at" bad.raw 1000k
expect_code 1 "$COLDSEAL" verify bad.raw --json
grep -q one-root <<<"$(rows failed)" || fail "plain root: $(rows failed)"
defect "a partition behind root"
truncate -s +4M bad.raw
sgdisk -e bad.raw >/dev/null
sgdisk -n 5:0:+1M bad.raw >/dev/null
expect_defect 1 root-last bad.raw
grep -q '"channel":"partition"' "$TMP/out" || fail "the partition is no channel"
defect "a root type that systemd mounts by itself"
sgdisk -t 1:8304 bad.raw >/dev/null
expect_defect 1 root-type bad.raw
defect "the backup partition table is gone"
size=$(stat -c %s bad.raw)
head -c 512 /dev/zero | put bad.raw $((size - 512))
expect_defect 1 partition-table bad.raw
defect "the primary partition table is gone"
head -c 512 /dev/zero | put bad.raw 512
expect_defect 1 partition-table bad.raw

defect "one block of root's data in the clear"
read -r from _ < <(tiny_partition plain.raw 1)
data=$((root + 16777216))
# a block of the text file, wherever it lies
text=$(debugfs -R 'bmap /data/text 0' "plain.raw?offset=$from" 2>/dev/null)
size=$(dumpe2fs -h "plain.raw?offset=$from" 2>/dev/null | sed -n 's/^Block size: *//p')
block=$((text * size / 4096 * 4096))
dd if=plain.raw bs=4096 iflag=skip_bytes skip=$((from + block)) count=1 status=none |
    put bad.raw $((data + block))
expect_defect 1 ciphertext bad.raw
grep -q "the first at byte $block of root's data" "$TMP/out" || fail "where"
expect_defect 1 'ciphertext source' bad.raw --source plain.raw

defect "one block of random data in the clear: only the source tells"
random=$(debugfs -R 'bmap /data/random 8' "plain.raw?offset=$from" 2>/dev/null)
block=$((random * size / 4096 * 4096))
dd if=plain.raw bs=4096 iflag=skip_bytes skip=$((from + block)) count=1 status=none |
    put bad.raw $((data + block))
expect_code 0 "$COLDSEAL" verify bad.raw
expect_defect 1 source bad.raw --source plain.raw

defect "one block in use is left out: only the key tells"
head -c 4096 /dev/zero | put bad.raw $((data + block))
expect_code 0 "$COLDSEAL" verify bad.raw
expect_defect 1 blocks-in-use bad.raw --key-file recovery.key

defect "a file system that shows behind the header"
dd if=plain.raw bs=4096 iflag=skip_bytes skip="$from" count=1 status=none | put bad.raw "$data"
expect_code 1 "$COLDSEAL" verify bad.raw --json
grep -q root-signature <<<"$(rows failed)" || fail "signature: $(rows failed)"

note "qcow2 with a snapshot; over a backing file"
qemu-img convert -O qcow2 sealed.raw bad.qcow2
qemu-img snapshot -c before bad.qcow2
expect_defect 1 container bad.qcow2
qemu-img create -q -f qcow2 -b sealed.raw -F raw over.qcow2
expect_refusal 7 'backing file' "$COLDSEAL" verify over.qcow2

note "what is recorded of the guest shows without a key"
debugfs -R 'dump /etc/coldseal/prepared.json stamp' "plain.raw?offset=$from" 2>/dev/null
sed -i 's/"deny"/"keep"/' stamp
cp plain.raw kept.raw
printf 'rm /etc/coldseal/prepared.json\nwrite stamp /etc/coldseal/prepared.json\n' |
    debugfs -w -f - "kept.raw?offset=$from" >/dev/null 2>&1
expect_code 0 "$COLDSEAL" encrypt kept.raw kept.pool --key-file pool.key
expect_code 0 "$COLDSEAL" seal kept.pool -o kept.sealed "${seal[@]}" --pcr-values pcrs.json --no-recovery
expect_code 0 "$COLDSEAL" verify kept.sealed
grep -Eq '^  host-config .*keep, as recorded' "$TMP/out" || fail "host-config keep"
