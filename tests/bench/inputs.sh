# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Images to measure with, of files that this machine has: made once for each set of files, kept in
# BENCH. Source it after common.sh and tiny_image.sh.

# bench_files MIB: names of files below / whose blocks together have so many MiB, of /usr first.
bench_files()
{
    local folders=() folder
    for folder in usr opt var/lib var/cache; do
        [ ! -d "/$folder" ] || folders+=("$folder")
    done
    (cd / && find "${folders[@]}" -xdev -type f -readable ! -path "${BENCH#/}/*" -printf '%s\t%p\n') \
        2>/dev/null | awk -F '\t' -v wanted=$(($1 * 1048576)) '
        sum < wanted { sum += int(($1 + 4095) / 4096) * 4096; print $2 }
        END { if (sum < wanted) exit 1 }' || fail "there are no $1 MiB of files on this machine"
}

# bench_tree DIR LIST: the files of LIST below DIR; links where that can be, else copies.
bench_tree()
{
    mkdir -p "$1/etc"
    printf 'ID=debian\nVERSION_ID="13"\n' >"$1/etc/os-release"
    printf 'LABEL=cloudimg-rootfs / ext4 defaults 0 1\n' >"$1/etc/fstab"
    (cd / && cpio --quiet -pdl --null "$1" 2>/dev/null) < <(tr '\n' '\0' <"$2") ||
        tar -C / --null -cf - -T <(tr '\n' '\0' <"$2") | tar -C "$1" -xf -
}

# bench_raw FILE ROOT_MIB FILES_MIB: an image whose root has ROOT_MIB, and files of FILES_MIB in it.
bench_raw()
{
    local work=$BENCH/work
    rm -rf "$work" && mkdir -p "$work"
    bench_files "$3" >"$work/list"
    bench_tree "$work/root" "$work/list"
    # mke2fs rounds down, by block groups.
    tiny_image "$1.part" "$2" "$work/root" -N $(($(find "$work/root" | wc -l) * 9 / 8 + 64))
    rm -rf "$work"
    mv "$1.part" "$1"
}

# bench_qcow2 RAW FILE TYPE: compressed as published images are: one cluster after the other.
bench_qcow2()
{
    qemu-img convert -c -m 16 -O qcow2 -o "compression_type=$3" "$1" "$2.part"
    mv "$2.part" "$2"
}

# bench_inputs MIB: the images for so many MiB of files, in $INPUTS: full.raw, full.zlib.qcow2,
# full.zstd.qcow2, and half.zlib.qcow2, half of whose blocks are free.
bench_inputs()
{
    local mib=$1 hash
    hash=$({
        bench_files "$mib" | (cd / && xargs -d '\n' stat -c '%s %Y %n')
        cat "$SRC/tests/bench/inputs.sh" "$SRC/tests/lib/tiny_image.sh"
    } | sha256sum | cut -c 1-16)
    INPUTS=$BENCH/$mib-$hash
    [ ! -e "$INPUTS/done" ] || return 0
    note "images of $mib MiB of files: once, some minutes"
    rm -rf "$BENCH/$mib"-* && mkdir -p "$INPUTS"
    bench_raw "$INPUTS/full.raw" $((mib + mib / 8 + 64)) "$mib"
    bench_qcow2 "$INPUTS/full.raw" "$INPUTS/full.zlib.qcow2" zlib
    bench_qcow2 "$INPUTS/full.raw" "$INPUTS/full.zstd.qcow2" zstd
    bench_raw "$INPUTS/half.raw" $((mib + mib / 8 + 64)) $(((mib + mib / 8) / 2))
    bench_qcow2 "$INPUTS/half.raw" "$INPUTS/half.zlib.qcow2" zlib
    rm "$INPUTS/half.raw"
    : >"$INPUTS/done"
}
