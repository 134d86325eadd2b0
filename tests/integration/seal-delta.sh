#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# seal --delta: written over the raw golden image with dd, it gives a sealed one in which nothing but
# the header differs; and neither it nor an overlay nor the disk in place costs more for a larger disk.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"

# apply DELTA DISK.raw: as anybody would, with what everybody has; checks both digests of each range
apply()
{
    local offset length before after zero
    while read -r offset length before after zero; do
        [ $((offset % 4096)) = 0 ] || fail "a range at $offset"
        dd if="$2" bs=1M iflag=skip_bytes,count_bytes skip="$offset" count="$length" status=none >old.range
        [ "$(sha256 old.range)" = "$before" ] || fail "before_sha256 at $offset"
        if [ "$zero" = true ]; then
            head -c "$length" /dev/zero >new.range
        else
            jq -r --argjson offset "$offset" '.ranges[] | select(.offset_bytes == $offset) | .data' "$1" | base64 -d >new.range
        fi
        [ "$(stat -c %s new.range)" = "$length" ] || fail "length at $offset"
        [ "$(sha256 new.range)" = "$after" ] || fail "sha256 at $offset"
        dd if=new.range of="$2" bs=1M oflag=seek_bytes seek="$offset" conv=notrunc status=none
    done < <(jq -r '.ranges[] | "\(.offset_bytes) \(.length_bytes) \(.before_sha256) \(.sha256) \(.zero // false)"' "$1")
}

tiny_image plain.raw 24
swtpm_target one
zero_pcrs >pcrs.json
policy=(--target one.json --pcr-values pcrs.json)
"$COLDSEAL" encrypt plain.raw golden.raw --key-out golden.raw.pool --no-prepare --quiet
"$COLDSEAL" encrypt plain.raw golden.qcow2 --key-out golden.qcow2.pool --no-prepare --quiet

for golden in golden.raw golden.qcow2; do
    note "$golden"
    expect_code 0 "$COLDSEAL" seal $golden --delta $golden.json --key-file $golden.pool "${policy[@]}" --shared-key --recovery-key-out $golden.key --json
    [ "$(jq -r .output.format out)" = delta ] || fail "format in the report"
    [ "$(jq -r .output.sha256 out)" = "$(sha256 $golden.json)" ] || fail "digest in the report"
    qemu-img convert -O raw $golden whole.raw
    cp --sparse=always whole.raw sealed.raw
    [ "$(jq .disk_size_bytes $golden.json)" = "$(stat -c %s whole.raw)" ] || fail "size of the disk"
    jq -e '[.ranges[] | .offset_bytes, .offset_bytes + .length_bytes] | . == (sort)' $golden.json >/dev/null || fail "order"
    apply $golden.json sealed.raw
    read -r start _ < <(tiny_partition whole.raw 1)
    awk -v from="$start" -v to=$((start + (16 << 20))) '$1 <= from || $1 > to { exit 1 }' < <(cmp -l whole.raw sealed.raw) ||
        fail "it differs outside the header"
    expect_code 0 "$COLDSEAL" unseal sealed.raw --tcti "$SWTPM_TCTI" --key-out $golden.pass
    for key in $golden.pass $golden.key; do
        luks_opens sealed.raw "$key" || fail "$key does not open it"
    done
    ! luks_opens sealed.raw $golden.pool || fail "the pool key opens it"
    # header-bytes and header-leftovers: byte for byte what coldseal writes, nothing of the old one
    expect_code 0 "$COLDSEAL" verify sealed.raw --key-file $golden.key --target one.json
done

note "a golden image of which two more keyslots are wiped"
for n in 2 3; do
    expect_code 0 "$COLDSEAL" recovery add golden.raw --in-place --key-file golden.raw.pool --recovery-key-out more$n.rec
done
expect_code 0 "$COLDSEAL" seal golden.raw --delta more.json --key-file golden.raw.pool "${policy[@]}" --shared-key --recovery-key-out more.key
jq -e 'any(.ranges[]; .zero)' more.json >/dev/null || fail "nothing is wiped"
cp --sparse=always golden.raw sealed.raw
apply more.json sealed.raw
luks_opens sealed.raw more.key || fail "the key does not open it"
for key in golden.raw.pool more2.rec more3.rec; do
    ! luks_opens sealed.raw "$key" || fail "$key opens it"
done
expect_code 0 "$COLDSEAL" verify sealed.raw --key-file more.key

policy+=(--key-file golden.raw.pool)

note "what is refused"
expect_refusal 2 'fresh-key' "$COLDSEAL" seal golden.raw --delta x.json "${policy[@]}" --fresh-key --no-recovery
expect_refusal 2 'output, --overlay, --delta' "$COLDSEAL" seal golden.raw --delta x.json -o x.raw "${policy[@]}" --shared-key --no-recovery
expect_refusal 3 'exists' "$COLDSEAL" seal golden.raw --delta more.json "${policy[@]}" --shared-key --no-recovery
[ ! -e x.json ] || fail "something was left"

# seal_as FORM POOL: one VM's form of big.raw; sets spent, in ticks of 10 ms, and written, in bytes: the file's, or
# in place all that the program wrote, the header that it built in memory included.
seal_as()
{
    local form=$1 pool=$2 before after out=(--"$1" "thin.$1") image=big.raw
    if [ "$form" = in-place ]; then
        out=(--in-place) image=work.raw
        cp --sparse=always big.raw work.raw
    fi
    before=$(cut -d' ' -f16,17 /proc/$$/stat) written=$(sed -n 's/^wchar: //p' /proc/$$/io)
    "$COLDSEAL" seal $image "${out[@]}" "${policy[@]}" --key-file "$pool" --shared-key --no-recovery --force --quiet
    after=$(cut -d' ' -f16,17 /proc/$$/stat) written=$(($(sed -n 's/^wchar: //p' /proc/$$/io) - written))
    [ "$form" = in-place ] || written=$(du -B1 "thin.$form" | cut -f1)
    spent=$((${after% *} + ${after#* } - ${before% *} - ${before#* }))
}

note "1 GiB and 16 GiB"
forms=(overlay delta in-place)
declare -A cpu bytes
for size in 1 16; do
    "$COLDSEAL" encrypt plain.raw big.raw --key-out big-$size.pool --no-prepare --quiet --disk-size ${size}G
    for form in "${forms[@]}"; do
        cpu[$form-$size]=999999
        for _ in 1 2 3; do
            seal_as "$form" big-$size.pool
            [ "$spent" -ge "${cpu[$form-$size]}" ] || cpu[$form-$size]=$spent
        done
        bytes[$form-$size]=$written
    done
    rm big.raw
done
for form in "${forms[@]}"; do
    note "$form, ticks and bytes: ${cpu[$form-1]} ${bytes[$form-1]}, ${cpu[$form-16]} ${bytes[$form-16]}"
    # 20 for what else the machine does; 15 GiB more to read would be hundreds
    [ "${cpu[$form-16]}" -le $((2 * cpu[$form-1] + 20)) ] || fail "$form: processor time hangs on the size of the disk"
    [ "${bytes[$form-1]}" -ge 65536 ] || fail "$form: what is written was not seen"
    [ "${bytes[$form-16]}" -le $((bytes[$form-1] + 262144)) ] || fail "$form: bytes written hang on the size of the disk"
done
