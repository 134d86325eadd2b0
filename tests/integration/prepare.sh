#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What prepare leaves in a guest with a /boot of its own, and in one that kept /boot inside root: read
# from the outside. On the way the first appliance is killed in the middle of its work.
# images: noble.qcow2 jammy.qcow2
# limit: 2400
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/guest.sh
. "$SRC/tests/lib/guest.sh"
# shellcheck source=tests/lib/guest_checks.sh
. "$SRC/tests/lib/guest_checks.sh"

# Kills the first appliance once it has begun to work.
kill_appliance_of()
{
    wait_for 600 grep -q '^prepare 15/' "$TMP/progress" || fail "no appliance starts"
    kill -KILL "$(pgrep -P "$1" qemu)" || fail "no appliance to kill"
}

note "noble: /boot is a partition; the first appliance dies"
make_overlay "$IMAGES/noble.qcow2" qcow2 "$TMP/noble.qcow2"
before=$(sha256 "$IMAGES/noble.qcow2")
: >"$TMP/progress"
prepare "$TMP/noble.qcow2" 1 15 16 &
preparing=$!
wait_for 20 pgrep -P "$preparing" prepare_guest >/dev/null
kill_appliance_of "$(pgrep -P "$preparing" prepare_guest)"
wait "$preparing" || fail "prepare did not survive the death of its appliance"
[ "$(grep -c '^prepare 15/' "$TMP/progress")" -ge 2 ] || fail "no second appliance was started"
[ "$(sha256 "$IMAGES/noble.qcow2")" = "$before" ] || fail "the image behind the overlay changed"
qemu-img convert -O raw "$TMP/noble.qcow2" "$TMP/noble.raw"
split_disk "$TMP/noble.raw" "$TMP/noble" 1 15 16
check_guest "$TMP/noble"
if ext4_has "$TMP/noble/1" /etc/cloud/cloud.cfg.d/zz-coldseal-seed.cfg; then
    fail "a seed that nobody gave"
fi
rm -f "$TMP/noble.raw"

note "jammy: /boot is inside root; a seed is baked in"
raw_bytes=$(qemu-img info --output=json "$IMAGES/jammy.qcow2" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["virtual-size"])')
offset=$(((raw_bytes + MIB - 1) / MIB * MIB)) length=$((512 * MIB))
make_overlay "$IMAGES/jammy.qcow2" qcow2 "$TMP/jammy.qcow2" $((offset + length + MIB))
mkdir "$TMP/seed"
printf '#cloud-config\nhostname: "one"\nwrite_files: [{path: /x, content: "a\\tb\\n"}]\n' \
    >"$TMP/seed/user-data"
printf 'instance-id: i-1\nlocal-hostname: one\n' >"$TMP/seed/meta-data"
printf 'version: 2\nethernets:\n  any: {match: {name: "e*"}, dhcp4: true}\n' \
    >"$TMP/seed/network-config"
mkdir -p "$TMP/package/DEBIAN" "$TMP/package/opt"
printf 'Package: coldseal-test\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: test\n' \
    >"$TMP/package/DEBIAN/control"
echo installed >"$TMP/package/opt/coldseal-test"
dpkg-deb --root-owner-group --build "$TMP/package" "$TMP/test.deb" >/dev/null
prepare "$TMP/jammy.qcow2" 1 15 "$offset:$length" "seed=$TMP/seed" arg=mitigations=auto \
    "deb=$TMP/test.deb"
qemu-img convert -O raw "$TMP/jammy.qcow2" "$TMP/jammy.raw"
sgdisk -v "$TMP/jammy.raw" | seen 'No problems found' || fail "the partition table"
sgdisk -i 16 "$TMP/jammy.raw" | seen -i BC13C2FF-59E6-4262-A352-B275FD6F7172 || fail "type of 16"
split_disk "$TMP/jammy.raw" "$TMP/jammy" 1 15 16
[ "$(blkid -p -o value -s LABEL "$TMP/jammy/16")" = BOOT ] || fail "label of /boot"
check_guest "$TMP/jammy"
left=$(debugfs -R 'ls -p /boot' "$TMP/jammy/1" 2>/dev/null | cut -d/ -f6 | grep -vxE '\.|\.\.|' || true)
[ "$left" = efi ] || fail "root keeps files in /boot: $left"
grep -q ' mitigations=auto$' "$TMP/grub.cfg" || fail "an added kernel argument"
[ "$(ext4_cat "$TMP/jammy/1" /opt/coldseal-test)" = installed ] || fail "a local package"
if ext4_has "$TMP/jammy/1" /var/tmp/coldseal-debs || ext4_has "$TMP/jammy/1" /usr/sbin/policy-rc.d; then
    fail "leavings of the local package's installation"
fi
for file in seed network; do
    name=/etc/cloud/cloud.cfg.d/zz-coldseal-$file.cfg
    [ "$(ext4_mode "$TMP/jammy/1" "$name")" = 0600 ] || fail "$name can be read by everybody"
    ext4_cat "$TMP/jammy/1" "$name" >"$TMP/$file.cfg"
done
# as cloud-init itself reads them
python3 - "$TMP" <<'EOF'
import sys, yaml
folder = sys.argv[1]
none = yaml.safe_load(open(folder + "/seed.cfg"))["datasource"]["None"]
assert none["userdata_raw"] == open(folder + "/seed/user-data").read(), none
assert none["metadata"] == {"instance-id": "i-1", "local-hostname": "one"}, none
network = yaml.safe_load(open(folder + "/network.cfg"))
assert network == {"network": yaml.safe_load(open(folder + "/seed/network-config"))}, network
EOF
