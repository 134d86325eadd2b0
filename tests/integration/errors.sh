#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each class of error has its exit code, one line on stderr, a document with --json, and leaves
# nothing under the output's name.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
cd "$TMP"

tiny_image plain.raw 24
"$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --quiet
head -c 32 /dev/urandom >other.key

# absent NAME…: what must not have been made.
absent()
{
    local name
    for name in "$@"; do
        [ ! -e "$name" ] || fail "$name was left behind"
    done
}

note "2: usage"
seal=(seal pool.raw --key-file pool.key --target t --pcr-values p)
usage_errors=(
    ''
    'nonsense'
    'encrypt'
    'encrypt plain.raw'
    'encrypt plain.raw out.raw'
    'encrypt plain.raw out.raw more --key-out k'
    'encrypt plain.raw out.raw --key-out k --nonsense'
    'encrypt plain.raw out.raw --key-out k --holes some'
    'encrypt plain.raw out.raw --key-out k --format vmdk'
    'encrypt plain.raw out.raw --key-out k --disk-size many'
    'encrypt plain.raw out.raw --key-out k --luks-uuid 12'
    'encrypt plain.raw out.raw --key-out'
    'encrypt plain.raw plain.raw --force --no-prepare --key-out k'
    'decrypt pool.raw out.raw'
    'inspect'
    'target'
    'target write'
    'unseal pool.raw'
    "${seal[*]} --no-recovery --shared-key"
    "${seal[*]} -o out.raw --no-recovery"
    "${seal[*]} -o out.raw --shared-key"
    "${seal[*]} -o out.raw --in-place --shared-key --no-recovery"
    "${seal[*]} --in-place --no-sync --shared-key --no-recovery"
)
for words in "${usage_errors[@]}"; do
    # shellcheck disable=SC2086 # words
    expect_code 2 "$COLDSEAL" $words
    [ -s "$TMP/err" ] || fail "nothing on stderr: $words"
    absent out.raw k
done
sha256sum plain.raw pool.raw >before

note "3: files"
refuse()
{
    expect_refusal "$@"
    absent out.raw k
}
options=(--no-prepare --key-out k)
refuse 3 'no.raw.*No such file' "$COLDSEAL" encrypt no.raw out.raw "${options[@]}"
refuse 3 'no/out.raw.*No such file' "$COLDSEAL" encrypt plain.raw no/out.raw "${options[@]}"
refuse 3 'no.key.*No such file' "$COLDSEAL" decrypt pool.raw out.raw --key-file no.key
touch there.raw
refuse 3 'there.raw exists' "$COLDSEAL" encrypt plain.raw there.raw "${options[@]}"
[ ! -s there.raw ] || fail "an existing file was written"
refuse 3 'other.key exists' "$COLDSEAL" encrypt plain.raw out.raw --no-prepare --key-out other.key
[ "$(stat -c %s other.key)" = 32 ] || fail "an existing key file was written"

note "4: bad images"
head -c 3000000 /dev/urandom >random.raw
head -c 10000000 plain.raw >short.raw
# Both GPT headers with one byte that their checksum does not know.
cp plain.raw broken.raw
for header in 512 $(($(stat -c %s broken.raw) - 512)); do
    printf '\377' | dd of=broken.raw bs=1 seek=$((header + 40)) conv=notrunc status=none
done
for image in short.raw broken.raw; do
    refuse 4 "$image" "$COLDSEAL" encrypt $image out.raw "${options[@]}"
    expect_refusal 4 "$image" "$COLDSEAL" inspect $image
done
qemu-img create -q -f qcow2 good.qcow2 8M
head -c 200 good.qcow2 >short.qcow2
expect_refusal 4 short.qcow2 "$COLDSEAL" inspect short.qcow2

note "5: TPM"
refuse 5 . "$COLDSEAL" target read --tcti "swtpm:path=$TMP/nowhere" -o k
refuse 5 . "$COLDSEAL" unseal pool.raw --tcti "swtpm:path=$TMP/nowhere" --key-out k

note "6: keys"
refuse 6 'opens no keyslot' "$COLDSEAL" decrypt pool.raw out.raw --key-file other.key
: >empty.key
refuse 6 'empty' "$COLDSEAL" decrypt pool.raw out.raw --key-file empty.key

note "7: not supported"
qemu-img create -q -f qcow2 -b plain.raw -F raw backed.qcow2
refuse 7 'backed.qcow2.*backing' "$COLDSEAL" encrypt backed.qcow2 out.raw "${options[@]}"
refuse 7 'pool.raw.*(LUKS|encrypted)' "$COLDSEAL" encrypt pool.raw out.raw "${options[@]}"
refuse 7 'random.raw' "$COLDSEAL" encrypt random.raw out.raw "${options[@]}"
refuse 7 'plain.raw' "$COLDSEAL" decrypt plain.raw out.raw --key-file pool.key

note "--json: the failure is a document too"
expect_code 6 "$COLDSEAL" decrypt pool.raw out.raw --key-file other.key --json
jq -e '.error.code == 6 and (.error.message | contains("keyslot"))' "$TMP/out" >/dev/null ||
    { cat "$TMP/out"; fail "document of a failure"; }

sha256sum --quiet -c before || fail "an input changed"
