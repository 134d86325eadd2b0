#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.qcow2
# How long a zlib qcow2 takes to become a sparse raw file that is on the disk: lib/image with two
# threads against qemu-img convert, which flushes its output only with -t writeback. Medians of
# RUNS (3), taken in turns.
#
#   tests/bench/image-read.sh [IMAGE]
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
disk_cat=$BUILD/tests/tools/disk_cat
image=${1:-$IMAGES/noble.qcow2}
runs=${RUNS:-3}

# measure NAME COMMAND…: appends wall seconds and processor seconds to $TMP/NAME.
measure()
{
    local name=$1
    shift
    rm -f "$TMP/out.raw"
    sync -f "$TMP"
    /usr/bin/time -a -o "$TMP/$name" -f '%e %U %S' "$@"
}

# median NAME AWK-EXPRESSION
median()
{
    awk "{ print $2 }" "$TMP/$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

cat "$image" >/dev/null
for ((i = 0; i < runs; i++)); do
    measure qemu-img qemu-img convert -m 16 -W -O raw "$image" "$TMP/out.raw"
    measure qemu-img-flush qemu-img convert -m 16 -W -t writeback -O raw "$image" "$TMP/out.raw"
    measure coldseal "$disk_cat" copy raw "$image" "$TMP/out.raw"
done
qemu-img compare -q -f qcow2 -F raw "$image" "$TMP/out.raw" || fail "the copies differ"
# shellcheck disable=SC2016 # for awk
for name in qemu-img qemu-img-flush coldseal; do
    awk -v name="$name" -v wall="$(median "$name" '$1')" -v cpu="$(median "$name" '$2 + $3')" \
        -v wall0="$(median qemu-img '$1')" -v cpu0="$(median qemu-img '$2 + $3')" 'BEGIN {
            printf "%-15s wall %6.2f s (%3.0f %%)   processor %6.2f s (%3.0f %%)\n", name,
                wall, 100 * wall / wall0, cpu, 100 * cpu / cpu0 }'
done
