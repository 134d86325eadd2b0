#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.qcow2
# limit: 1500
# The whole job, libguestfs included, by a user without a name, a capability, a home, or a loop, nbd
# or device-mapper device.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/schema.sh
. "$SRC/tests/lib/schema.sh"
uid=65534

# Root becomes that user, once and for all; anybody else is unprivileged already.
as_nobody=()
if [ "$(id -u)" = 0 ]; then
    as_nobody=(setpriv --reuid="$uid" --regid="$uid" --clear-groups --bounding-set=-all --inh-caps=-all
        --no-new-privs)
fi

# What the user may reach: copies, since the folder of the build may be closed to others.
place=$(mktemp -d /tmp/coldseal-unprivileged-XXXXXX)
on_exit rm -rf "$place"
mkdir -p "$place"/{home,tmp,cache,work,program/templates}
cp "$BUILD/coldseal" "$BUILD/coldseal-unlock" "$place/program"
cp -r "$SRC/templates/." "$place/program/templates"
cp "$IMAGES/noble.qcow2" "$place/work/noble.qcow2"
cat >"$place/job" <<'END'
set -euo pipefail
echo "user $(id -u), groups $(id -G)"
grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs)' /proc/self/status
for device in /dev/loop* /dev/nbd* /dev/mapper/control /dev/kvm /dev/tpm* /dev/fuse; do
    if [ -c "$device" ] || [ -b "$device" ]; then
        if [ -r "$device" ] && [ -w "$device" ]; then
            echo "reachable: $device"
        fi
    fi
done
cd "$HOME/../work"
coldseal encrypt noble.qcow2 pool.qcow2 --key-out pool.key --json >encrypt.json
swtpm_setup --tpm2 --tpmstate "$PWD" --create-spk --overwrite >/dev/null
coldseal target read --swtpm-state "$PWD" -o vm.target --quiet
printf '{"sha256": {"4": "%064d", "7": "%064d", "15": "%064d"}}\n' 0 0 0 >pcrs.json
coldseal seal pool.qcow2 -o sealed.qcow2 --key-file pool.key --target vm.target \
    --pcr-values pcrs.json --pcrs 4,7,15 --allow-weak-policy --shared-key --recovery-key-out recovery.key --quiet
coldseal inspect sealed.qcow2
END
[ ${#as_nobody[@]} -eq 0 ] || chown -R $uid:$uid "$place"
before=$(sha256 "$place/work/noble.qcow2")

"${as_nobody[@]}" env -i PATH="$place/program:$PATH" HOME="$place/home" TMPDIR="$place/tmp" \
    XDG_CONFIG_HOME="$place/home" XDG_CACHE_HOME="$place/cache" LIBGUESTFS_CACHEDIR="$place/cache" \
    COLDSEAL_DATA_DIR="$place/program/templates" COLDSEAL_UNLOCK="$place/program/coldseal-unlock" \
    bash "$place/job" >"$TMP/log" 2>&1 || { cat "$TMP/log" >&2; fail "the job failed"; }
sed -n 1,6p "$TMP/log"

if [ "$(id -u)" = 0 ]; then
    grep -qE '^CapEff:\s*0+$' "$TMP/log" || fail "there are capabilities"
    grep -qE '^CapBnd:\s*0+$' "$TMP/log" || fail "there is a bounding set"
    ! grep -E 'reachable: /dev/(loop|nbd|mapper)' "$TMP/log" || fail "a device can be reached"
fi
[ "$(sha256 "$place/work/noble.qcow2")" = "$before" ] || fail "the input changed"
schema_check report "$place/work/encrypt.json"
note "the recovery key opens what came out"
expect_code 0 "$COLDSEAL" decrypt "$place/work/sealed.qcow2" "$TMP/plain.raw" \
    --key-file "$place/work/recovery.key"
left=$(find "$place/tmp" -mindepth 1)
[ -z "$left" ] || fail "left in the temporary folder: $left"
