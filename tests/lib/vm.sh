# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Virtual machines for tests/boot and tests/evil; source it after common.sh. A machine has a name, a
# folder $TMP/vm/NAME with its TPM's state and its firmware's variables, and a disk that is given at
# each start. Emulated throughout (TCG), with the CPU model and the options that do not panic there.
# What the guest prints on its second port is described in test-images/README.md.

VM_OVMF_CODE=${VM_OVMF_CODE:-/usr/share/OVMF/OVMF_CODE_4M.secboot.fd}
VM_OVMF_VARS=${VM_OVMF_VARS:-/usr/share/OVMF/OVMF_VARS_4M.ms.fd}

# On a machine that does other work besides, all limits of time are this many times as long.
VM_PATIENCE=${VM_PATIENCE:-1}

declare -A vm_pid vm_tpm_pid vm_boots

# vm_create NAME [swtpm_setup OPTION…]: a new machine: its own TPM, Secure Boot with Microsoft's keys.
vm_create()
{
    local name=$1
    shift
    mkdir -p "$TMP/vm/$name"
    swtpm_create "$(vm_tpm "$name")" "$@"
    cp "$VM_OVMF_VARS" "$TMP/vm/$name/vars.fd"
    chmod u+w "$TMP/vm/$name/vars.fd"
    vm_boots[$name]=0
}

# The folder of the TPM's state, as swtpm and `coldseal target read --swtpm-state` take it.
vm_tpm()
{
    printf '%s\n' "$TMP/vm/$1/tpm"
}

# What the guest printed in its last boot: consoles, and the report on the second port.
vm_console()
{
    printf '%s\n' "$TMP/vm/$1/console-${vm_boots[$1]}.log"
}

vm_report()
{
    printf '%s\n' "$TMP/vm/$1/report-${vm_boots[$1]}.log"
}

vm_start_tpm()
{
    local name=$1 socket=$2
    swtpm socket --tpm2 --tpmstate "dir=$(vm_tpm "$name")" --ctrl "type=unixio,path=$socket" \
        --terminate </dev/null >>"$TMP/vm/$name/swtpm.log" 2>&1 &
    vm_tpm_pid[$name]=$!
    on_exit swtpm_end "${vm_tpm_pid[$name]}"
    wait_for 10 test -S "$socket" || fail "swtpm of $name: $(cat "$TMP/vm/$name/swtpm.log")"
}

# vm_start NAME DISK [QEMU OPTION…]: returns when the machine runs. A reset ends the machine as
# power-off does; the console says which it was. vm_type writes to the console.
vm_start()
{
    local name=$1 disk=$2 dir=$TMP/vm/$1 sockets format port
    shift 2
    sockets=$(mktemp -d /tmp/vm-XXXXXX)
    on_exit rm -rf "$sockets"
    vm_boots[$name]=$((vm_boots[$name] + 1))
    format=$(qemu-img info --output=json "$disk" | sed -n 's/^ *"format": "\(raw\|qcow2\)".*/\1/p' | head -n 1)
    vm_start_tpm "$name" "$sockets/tpm"
    for port in port tty; do
        rm -f "$dir/$port.in" "$dir/$port.out"
        mkfifo "$dir/$port.in" "$dir/$port.out"
        # Somebody must empty the pipe; the log is what is read.
        cat "$dir/$port.out" >/dev/null &
        on_exit swtpm_end $!
    done
    qemu-system-x86_64 -name "$name" -nodefaults -display none -no-reboot -m 1024 \
        -machine q35,smm=on -accel tcg,thread=single -smp 1 -cpu Westmere,-cx16 \
        -global driver=cfi.pflash01,property=secure,value=on -global ICH9-LPC.disable_s3=1 \
        -drive "if=pflash,format=raw,unit=0,readonly=on,file=$VM_OVMF_CODE" \
        -drive "if=pflash,format=raw,unit=1,file=$dir/vars.fd" \
        -drive "if=none,id=disk,format=$format,file=$disk,discard=unmap" \
        -device virtio-blk-pci,drive=disk,bootindex=1 -device virtio-rng-pci \
        -chardev "socket,id=tpm,path=$sockets/tpm" -tpmdev emulator,id=tpm0,chardev=tpm \
        -device tpm-crb,tpmdev=tpm0 \
        -chardev "pipe,id=console,path=$dir/tty,logfile=$(vm_console "$name"),logappend=off" -serial chardev:console \
        -chardev "pipe,id=report,path=$dir/port,logfile=$(vm_report "$name"),logappend=off" \
        -serial chardev:report "$@" </dev/null >>"$dir/qemu.log" 2>&1 &
    vm_pid[$name]=$!
    on_exit vm_kill "$name"
    vm_start_seconds=$SECONDS
}

vm_runs()
{
    is_child "${vm_pid[$1]}"
}

