#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# optional
# seal on a file system that can share blocks: the copy costs its header, whatever the image's size. Where no
# btrfs can be mounted, nothing is shown.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"

truncate -s 1G btrfs.raw
mkfs.btrfs -q -m single btrfs.raw
mkdir shared
mount -o loop btrfs.raw shared 2>mount.err || { echo "no btrfs can be mounted: $(cat mount.err)" && exit 77; }
on_exit umount shared

# used: bytes of the file system that are taken
used()
{
    sync -f shared
    df -B1 --output=used shared | tail -n 1
}

tiny_image plain.raw 192
swtpm_target one
zero_pcrs >pcrs.json
for format in raw qcow2; do
    golden=shared/golden.$format sealed=shared/sealed.$format
    "$COLDSEAL" encrypt plain.raw $golden --key-out $format.pool --no-prepare --holes none --quiet
    before=$(sha256 $golden)
    [ "$(du -B1 $golden | cut -f1)" -ge $((192 << 20)) ] || fail "the image is too small to tell anything"
    taken=$(used)
    expect_code 0 "$COLDSEAL" seal $golden -o $sealed --key-file $format.pool --target one.json --pcr-values pcrs.json \
        --shared-key --recovery-key-out $format.recovery
    taken=$(($(used) - taken))
    note "$format: $(du -m $sealed | cut -f1) MiB, of which $((taken >> 10)) KiB are its own"
    [ $taken -le $((24 << 20)) ] || fail "$format: the copy takes $taken bytes"
    filefrag -v $sealed | grep -q 'shared' || fail "$format: no block is shared"
    luks_opens $sealed $format.recovery || fail "$format: the recovery key does not open it"
    ! luks_opens $sealed $format.pool || fail "$format: the pool key opens it"
    [ "$(sha256 $golden)" = "$before" ] || fail "the golden image changed"
done
