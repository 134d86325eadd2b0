#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recorded boots of a unified kernel image, by the firmware and by shim, with and without Secure
# Boot: predicted event by event. Each change of what the image is made of is told.
# limit: 120
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/predict_tool
zeros=$(printf '0%.0s' {1..64})

# expect_change FILE SED-SCRIPT PATTERN: a copy of the case with one change
expect_change()
{
    rm -rf "$TMP/case"
    cp -r "$folder" "$TMP/case"
    sed -i "$2" "$TMP/case/$1"
    ! cmp -s "$folder/$1" "$TMP/case/$1" || fail "$1 did not change"
    expect_refusal 1 "$3" "$tool" replay "$TMP/case"
}

# expect_reasons FILE SED-SCRIPT LINE…: what explain says of the recorded boot, where that was to be expected
expect_reasons()
{
    rm -rf "$TMP/case"
    cp -r "$folder" "$TMP/case"
    sed -i "$2" "$TMP/case/$1"
    "$tool" explain "$TMP/case" "$folder/eventlog.bin" | sed 's/:.*//' >"$TMP/reasons"
    printf '%s\n' "${@:3}" | diff - "$TMP/reasons" || fail "${folder##*/}: other reasons"
}

# In PCRs that a prediction covers.
events()
{
    { tpm2_eventlog "$1" 2>/dev/null || true; } | awk '
        $1 == "PCRIndex:" { pcr = $2 }
        $1 == "EventType:" && $2 != "EV_NO_ACTION" && pcr ~ /^(4|7|9|11|12|13|14)$/ { count++ }
        END { print count }'
}

cases=0
for folder in "$SRC"/tests/replay/uki/*/; do
    folder=${folder%/}
    cases=$((cases + 1))
    result=$("$tool" replay "$folder") || fail "${folder##*/}"
    note "${folder##*/}: $result"
    [ "${result%% *}" = "$(events "$folder/eventlog.bin")" ] || fail "not all events are predicted"
    # what the TPM had is what the log leads to
    { tpm2_eventlog "$folder/eventlog.bin" 2>/dev/null || true; } |
        sed -n '/^ *sha256:/,$s/^ *\([0-9]*\) *: 0x/\1 /p' | sort >"$TMP/replayed"
    sort "$folder/pcrs.txt" | join "$TMP/replayed" - | awk '$1 != 10 && $2 != $3' >"$TMP/other"
    [[ -s $TMP/replayed && ! -s $TMP/other ]] || fail "PCRs: $(cat "$TMP/other")"

    expect_change programs.json "/\"name\":\".osrel\"/{n;s/:\"[^\"]*/:\"$zeros/}" 'PCR 11, section .osrel'
    expect_change programs.json 's/panic=10/panic=11/' "PCR 9, the kernel's command line"
    expect_change programs.json "s/\"initrd\":\"[^\"]*/\"initrd\":\"$zeros/" 'PCR 9, initramfs'
    for part in linux=kernel-updated initrd=initramfs-rebuilt cmdline=command-line-edited osrel=uki-replaced; do
        expect_reasons programs.json "/\"name\":\".${part%=*}\"/{n;s/:\"[^\"]*/:\"$zeros/}" "11 ${part#*=}"
    done
    case $folder in
    */shim-*) path=/EFI/BOOT/grubx64.efi ;;
    *) path=/EFI/BOOT/BOOTX64.EFI ;;
    esac
    expect_reasons programs.json "\\|\"$path\":|{n;s/:\"[^\"]*/:\"$zeros/}" '4 uki-replaced'
    # a credential that this boot did not find
    sed "s|\"files\": {|&\"$path.extra.d/one.cred\": \"digests.txt\",|" "$folder/case.json" >"$TMP/case.json"
    expect_reasons case.json "1r $TMP/case.json
        d" '9 initramfs-rebuilt' '12 credentials'
    # without Secure Boot the firmware measures the kernel as well
    case $folder in
    *-insecure) expect_change programs.json "s/\"kernel\":\"[^\"]*/\"kernel\":\"$zeros/" 'PCR 4, kernel in' ;;
    *) expect_change firmware.json 's/"secure_boot":true/"secure_boot":false/;s/"AQ=="/"AA=="/' 'PCR [47]' ;;
    esac
done
[ "$cases" -eq 4 ] || fail "$cases recorded boots"
