#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which parts of a unified kernel image are measured, and PCR 11 of them, by systemd-measure.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

efi="$BUILD/tests/tools/efi_tool"
stub=/usr/lib/systemd/boot/efi/linuxx64.efi.stub
measure=/lib/systemd/systemd-measure
cd "$TMP"

# add_sections IMAGE NAME=FILE…: behind what the image has, as systemd's manual does it.
add_sections()
{
    local image=$1 part address
    local -a options=()
    shift
    address=$(objdump -h "$image" | awk '$1 ~ /^[0-9]+$/ { print "0x" $3, "0x" $4 }' | tail -n 1 |
        { read -r size at && echo $(((at + size + 0xffff) / 0x10000 * 0x10000)); })
    for part in "$@"; do
        options+=(--add-section ".${part%%=*}=${part#*=}"
            --change-section-vma ".${part%%=*}=$(printf '%#x' "$address")")
        address=$(((address + $(stat -c %s "${part#*=}") + 0xffff) / 0x10000 * 0x10000))
    done
    objcopy "${options[@]}" "$image"
}

# pcr_11: from the lines "name digest": each name with its NUL, then the content.
pcr_11()
{
    local value name digest
    value=$(printf '0%.0s' {1..64})
    while read -r name digest; do
        value=$(printf '%s%s' "$value" "$(printf '%s\0' "$name" | sha256sum | cut -c1-64)" |
            xxd -r -p | sha256sum | cut -c1-64)
        value=$(printf '%s%s' "$value" "$digest" | xxd -r -p | sha256sum | cut -c1-64)
    done
    echo "$value"
}

head -c 300001 /dev/urandom >linux
head -c 70000 /dev/urandom >initrd
printf 'ID=test\n' >osrel
printf 'quiet panic=10' >cmdline
printf 'not measured' >pcrsig
printf 'unknown to this stub' >profile
cp "$stub" uki
add_sections uki pcrsig=pcrsig initrd=initrd cmdline=cmdline osrel=osrel linux=linux profile=profile
"$efi" uki uki >ours
sed 's/^/-- /' ours
grep -q "^stub systemd-stub $(dpkg-query -W -f '${Version}' systemd-boot-efi)\$" ours || fail "stub"
# of the empty phase: what the stub has measured, before the initramfs adds anything
theirs=$("$measure" calculate --bank=sha256 --phase= --linux=linux --initrd=initrd \
    --cmdline=cmdline --osrel=osrel | sed -n 's/^11:sha256=//p')
got=$(sed 1d ours | pcr_11)
[[ -n $theirs && $got == "$theirs" ]] || fail "PCR 11 is $got, systemd-measure says $theirs"
expect_refusal 4 "systemd's stub" "$efi" uki "$SRC/tests/fuzz/corpus/pe/pe64"
