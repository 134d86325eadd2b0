# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A user without a name, a capability, a home, a network, or a loop, nbd or device-mapper device, who runs
# the program; source it after common.sh.

UNPRIVILEGED_UID=65534
# How long an appliance is kept that nobody asks for.
APPLIANCE_KEEP_MINUTES=1440

# Words before a command. Root becomes that user, once and for all; anybody else is unprivileged already, and
# needs a user namespace to leave the network.
if [ "$(id -u)" = 0 ]; then
    unprivileged=(unshare --net setpriv "--reuid=$UNPRIVILEGED_UID" "--regid=$UNPRIVILEGED_UID" --clear-groups
        --bounding-set=-all --inh-caps=-all --no-new-privs)
else
    unprivileged=(unshare --user --map-current-user --net)
fi

# unprivileged_own FOLDER: hands FOLDER to that user.
unprivileged_own()
{
    [ "$(id -u)" != 0 ] || chown -R "$UNPRIVILEGED_UID:$UNPRIVILEGED_UID" "$1"
}

make_appliance()
{
    rm -rf "$1"
    LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg libguestfs-make-fixed-appliance "$1" >&2
}

# fixed_appliance: prints the folder of an appliance that libguestfs takes as it is. It is made of the packages
# that are installed here, in a virtual machine that may die once.
fixed_appliance()
{
    local cache=$IMAGES/../appliance name
    name=$(dpkg-query -W | sha256sum | cut -c1-24)
    mkdir -p "$cache"
    exec 8>"$cache/lock"
    flock 8
    if [ ! -e "$cache/$name" ]; then
        find "$cache" -mindepth 1 -maxdepth 1 -type d -mmin +$APPLIANCE_KEEP_MINUTES -exec rm -r {} +
        make_appliance "$cache/new" 8>&- || make_appliance "$cache/new" 8>&- ||
            fail "libguestfs-make-fixed-appliance"
        chmod a+r "$cache/new"/*
        mv "$cache/new" "$cache/$name"
    fi
    touch "$cache/$name"
    exec 8>&-
    printf '%s\n' "$cache/$name"
}

# unprivileged_place: $PLACE, what the user may reach: copies, since the folder of the build may be closed to
# others. The user works in $PLACE/work.
unprivileged_place()
{
    PLACE=$(mktemp -d /tmp/coldseal-unprivileged-XXXXXX)
    on_exit rm -rf "$PLACE"
    mkdir -p "$PLACE"/{home,tmp,cache,work,program/templates}
    cp "$BUILD/coldseal" "$BUILD/coldseal-unlock" "$PLACE/program"
    cp -r "$SRC/templates/." "$PLACE/program/templates"
    cp -r --sparse=always "$(fixed_appliance)" "$PLACE/appliance"
}

# unprivileged_run SCRIPT: in $PLACE/work. Nothing may be left in the temporary folder, nor an appliance be
# made.
unprivileged_run()
{
    local left
    {
        cat <<'END'
set -euo pipefail
echo "user $(id -u), groups $(id -G)"
grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs)' /proc/self/status
echo "routes: $(sed 1d /proc/net/route | wc -l)"
for device in /dev/loop* /dev/nbd* /dev/mapper/control /dev/kvm /dev/tpm* /dev/fuse; do
    if [ -c "$device" ] || [ -b "$device" ]; then
        if [ -r "$device" ] && [ -w "$device" ]; then
            echo "reachable: $device"
        fi
    fi
done
cd "$HOME/../work"
END
        printf '%s\n' "$1"
    } >"$PLACE/job"
    unprivileged_own "$PLACE"
    "${unprivileged[@]}" env -i PATH="$PLACE/program:$PATH" HOME="$PLACE/home" TMPDIR="$PLACE/tmp" \
        XDG_CONFIG_HOME="$PLACE/home" XDG_CACHE_HOME="$PLACE/cache" LIBGUESTFS_CACHEDIR="$PLACE/cache" \
        LIBGUESTFS_PATH="$PLACE/appliance" COLDSEAL_DATA_DIR="$PLACE/program/templates" \
        COLDSEAL_UNLOCK="$PLACE/program/coldseal-unlock" \
        bash "$PLACE/job" >"$TMP/unprivileged.log" 2>&1 ||
        { cat "$TMP/unprivileged.log" >&2; fail "the job failed"; }
    sed -n 1,7p "$TMP/unprivileged.log"
    grep -qx 'routes: 0' "$TMP/unprivileged.log" || fail "there is a network"
    if [ "$(id -u)" = 0 ]; then
        grep -qE '^CapEff:\s*0+$' "$TMP/unprivileged.log" || fail "there are capabilities"
        grep -qE '^CapBnd:\s*0+$' "$TMP/unprivileged.log" || fail "there is a bounding set"
        ! grep -E 'reachable: /dev/(loop|nbd|mapper)' "$TMP/unprivileged.log" || fail "a device can be reached"
    fi
    left=$(find "$PLACE/tmp" -mindepth 1)
    [ -z "$left" ] || fail "left in the temporary folder: $left"
    left=$(find "$PLACE/cache" -path '*/appliance.d*')
    [ -z "$left" ] || fail "the fixed appliance was not used: $left"
}
