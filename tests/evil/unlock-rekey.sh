#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host kept the header from before a rekey, whose token this TPM still opens, and puts it back over
# the new data: the boot side of today names another pin.
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"
. "$SRC/tests/lib/tiny_image.sh"
cd "$TMP"

# The boot is that of a machine whose PCRs are all zero, as an emulator's without firmware are.
zero_pcrs >pcrs.json
swtpm_start "$TMP/tpm" --create-spk --ecc
"$COLDSEAL" target read --quiet --tcti "$SWTPM_TCTI" -o target
seal_for=(--target target --pcr-values pcrs.json)

# pin_in IMAGE: as grub.cfg has it
pin_in()
{
    local offset
    read -r offset _ < <(tiny_partition "$1" 15)
    mcopy -n -o -i "$1@@$offset" ::/EFI/debian/grub.cfg grub.cfg
    sed -n 's/^set coldseal_pin=//p' grub.cfg
}

# header_of IMAGE OUT: its root partition, header and all
header_of()
{
    tiny_extract "$1" 1 "$2"
}

tiny_image plain.raw
"$COLDSEAL" encrypt --quiet --no-prepare --luks-uuid "$UUID" plain.raw pool.raw --key-out pool.key
"$COLDSEAL" seal --quiet pool.raw -o old.raw --key-file pool.key "${seal_for[@]}" --shared-key \
    --recovery-key-out old.recovery
"$COLDSEAL" rekey --quiet old.raw keyed.raw --key-file old.recovery --drop-slot 0 \
    --luks-uuid "$UUID"
"$COLDSEAL" seal --quiet keyed.raw -o new.raw --key-file old.recovery "${seal_for[@]}" --shared-key \
    --no-recovery
cp old.recovery recovery.pass # what must not be printed
[ "$(pin_in old.raw)" != "$(pin_in new.raw)" ] || fail "the pin is the old one"
header_of old.raw old.luks
header_of new.raw new.luks

note "before and after: each opens with its own boot side"
cmdline "$(pin_in old.raw)"
expect_code 0 unlock_test old.luks
reboot_tpm "$TMP/tpm"
cmdline "$(pin_in new.raw)"
expect_code 0 unlock_test new.luks
reboot_tpm "$TMP/tpm"

note "the old header over the new data"
cp new.luks evil.luks
dd if=old.luks of=evil.luks bs=1M count=16 conv=notrunc status=none
cmp -n $((16 << 20)) old.luks evil.luks || fail "the old header did not land"
expect_closed 6 'coldseal\.pin=' evil.luks
