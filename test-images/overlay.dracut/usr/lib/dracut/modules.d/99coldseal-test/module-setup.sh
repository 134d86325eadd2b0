#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prints the event log on the second serial port before anything is unlocked: the first boot of
# an image that is not sealed yet gives the PCR values. For test images only.

check() {
    return 0
}

depends() {
    echo systemd
}

install() {
    inst_multiple base64 cat
    # shellcheck disable=SC2154
    inst_script "$moddir/event-log" /usr/bin/coldseal-test-event-log
    inst_simple "$moddir/coldseal-test-event-log.service" \
        /usr/lib/systemd/system/coldseal-test-event-log.service
    # shellcheck disable=SC2154
    $SYSTEMCTL -q --root "$initdir" add-wants sysinit.target coldseal-test-event-log.service
}