# The machine as a power cut leaves it.
vm_kill()
{
    swtpm_end "${vm_pid[$1]}"
    swtpm_end "${vm_tpm_pid[$1]}"
}

vm_show()
{
    local log
    for log in "$TMP/vm/$1/qemu.log" "$(vm_console "$1")" "$(vm_report "$1")"; do
        printf -- '---- %s\n' "${log##*/}"
        tail -n 60 "$log" | tr -d '\r' | cut -c1-240
    done >&2 2>/dev/null
}

# vm_wait NAME SECONDS LOG PATTERN: until an extended regular expression is in LOG. Fails the test
# when the machine ends before that, or does not get there.
vm_wait()
{
    local name=$1 end=$((SECONDS + $2 * VM_PATIENCE)) log=$3 pattern=$4
    until grep -aEq -- "$pattern" "$log" 2>/dev/null; do
        if ! vm_runs "$name" && ! grep -aEq -- "$pattern" "$log" 2>/dev/null; then
            vm_show "$name"
            fail "$name ended without \"$pattern\""
        fi
        if [ "$SECONDS" -ge "$end" ]; then
            vm_show "$name"
            fail "$name: no \"$pattern\" within $2 s"
        fi
        sleep 0.5
    done
}

# vm_wait_off NAME SECONDS: until the machine has ended by itself.
vm_wait_off()
{
    local name=$1 end=$((SECONDS + $2 * VM_PATIENCE))
    while vm_runs "$name"; do
        if [ "$SECONDS" -ge "$end" ]; then
            vm_show "$name"
            fail "$name still runs after $2 s"
        fi
        sleep 0.5
    done
    vm_kill "$name"
}

# vm_shells NAME: lines of the last boot's console that show a shell or a prompt. The kernel's command
# line names the shells that it masks.
vm_shells()
{
    grep -av 'coldseal\.pin=' "$(vm_console "$1")" |
        grep -aE '\(initramfs\)|login:|BusyBox|Enter passphrase|[Pp]lease enter|sulogin|Press Enter|mergency [Ss]hell|escue [Ss]hell|grub>|~ #|# $' || true
}

vm_wait_ready()
{
    vm_wait "$1" "${2:-600}" "$(vm_report "$1")" 'COLDSEAL-TEST PROMPT'
    note "$1: boot ${vm_boots[$1]} ready after $((SECONDS - vm_start_seconds)) s"
}

vm_send()
{
    vm_runs "$1" || fail "$1 does not run any more"
    printf '%s\n' "$2" >"$TMP/vm/$1/port.in"
}

# vm_type NAME TEXT: keys on the console.
vm_type()
{
    vm_runs "$1" || fail "$1 does not run any more"
    printf '%s' "$2" >"$TMP/vm/$1/tty.in"
}

# vm_run NAME SECONDS SCRIPT: runs a bash script as root in a guest that is at the prompt, prints
# what it printed, and returns its exit code.
vm_run()
{
    local name=$1 seconds=$2 done_before report
    report=$(vm_report "$name")
    done_before=$(grep -ac 'COLDSEAL-TEST OUTPUT END' "$report" || true)
    vm_send "$name" "run $(printf '%s' "$3" | base64 -w 0)"
    local end=$((SECONDS + seconds * VM_PATIENCE))
    until [ "$(grep -ac 'COLDSEAL-TEST OUTPUT END' "$report")" -gt "$done_before" ]; do
        if ! vm_runs "$name" || [ "$SECONDS" -ge "$end" ]; then
            vm_show "$name"
            fail "$name: no answer within $seconds s: $3"
        fi
        sleep 0.3
    done
    tr -d '\r' <"$report" | awk '
        /^COLDSEAL-TEST OUTPUT BEGIN$/ { text = ""; inside = 1; next }
        /^COLDSEAL-TEST OUTPUT END/ { inside = 0; sub(/.*code=/, ""); code = $0; next }
        inside { text = text $0 "\n" }
        END { printf "%s", text; exit code }'
}

vm_power_off()
{
    vm_send "$1" poweroff
    vm_wait_off "$1" "${2:-120}"
}

# vm_value NAME KEY: what the report says of root, secure-boot, cmdline, kernel or state.
vm_value()
{
    tr -d '\r' <"$(vm_report "$1")" | sed -n "s/^$2: //p"
}

vm_pcr()
{
    tr -d '\r' <"$(vm_report "$1")" | sed -n "s/^pcr: $2 //p"
}

# vm_event_log NAME OUT: the firmware's binary event log of the last boot.
vm_event_log()
{
    tr -d '\r' <"$(vm_report "$1")" |
        sed -n '/^COLDSEAL-TEST EVENTLOG BEGIN$/,/^COLDSEAL-TEST EVENTLOG END$/{/COLDSEAL/d;p}' |
        base64 -d >"$2"
    [ -s "$2" ] || fail "$1: no event log"
}
