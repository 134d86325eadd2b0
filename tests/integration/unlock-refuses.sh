#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each change that a host can make to a disk or a boot ends closed: the reason in one line, no key
# printed, PCR 15 extended with the failure value.
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"

swtpm_start "$TMP/tpm" --create-spk --ecc
seal_disk good
cmdline "$(pin_of good)"

for pcr in 4 7 8 9 14; do
    note "another boot: PCR $pcr differs"
    tpm2_pcrextend --tcti "$SWTPM_TCTI" "$pcr:sha256=$FAILURE"
    expect_closed 5 'PCR' "$TMP/good.luks"
    reboot_tpm "$TMP/tpm"
done
note "shut already: PCR 15"
tpm2_pcrextend --tcti "$SWTPM_TCTI" "15:sha256=$FAILURE"
expect_refusal 5 'PCR' unlock_test "$TMP/good.luks"

note "a disk of the host's own, sealed to the same key under the same policy"
reboot_tpm "$TMP/tpm"
cp "$TMP/good.luks" "$TMP/kept.luks"
cp "$TMP/good.key" "$TMP/kept.key"
good_pin=$(pin_of good)
seal_disk evil
cmdline "$good_pin"
expect_closed 6 'coldseal\.pin=' "$TMP/evil.luks"

note "the same beside the right disk: the right one is found"
reboot_tpm "$TMP/tpm"
expect_code 0 unlock_test "$TMP/evil.luks" "$TMP/good.luks"
expect_shut "$good_pin"

note "another pin on the command line"
reboot_tpm "$TMP/tpm"
cmdline "$(pin_of evil)"
expect_closed 6 'coldseal\.pin=' "$TMP/good.luks"

note "no token"
reboot_tpm "$TMP/tpm"
seal_disk bare none
cmdline "$(pin_of bare)"
expect_closed 5 'no systemd-tpm2 token' "$TMP/bare.luks"

note "a byte of the metadata changed in both copies"
reboot_tpm "$TMP/tpm"
cmdline "$good_pin"
cp "$TMP/good.luks" "$TMP/broken.luks"
for offset in 5000 $(((128 << 10) + 5000)); do
    printf '\0' | dd of="$TMP/broken.luks" bs=1 seek="$offset" conv=notrunc status=none
done
expect_closed 4 'broken\.luks' "$TMP/broken.luks"

note "a keyslot's area changed"
reboot_tpm "$TMP/tpm"
cp "$TMP/good.luks" "$TMP/area.luks"
dd if=/dev/urandom of="$TMP/area.luks" bs=4096 seek=64 count=63 conv=notrunc status=none
expect_closed 6 'opens no keyslot' "$TMP/area.luks"

note "no disk with that UUID"
reboot_tpm "$TMP/tpm"
truncate -s 24M "$TMP/empty.img"
expect_closed 3 "no device with LUKS2 UUID $UUID" "$TMP/empty.img"
swtpm_stop

note "another TPM"
swtpm_start "$TMP/other" --create-spk --ecc
expect_closed 5 'TPM' "$TMP/good.luks"
swtpm_stop

note "no TPM at all"
expect_refusal 5 'TPM' unlock_test "$TMP/good.luks"
