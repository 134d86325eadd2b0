#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# Headers, keyslots, tokens and ciphertext against cryptsetup, both ways, on plain files.
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/crypt_tool
cd "$TMP"

# Data, zeros that a file system would call used, data; not a whole number of MiB.
make_plain()
{
    { head -c $((9 * 1048576 + 12288)) /dev/urandom
      head -c $((5 * 1048576)) /dev/zero
      head -c $((3 * 1048576 + 4096)) /dev/urandom; } >plain
    for n in 0 1 2 new0 new1; do
        head -c 32 /dev/urandom >"key$n"
    done
}

opens()
{
    cryptsetup open --test-passphrase --key-file "$2" "$1"
}

check_header()
{
    cryptsetup isLuks --type luks2 image || fail "cryptsetup sees no LUKS2 header"
    cryptsetup luksDump image >dump
    grep -q '^Label:[[:space:]]*cloudimg-rootfs-enc$' dump || fail "label"
    grep -q 'offset: 16777216 \[bytes\]' dump || fail "data offset"
    grep -q 'cipher: aes-xts-plain64' dump || fail "cipher"
    grep -q 'sector: 4096 \[bytes\]' dump || fail "sector size"
    for type in systemd-tpm2 systemd-recovery coldseal; do
        grep -q "^  [0-9]: $type\$" dump || fail "token $type is not listed"
    done
    cryptsetup token export --token-id 0 image | grep -q '"tpm2-policy-hash"' || fail "token 0"
    for slot in 0 1 2; do
        cryptsetup open --test-passphrase --key-slot "$slot" --key-file "key$slot" image ||
            fail "cryptsetup does not open keyslot $slot"
    done
    expect_code 2 cryptsetup open --test-passphrase --key-file keynew0 image
}

# cryptsetup decrypts what we encrypted: to the last byte, zeros included.
check_ciphertext()
{
    cp image decrypted
    cryptsetup reencrypt -q --force-offline-reencrypt --decrypt --header header --key-file key1 decrypted
    truncate -s "$(stat -c %s plain)" decrypted
    cmp plain decrypted || fail "cryptsetup decrypts something else"
}

check_own_decryption()
{
    "$tool" decrypt image own key2
    cmp plain own || fail "we decrypt something else"
    expect_code 6 "$tool" decrypt image own keynew0
}

# We decrypt what cryptsetup encrypted, in the frozen geometry.
check_foreign_ciphertext()
{
    cp plain foreign
    truncate -s +32M foreign
    cryptsetup reencrypt -q --force-offline-reencrypt --encrypt --type luks2 --reduce-device-size 32M --cipher aes-xts-plain64 \
        --key-size 512 --sector-size 4096 --luks2-metadata-size 128k --luks2-keyslots-size 16128k \
        --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file key0 foreign
    "$tool" check foreign
    "$tool" decrypt foreign theirs key0
    cmp --bytes="$(stat -c %s plain)" plain theirs || fail "we read cryptsetup's ciphertext wrong"
}

check_replace()
{
    cp image replaced
    "$tool" replace replaced key0 keynew0 keynew1
    opens replaced keynew0 || fail "new key 0"
    opens replaced keynew1 || fail "new key 1"
    for n in 0 1 2; do
        expect_code 2 opens replaced "key$n"
    done
    # With the old metadata put back the old keyslots are gone all the same.
    dd if=image of=replaced bs=128k count=2 conv=notrunc status=none
    expect_code 2 opens replaced key0
    # And once more, back to the first areas.
    "$tool" replace image key0 keynew1 keynew0
    "$tool" replace image keynew0 key0 key1 key2
    opens image key1 || fail "after two replacements"
    expect_code 2 opens image keynew1
    cp image moved
    cryptsetup reencrypt -q --force-offline-reencrypt --decrypt --header header2 --key-file key0 moved
    cmp --bytes="$(stat -c %s plain)" plain moved || fail "the data changed with the header"
}

make_plain
"$tool" encrypt plain image key0 key1 key2
check_header
check_own_decryption
check_ciphertext
check_foreign_ciphertext
check_replace
note "header, keyslots, tokens and ciphertext agree with $(cryptsetup --version)"
