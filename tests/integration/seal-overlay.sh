#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# seal --overlay and --backing: what qemu-img reads is the golden image with another header; every
# command reads the same; the name in the header is compared and never followed.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"

header_mib=16

# backing_of FILE KEY: as qemu-img reads it in the header.
backing_of()
{
    qemu-img info --output=json "$1" | jq -r ".\"$2\""
}

# expect_only_header GOLDEN.raw SEALED.raw: outside the LUKS2 header they are equal.
expect_only_header()
{
    local start size
    read -r start size < <(tiny_partition "$1" 1)
    ! cmp -s "$1" "$2" || fail "nothing was sealed"
    awk -v from="$start" -v to=$((start + (header_mib << 20))) '$1 <= from || $1 > to { exit 1 }' \
        < <(cmp -l "$1" "$2") || fail "$2 differs outside the header"
}

tiny_image plain.raw 24
"$COLDSEAL" encrypt plain.raw golden.raw --key-out pool.key --no-prepare --quiet
"$COLDSEAL" encrypt plain.raw golden.qcow2 --key-file pool.key --no-prepare --quiet
swtpm_target one
tcti=$SWTPM_TCTI
zero_pcrs >pcrs.json
policy=(--target one.json --pcr-values pcrs.json)
seal=(--key-file pool.key "${policy[@]}" --shared-key)

mkdir elsewhere
for format in raw qcow2; do
    golden=golden.$format over="over-$format.qcow2"
    note "over $format"
    before=$(sha256 "$golden")
    expect_code 0 "$COLDSEAL" seal "$golden" --overlay "$over" "${seal[@]}" --recovery-key-out "$format.key"
    [ "$(sha256 "$golden")" = "$before" ] || fail "the golden image changed"
    qemu-img check -q "$over" || fail "qemu-img check"
    [ "$(backing_of "$over" backing-filename)" = "$golden" ] || fail "name of the backing file"
    [ "$(backing_of "$over" backing-filename-format)" = "$format" ] || fail "format of the backing file"
    qemu-img convert -O raw "$over" whole.raw
    qemu-img convert -O raw "$golden" golden-whole.raw
    expect_only_header golden-whole.raw whole.raw
    "$BUILD/tests/tools/disk_cat" cat "$over" "$golden" | cmp - whole.raw || fail "read otherwise than by qemu-img"
    expect_code 0 "$COLDSEAL" unseal "$over" --backing "$golden" --tcti "$tcti" --key-out "$format.pass"
    for key in "$format.pass" "$format.key"; do
        luks_opens whole.raw "$key" || fail "$key does not open it"
    done
    ! luks_opens whole.raw pool.key || fail "the pool key opens it"
    [ "$(du -k "$over" | cut -f1)" -lt 1536 ] || fail "not thin: $(du -k "$over")"
    cp --sparse=always "$golden" "elsewhere/$golden"

    note "every command, with the backing file in another folder than the header says"
    expect_code 0 "$COLDSEAL" decrypt "$over" plain.over --key-file "$format.key" --backing "elsewhere/$golden" --force
    "$COLDSEAL" decrypt "$golden" plain.golden --key-file pool.key --quiet --force
    expect_same plain.over plain.golden
    strace -f -qq -e trace=open,openat,openat2 -o trace "$COLDSEAL" verify "$over" --key-file "$format.key" \
        --backing "$PWD/elsewhere/$golden" >/dev/null
    # what lies in this folder: by a whole path, or by a name without a slash or that begins with ./
    opened=$(sed -n 's/.*AT_FDCWD, "\([^"]*\)".* = [0-9]*$/\1/p' trace | grep -E "^$PWD/|^\./|^[^/]*$" | sort -u | xargs)
    [ "$opened" = "$PWD/elsewhere/$golden $over $format.key" ] || [ "$opened" = "$over $format.key $PWD/elsewhere/$golden" ] ||
        fail "files that were opened: $opened"
    expect_code 0 "$COLDSEAL" inspect "$over" --backing "$golden" --json
    [ "$(jq -r .state "$TMP/out")" = sealed ] || fail "inspect"
    for image in "$over --backing $golden" whole.raw; do
        # shellcheck disable=SC2086
        expect_code 0 "$COLDSEAL" verify $image --key-file "$format.key" --json
        jq -c '.checks[] | select(.check != "container")' "$TMP/out" >>"verify-$format-${image%% *}"
    done
    diff "verify-$format-$over" "verify-$format-whole.raw" || fail "verify sees another disk"
    expect_code 0 "$COLDSEAL" recovery test "$over" --backing "$golden" --key-file "$format.key"

    note "reseal in a copy and in place; recovery rotate; rekey makes one image of both"
    expect_code 0 "$COLDSEAL" reseal "$over" --backing "$golden" -o again.qcow2 --key-file "$format.key" "${policy[@]}" --force
    expect_code 0 "$COLDSEAL" reseal again.qcow2 --backing "$golden" --in-place --key-file "$format.key" "${policy[@]}"
    expect_code 0 "$COLDSEAL" recovery rotate again.qcow2 --backing "$golden" --in-place --key-file "$format.key" \
        --recovery-key-out "rotated-$format.key"
    qemu-img check -q again.qcow2 || fail "qemu-img check after reseal"
    qemu-img convert -O raw again.qcow2 again.raw
    expect_only_header golden-whole.raw again.raw
    luks_opens again.raw "rotated-$format.key" || fail "the rotated key does not open it"
    ! luks_opens again.raw "$format.key" || fail "the old recovery key opens it"
    expect_code 0 "$COLDSEAL" rekey "$over" rekeyed.qcow2 --backing "$golden" --key-file "$format.key" --drop-slot 0 --force
    [ "$(backing_of rekeyed.qcow2 backing-filename)" = null ] || fail "rekey left a backing file"
    luks_opens rekeyed.qcow2 "$format.key" || fail "the key does not open what was rekeyed"
