#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The right TPM, boot and disk: the key comes out, its pin is the command line's, and the TPM is shut
# with systemd's measurement of the key.
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"

for kind in rsa ecc srk-not-persisted; do
    note "storage key: $kind"
    case $kind in
    rsa) swtpm_start "$TMP/$kind" --create-spk ;;
    ecc) swtpm_start "$TMP/$kind" --create-spk --ecc ;;
    *) swtpm_start "$TMP/$kind" ;;
    esac
    seal_disk good
    cryptsetup open --test-passphrase --key-file "$TMP/good.pass" "$TMP/good.luks" ||
        fail "cryptsetup does not open the disk"
    cmdline "$(pin_of good)"

    expect_code 0 unlock_test "$TMP/good.luks"
    [ "$(cat "$TMP/out")" = "pin ok" ] || fail "said $(cat "$TMP/out")"
    [ ! -s "$TMP/err" ] || fail "said $(cat "$TMP/err")"
    expect_no_secret
    expect_shut "$(pin_of good)"

    note "the same boot again: the TPM is shut"
    shut=$(pcr15)
    expect_refusal 5 PCR unlock_test "$TMP/good.luks"
    [ "$(pcr15)" = "$(extended "$shut" "$FAILURE")" ] || fail "PCR 15 was not extended"

    note "the next boot"
    reboot_tpm "$TMP/$kind"
    expect_code 0 unlock_test "$TMP/good.luks"
    swtpm_stop
done

note "header inside a larger image, second copy only"
swtpm_start "$TMP/rsa"
seal_disk inner
cmdline "$(pin_of inner)"
truncate -s 8M "$TMP/disk.img"
cat "$TMP/inner.luks" >>"$TMP/disk.img"
dd if=/dev/zero of="$TMP/disk.img" bs=4096 seek=2048 count=1 conv=notrunc status=none
expect_code 0 unlock_test "$TMP/disk.img:$((8 << 20))"
