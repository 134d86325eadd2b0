#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What looks for the root's init in a dracut initramfs: every way in which the kernel could fail to
# start it is a power-off, since systemd would go on to /bin/sh.
. "$SRC/tests/lib/common.sh"

mkdir -p "$TMP/bin" "$TMP/root/sbin"
# In place of the real ones: a chroot that needs no privileges, and a machine that stays on.
cat >"$TMP/bin/chroot" <<'END'
#!/bin/bash
root=$1; shift
[ "$1" = head ] && exec head -c 4 "$root/sbin/init"
program=$root$1; shift
exec "$program" "$@"
END
# shellcheck disable=SC2016 # the shell's that is to end
printf '#!/bin/sh\necho off >"%s/off"\nkill -9 "$PPID"\n' "$TMP" >"$TMP/bin/poweroff"
chmod +x "$TMP/bin/"*
sed -e 's|>/dev/console||; s|/proc/sysrq-trigger|/dev/null|' "$SRC/templates/dracut-check-init" >"$TMP/check"

# look: 0 when the boot may go on, 1 when the machine was powered off
look()
{
    rm -f "$TMP/off"
    PATH="$TMP/bin:$PATH" rootmnt=$TMP/root timeout 20 sh "$TMP/check" >"$TMP/said" 2>&1 || true
    [ ! -e "$TMP/off" ]
}

expect_off()
{
    ! look || fail "$1: goes on"
    grep -q 'does not start, powering off' "$TMP/said" || fail "$1: does not say why"
}

init=$TMP/root/sbin/init
cp /bin/true "$init"
look || fail "a good init is refused"
cp /bin/false "$init"
look || fail "an init that does not know --version is refused"
rm "$init"
expect_off "no init"
ln -s /nowhere "$init"
expect_off "a link that leads nowhere"
rm "$init"
cp /bin/true "$init"
dd if=/dev/urandom of="$init" bs=4096 count=1 conv=notrunc status=none
expect_off "the block with the ELF header garbled"
cp /bin/true "$init"
chmod -x "$init"
[ "$(id -u)" = 0 ] && expect_off "not executable"
rm -f "$init"
printf '#!/bin/sh\nexit 0\n' >"$init"
chmod +x "$init"
expect_off "another kind of file"
rm -f "$init"
# The program's interpreter garbled away: the same as an init that is not there.
cp /bin/true "$init"
perl -0pi -e 's|/lib64/ld-linux-x86-64\.so\.2|/lib64/ld-linux-x86-64.so.X|' "$init"
expect_off "its interpreter is not there"