done

note "in another folder the header has the whole path; a name that is a protocol to QEMU has ./"
expect_code 0 "$COLDSEAL" seal golden.raw --overlay elsewhere/far.qcow2 "${seal[@]}" --no-recovery
[ "$(backing_of elsewhere/far.qcow2 backing-filename)" = "$(realpath .)/golden.raw" ] || fail "path"
qemu-img convert -O raw elsewhere/far.qcow2 far.raw
ln golden.raw nbd:golden.raw
expect_code 0 "$COLDSEAL" seal nbd:golden.raw --overlay odd.qcow2 "${seal[@]}" --no-recovery
qemu-img convert -O raw odd.qcow2 odd.raw
expect_only_header golden.raw odd.raw

note "a header at a place that is no multiple of a cluster"
read -r start size < <(tiny_partition golden.raw 1)
truncate -s $(($(stat -c %s golden.raw) + 1048576)) shifted.raw
cp --sparse=always golden.raw shifted.part
dd if=golden.raw of=shifted.raw bs=1M count="$start" iflag=count_bytes conv=notrunc,sparse status=none
dd if=golden.raw of=shifted.raw bs=4096 skip="$start" iflag=skip_bytes seek=$((start + 4096)) oflag=seek_bytes \
    conv=notrunc,sparse status=none
sgdisk -e -a 8 -d 1 -n 1:$((start / 512 + 8)):$(((start + size) / 512 + 7)) -t 1:8300 shifted.raw >/dev/null 2>&1
printf 'before' | dd of=shifted.raw bs=1 seek=$((start + 100)) conv=notrunc status=none
expect_code 0 "$COLDSEAL" seal shifted.raw --overlay shifted.qcow2 "${seal[@]}" --recovery-key-out shifted.key
qemu-img convert -O raw shifted.qcow2 shifted.over
expect_only_header shifted.raw shifted.over
luks_opens shifted.over shifted.key || fail "the key does not open the shifted image"

note "what is refused, in one line"
over='over-raw.qcow2'
mv golden.qcow2 other.qcow2
for command in inspect verify "unseal --tcti $tcti --key-out no.key" "decrypt x.raw --key-file raw.key" \
    "recovery test --key-file raw.key" "rekey x.raw --key-file raw.key --drop-slot 0" \
    "reseal -o x.qcow2 --key-file raw.key ${policy[*]}" "explain $SRC/tests/replay/debian-2.12-coldseal/eventlog.bin" "predict --firmware debian-12-ovmf-ms"; do
    # words of the command, then the image, then the rest
    read -ra words <<<"$command"
    name=("${words[0]}")
    [ "${words[0]}" != recovery ] || name=(recovery test)
    arguments=("${name[@]}" "$over" "${words[@]:${#name[@]}}")
    expect_refusal 7 'backing file' "$COLDSEAL" "${arguments[@]}"
    expect_refusal 2 'another backing file' "$COLDSEAL" "${arguments[@]}" --backing other.qcow2
    expect_refusal 2 'no backing file' "$COLDSEAL" "${name[@]}" golden.raw "${words[@]:${#name[@]}}" --backing golden.raw
    expect_refusal 7 'backing file' "$COLDSEAL" "${arguments[@]}" --backing over-qcow2.qcow2
done
cp other.qcow2 elsewhere/golden.raw
expect_refusal 4 'another format' "$COLDSEAL" inspect "$over" --backing elsewhere/golden.raw
expect_refusal 2 'fresh-key' "$COLDSEAL" seal golden.raw --overlay x.qcow2 --key-file pool.key "${policy[@]}" --fresh-key --no-recovery
expect_refusal 2 'output, --overlay' "$COLDSEAL" seal golden.raw --overlay x.qcow2 -o x.raw "${seal[@]}" --no-recovery
expect_refusal 3 'exists' "$COLDSEAL" seal golden.raw --overlay "$over" "${seal[@]}" --no-recovery
expect_refusal 7 'chain' "$COLDSEAL" seal "$over" --backing golden.raw --overlay x.qcow2 --key-file raw.key "${policy[@]}" \
    --shared-key --no-recovery
expect_refusal 2 'no backing' "$COLDSEAL" rekey "$over" --backing golden.raw --in-place --key-file raw.key --drop-slot 0

note "the name in a hostile header: long, with zero bytes, beyond its cluster; extensions without end"
# defect OFFSET HEX PATTERN: bytes of the header that make the overlay one that is refused
defect()
{
    cp "$over" bad.qcow2
    printf '%s' "$2" | xxd -r -p | dd of=bad.qcow2 bs=1 seek="$1" conv=notrunc status=none
    ! cmp -s "$over" bad.qcow2 || fail "the defect did not land"
    expect_refusal 4 "$3" "$COLDSEAL" inspect bad.qcow2 --backing golden.raw
}
defect 8 000000000000fffe 'name of a backing file'
defect 8 0000000000000008 'name of a backing file'
defect 16 00000400 'name of a backing file'
defect 16 00000000 'name of a backing file'
defect 16 ffffffff 'name of a backing file'
defect 116 7fffffff 'extension is cut short'
defect 116 00000040 'extension is cut short'
defect 120 00 'format'
for left in x.raw x.qcow2 no.key; do
    [ ! -e "$left" ] || fail "$left was left under an output's name"
done
