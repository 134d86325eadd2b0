#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job on the layout whose /boot lies inside root, by a user without a name, a capability, a home, a
# device or a network, with a fixed appliance: with a seed, a package and a kernel argument. What prepare left
# in the guest is read from the outside. Two clones of the image, each with a volume key of its own, boot
# under Secure Boot with no input, and with no login on a console.
# images: jammy.qcow2
# limit: 1800
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"
source "$SRC/tests/lib/tiny_image.sh"
source "$SRC/tests/lib/luks.sh"
source "$SRC/tests/lib/guest.sh"
source "$SRC/tests/lib/guest_checks.sh"
source "$SRC/tests/lib/unprivileged.sh"
source "$SRC/tests/lib/schema.sh"

unprivileged_place
work=$PLACE/work
cp "$IMAGES/jammy.qcow2" "$work/jammy.qcow2"
mkdir "$work/seed"
printf '#cloud-config\nhostname: "one"\nwrite_files: [{path: /x, content: "a\\tb\\n"}]\n' \
    >"$work/seed/user-data"
printf 'instance-id: i-1\nlocal-hostname: one\n' >"$work/seed/meta-data"
printf 'version: 2\nethernets:\n  any: {match: {name: "e*"}, dhcp4: true}\n' \
    >"$work/seed/network-config"
mkdir -p "$TMP/package/DEBIAN" "$TMP/package/opt"
printf 'Package: coldseal-test\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: test\n' \
    >"$TMP/package/DEBIAN/control"
echo installed >"$TMP/package/opt/coldseal-test"
dpkg-deb --root-owner-group --build "$TMP/package" "$work/test.deb" >/dev/null
before=$(sha256 "$work/jammy.qcow2")
# shellcheck disable=SC2016 # the job's shell expands them
unprivileged_run "
coldseal encrypt jammy.qcow2 pool.qcow2 --key-out pool.key --json --cloud-init-seed seed --deb test.deb \\
    ${SEALED_KERNEL_ARGS[*]} --kernel-arg mitigations=auto >encrypted.json"'
swtpm_setup --tpm2 --tpmstate "$PWD" --create-spk --overwrite >/dev/null
coldseal target read --swtpm-state "$PWD" -o vm.target --quiet
printf "{\"sha256\": {\"4\": \"%064d\", \"7\": \"%064d\", \"15\": \"%064d\"}}\n" 0 0 0 >pcrs.json
coldseal seal pool.qcow2 -o sealed.qcow2 --key-file pool.key --target vm.target --pcr-values pcrs.json \
    --pcrs 4,7,15 --allow-weak-policy --shared-key --recovery-key-out recovery.key --quiet
coldseal inspect sealed.qcow2'
[ "$(sha256 "$work/jammy.qcow2")" = "$before" ] || fail "the input changed"
note "encrypted and sealed after $SECONDS s"
schema_check report "$work/encrypted.json"

note "the recovery key opens what came out"
expect_code 0 "$COLDSEAL" decrypt "$work/sealed.qcow2" "$TMP/plain.raw" --key-file "$work/recovery.key"
jq -r '"kernel=\(.guest.kernel)"' "$work/encrypted.json" >"$TMP/prepared"
"$COLDSEAL" inspect --json "$TMP/plain.raw" | jq -r '"grub_cfg=\(.cleartext_side.grub_cfg)"' >>"$TMP/prepared"
sgdisk -v "$TMP/plain.raw" | seen 'No problems found' || fail "the partition table"
sgdisk -i 16 "$TMP/plain.raw" | seen -i BC13C2FF-59E6-4262-A352-B275FD6F7172 || fail "type of 16"
split_disk "$TMP/plain.raw" "$TMP/jammy" 1 15 16
rm "$TMP/plain.raw"
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
python3 - "$TMP" "$work/seed" <<'EOF'
import sys, yaml
folder, seed = sys.argv[1:]
none = yaml.safe_load(open(folder + "/seed.cfg"))["datasource"]["None"]
assert none["userdata_raw"] == open(seed + "/user-data").read(), none
assert none["metadata"] == {"instance-id": "i-1", "local-hostname": "one"}, none
network = yaml.safe_load(open(folder + "/network.cfg"))
assert network == {"network": yaml.safe_load(open(seed + "/network-config"))}, network
EOF
rm -r "$TMP/jammy"

sealed_key=--fresh-key
# a storage key on an elliptic curve, made persistent by the host, as clouds do
sealed_make ecc "$work/pool.qcow2" "$work/pool.key" "$TMP/ecc.qcow2" --createek --create-spk --ecc
sealed_make rsa "$work/pool.qcow2" "$work/pool.key" "$TMP/rsa.qcow2"

note "two clones and their pool image: three volume keys, as cryptsetup dumps them"
for name in ecc rsa; do
    luks_volume_key "$TMP/$name.qcow2" "$TMP/$name.recovery" "$TMP/$name.volume-key"
done
luks_volume_key "$work/pool.qcow2" "$work/pool.key" "$TMP/pool.volume-key"
[ "$(stat -c %s "$TMP"/*.volume-key | sort -u)" = 64 ] || fail "not three keys of 64 bytes"
[ "$(sha256sum "$TMP"/*.volume-key | cut -d' ' -f1 | sort -u | wc -l)" = 3 ] || fail "a key that is shared"
rm "$TMP/luks-dump"

vm_start ecc "$TMP/ecc.qcow2"
sealed_expect_open ecc
vm_run ecc 30 'mountpoint -q /boot && echo mounted; ls -A /boot; echo END' >"$TMP/boot"
grep -q '^END$' "$TMP/boot" || fail "the guest did not list /boot"
! grep -Eq 'mounted|vmlinuz|initrd' "$TMP/boot" || fail "/boot is in use: $(cat "$TMP/boot")"
vm_run ecc 300 'cloud-init status --wait >/dev/null; hostname; cat /x' >"$TMP/seeded"
printf 'one\na\tb\n\n' | cmp - "$TMP/seeded" || fail "the seed was not used: $(cat "$TMP/seeded")"
vm_power_off ecc

vm_start rsa "$TMP/rsa.qcow2"
sealed_expect_open rsa
vm_power_off rsa
