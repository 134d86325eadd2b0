#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `make install` puts where; and the guest's programs run on the C library of Ubuntu 22.04.
. "$SRC/tests/lib/common.sh"

root=$TMP/root
make -C "$BUILD" -s install prefix=/usr libexecdir=/usr/lib DESTDIR="$root" >"$TMP/log" 2>&1 ||
    { cat "$TMP/log" >&2; fail "make install"; }

note "every template and page is there, as it is"
for file in "$SRC"/templates/*; do
    [ -d "$file" ] || [[ $file == */local.mk ]] || expect_same "$file" "$root/usr/share/coldseal/${file##*/}"
done
for page in "$SRC"/man/*.[158]; do
    expect_same "$page" "$root/usr/share/man/man${page##*.}/${page##*/}"
done
expect_same "$SRC/completions/coldseal" "$root/usr/share/bash-completion/completions/coldseal"

for file in "$SRC"/schemas/*.json; do
    expect_same "$file" "$root/usr/share/coldseal/schemas/${file##*/}"
done

note "and nothing but that"
(cd "$root" && find . -type f | grep -vE '^\./usr/share/(man|coldseal)/' | sort) >"$TMP/others"
diff - "$TMP/others" <<'END' || fail "other files"
./usr/bin/coldseal
./usr/lib/coldseal/coldseal-unlock
./usr/sbin/coldseal-setup
./usr/share/bash-completion/completions/coldseal
END

note "the guest's programs need no newer C library than 2.35"
for program in usr/lib/coldseal/coldseal-unlock usr/sbin/coldseal-setup; do
    newest=$(objdump -T "$root/$program" | grep -oP 'GLIBC_\K[0-9.]+' | sort -Vu | tail -n 1)
    [ -n "$newest" ] || fail "$program names no version of the C library"
    [ "$(printf '%s\n2.35\n' "$newest" | sort -V | tail -n 1)" = 2.35 ] || fail "$program needs $newest"
done

note "coldseal-setup leaves alone what it must not touch"
setup=$root/usr/sbin/coldseal-setup
expect_code 0 "$setup" --help
diff <(sed -n 's/^ .*\(--[a-z-]*\).*/\1/p' "$TMP/out" | sort) \
    <(sed -n '/^\.Sh OPTIONS/,/^\.Sh FILES/s/^\.It //p' "$SRC/man/coldseal-setup.8" |
        grep -oE 'Fl Fl [a-z-]+' | sed 's/Fl Fl /--/' | sort) || fail "options of coldseal-setup.8"
expect_refusal 2 '^coldseal-setup: --unlock is coldseal or stock, not "x"$' "$setup" --unlock x
expect_refusal 2 '^coldseal-setup: --console-recovery needs' "$setup" --unlock stock --console-recovery
expect_refusal 2 '^coldseal-setup: no arguments' "$setup" x
expect_refusal 2 '^coldseal-setup: only root' unshare --user "$setup"

note "a system without the partitions that it takes is refused before anything is changed"
mkdir -p "$root/usr/local/share" "$root/usr/local/libexec" "$root/proc" "$root/boot/efi"
ln -s /usr/share/coldseal "$root/usr/local/share/coldseal"
ln -s /usr/lib/coldseal "$root/usr/local/libexec/coldseal"
ldd "$setup" | grep -oE '/[^ ]+' | xargs -I{} cp --parents -L {} "$root"
find "$root" -type f | sort | xargs sha256sum >"$TMP/before"
# in_guest MOUNT…: as the only system there is, with these mounted (TYPE:POINT)
in_guest()
{
    # shellcheck disable=SC2016 # the inner shell's
    unshare --user --map-root-user --mount sh -euc 'root=$1
        shift
        mount --rbind "$root" "$root"
        mount --rbind /proc "$root/proc"
        for mount; do
            mkdir -p "$root${mount#*:}"
            mount -t "${mount%%:*}" none "$root${mount#*:}"
        done
        exec chroot "$root" /usr/sbin/coldseal-setup' sh "$root" "$@"
}
expect_refusal 7 '^coldseal-setup: /boot is no partition of its own' in_guest
expect_refusal 7 '^coldseal-setup: no EFI system partition is mounted' in_guest tmpfs:/boot
expect_refusal 2 '^coldseal-setup: this system is running' in_guest tmpfs:/run/systemd/system
find "$root" -type f | sort | xargs sha256sum >"$TMP/after"
expect_same "$TMP/before" "$TMP/after"
