# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What cryptsetup says of an image that is made of tests/lib/tiny_image.sh; source it after that.

# luks_root IMAGE OUT: the encrypted root of a raw or qcow2 image, as a file of its own.
luks_root()
{
    case $1 in
    *.qcow2) qemu-img convert -O raw "$1" "$TMP/luks-whole.raw" && tiny_extract "$TMP/luks-whole.raw" 1 "$2" ;;
    *) tiny_extract "$1" 1 "$2" ;;
    esac
    rm -f "$TMP/luks-whole.raw"
}

# luks_opens IMAGE KEY: does the key open a keyslot? On a copy, since cryptsetup repairs what it opens.
luks_opens()
{
    luks_root "$1" "$TMP/luks-opens"
    cryptsetup open --test-passphrase --key-file "$2" "$TMP/luks-opens" 2>/dev/null
}

# luks_decrypt IMAGE KEY OUT: the plain root, by cryptsetup alone.
luks_decrypt()
{
    luks_root "$1" "$3"
    rm -f "$TMP/luks-header"
    cryptsetup reencrypt -q --force-offline-reencrypt --decrypt --header "$TMP/luks-header" \
        --key-file "$2" "$3" >/dev/null
}

# luks_expect_root IMAGE KEY PLAIN: cryptsetup gives a sound file system, in which every block that the file
# system PLAIN uses is what it was.
luks_expect_root()
{
    luks_decrypt "$1" "$2" "$TMP/luks-found"
    truncate -s "$(stat -c %s "$3")" "$TMP/luks-found"
    e2fsck -fn "$TMP/luks-found" >"$TMP/luks-e2fsck.log" 2>&1 ||
        { cat "$TMP/luks-e2fsck.log"; fail "e2fsck of $1"; }
    rm -f "$TMP/luks-used-plain" "$TMP/luks-used-found"
    e2image -ra "$3" "$TMP/luks-used-plain" 2>/dev/null
    e2image -ra "$TMP/luks-found" "$TMP/luks-used-found" 2>/dev/null
    expect_same "$TMP/luks-used-plain" "$TMP/luks-used-found"
}

# luks_volume_key IMAGE KEY OUT
luks_volume_key()
{
    luks_root "$1" "$TMP/luks-dump"
    rm -f "$3"
    cryptsetup luksDump "$TMP/luks-dump" --dump-volume-key --volume-key-file "$3" --key-file "$2" -q >/dev/null
}

# luks_expect_pinned RAW KEY: grub.cfg holds the header's UUID and the volume key's pin.
luks_expect_pinned()
{
    local uuid pin esp
    luks_volume_key "$1" "$2" "$TMP/luks-vk"
    uuid=$(cryptsetup luksUUID "$TMP/luks-dump")
    pin=$(printf 'cryptsetup:cloudimg-rootfs:%s' "$uuid" |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(xxd -p -c 64 "$TMP/luks-vk")" | sed 's/.*= //')
    esp=$(tiny_partition "$1" 15 | cut -d' ' -f1)
    mtype -i "$1@@$esp" ::/EFI/debian/grub.cfg >"$TMP/luks-grub.cfg"
    grep -qx "set coldseal_uuid=$uuid" "$TMP/luks-grub.cfg" || fail "$1: UUID in grub.cfg"
    grep -qx "set coldseal_pin=$pin" "$TMP/luks-grub.cfg" || fail "$1: pin in grub.cfg"
}
