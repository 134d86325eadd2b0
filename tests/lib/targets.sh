# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Many machines of one golden image, on four TPMs; source it after common.sh and tiny_image.sh.

TARGETS_TPMS=4

# targets_golden: golden.raw with pool.key, small; targets 0.json to 3.json, and pcrs.json with the
# values that the four TPMs have. Sets targets_tcti.
targets_golden()
{
    local i
    tiny_image plain.raw 24
    "$COLDSEAL" encrypt plain.raw golden.raw --key-out pool.key --no-prepare --quiet
    targets_tcti=()
    for ((i = 0; i < TARGETS_TPMS; i++)); do
        swtpm_target $i
        targets_tcti+=("$SWTPM_TCTI")
    done
    zero_pcrs >pcrs.json
    targets_seal=("$COLDSEAL" seal golden.raw --key-file pool.key --pcr-values pcrs.json --shared-key)
}

# targets_lines DIR COUNT: a targets file of overlays DIR/N.qcow2, in turns for each TPM, with
# recovery keys.
targets_lines()
{
    local i
    for ((i = 0; i < $2; i++)); do
        printf '{"overlay": "%s/%d.qcow2", "target": "%d.json", "recovery_key_out": "%s/%d.key"}\n' \
            "$1" $i $((i % TARGETS_TPMS)) "$1" $i
    done
}

# targets_expect_open DIR COUNT [OTHERS]: each disk opens on its own TPM, and all, or the first OTHERS,
# not on another one, which is each of the others in turn; the secrets are all different, and cryptsetup takes them and the recovery key, and not the pool key: it is
# asked for one disk of each TPM.
targets_expect_open()
{
    local dir=$1 count=$2 others=${3:-$2} i own next
    rm -rf passes
    mkdir passes
    for ((i = 0; i < count; i++)); do
        own=${targets_tcti[i % TARGETS_TPMS]} next=${targets_tcti[(i + 1 + i / TARGETS_TPMS % (TARGETS_TPMS - 1)) % TARGETS_TPMS]}
        "$COLDSEAL" unseal --quiet "$dir/$i.qcow2" --backing golden.raw --tcti "$own" --key-out passes/$i ||
            fail "$dir/$i.qcow2 does not open on its TPM"
        [ $i -lt "$others" ] || continue
        if "$COLDSEAL" unseal --quiet "$dir/$i.qcow2" --backing golden.raw --tcti "$next" --key-out other.pass 2>refused; then
            fail "$dir/$i.qcow2 opens on another TPM"
        fi
        grep -q 'another TPM' refused || fail "$dir/$i.qcow2: $(cat refused)"
    done
    [ "$(sha256sum passes/* | cut -d' ' -f1 | sort -u | wc -l)" = "$count" ] || fail "secrets are not all different"
    for ((i = 0; i < TARGETS_TPMS; i++)); do
        qemu-img convert -O raw "$dir/$i.qcow2" whole.raw
        tiny_extract whole.raw 1 whole.root
        for key in passes/$i "$dir/$i.key"; do
            cryptsetup open --test-passphrase whole.root --key-file "$key" || fail "$key does not open $dir/$i.qcow2"
        done
        ! cryptsetup open --test-passphrase whole.root --key-file pool.key -q 2>/dev/null || fail "the pool key opens $i"
    done
}

# targets_kill DIR COUNT FILE AFTER: a run over FILE that is killed once AFTER of its outputs are there.
targets_kill()
{
    local dir=$1 count=$2 file=$3 after=$4 pid there
    "${targets_seal[@]}" --targets "$file" --threads 2 --quiet &
    pid=$!
    while there=$(find "$dir" -name '*.qcow2' | wc -l) && [ "$there" -lt "$after" ]; do
        kill -0 $pid 2>/dev/null || break
    done
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    there=$(find "$dir" -name '*.qcow2' | wc -l)
    note "killed with $there of $count there"
    ((there >= after && there < count)) || fail "the kill came at no good time"
    [ -z "$(find "$dir" -name '.*')" ] || fail "left: $(ls -a "$dir")"
}
