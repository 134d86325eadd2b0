#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images through standard input and standard output: the same bytes as by files, nothing else among them, and
# nothing at all when something fails.
# shellcheck disable=SC2002,SC2016 # pipes are what this is about, and $0 is for the inner shell
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"
export TMPDIR=$TMP/temporary
mkdir "$TMPDIR"

# expect_nothing_left: no temporary file has a name, nor is one kept by a process.
expect_nothing_left()
{
    [ -z "$(ls -A "$TMPDIR")" ] || fail "left: $(ls -A "$TMPDIR")"
}

tiny_image plain.raw 24
tiny_extract plain.raw 1 root.plain
qemu-img convert -c -O qcow2 plain.raw plain.qcow2
# In a hole of an encrypted image decrypt leaves a hole, and a stream has none.
expect_code 0 "$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --holes none

# All but the LUKS2 header's salts and the volume key is the same in each run: what can be compared byte
# for byte is what decrypt gives, and the size.
expect_code 0 "$COLDSEAL" decrypt pool.raw back.raw --key-file pool.key
expect_code 0 "$COLDSEAL" decrypt pool.raw back.qcow2 --key-file pool.key

note "a pipe of three: no file between"
cat plain.raw | "$COLDSEAL" encrypt - - --key-out one.key --no-prepare --holes none 2>err1 | tee piped.raw |
    "$COLDSEAL" decrypt - - --key-file one.key 2>err2 | cmp - back.raw || fail "encrypt | decrypt"
if [ -s err1 ] || [ -s err2 ]; then
    fail "something was said: $(cat err1 err2)"
fi
[ "$(stat -c %s piped.raw)" = "$(stat -c %s pool.raw)" ] || fail "another size"
luks_expect_pinned piped.raw one.key
luks_expect_root piped.raw one.key root.plain
expect_nothing_left

note "qcow2 in by a pipe, qcow2 out: as qemu-img has it, and byte for byte the file that -o would be"
cat plain.qcow2 | "$COLDSEAL" encrypt - - --format qcow2 --key-out two.key --no-prepare >piped.qcow2
qemu-img check -q piped.qcow2 || fail "qemu-img check"
luks_expect_root piped.qcow2 two.key root.plain
"$COLDSEAL" decrypt pool.raw - --format qcow2 --key-file pool.key >stream.qcow2
expect_same back.qcow2 stream.qcow2
"$COLDSEAL" decrypt - - --key-file pool.key <pool.raw >stream.raw
expect_same back.raw stream.raw
cat piped.qcow2 | "$COLDSEAL" rekey - - --key-file two.key --drop-slot 0 --key-out three.key >rekeyed.raw
luks_expect_root rekeyed.raw three.key root.plain
! luks_opens rekeyed.raw two.key || fail "the old key opens it"

note "standard input that is a file is read where it is, from its beginning only"
strace -f -qq -y -e trace=openat,read -o trace "$COLDSEAL" inspect - --json <plain.raw >seen.json
! grep -q O_TMPFILE trace || fail "a file was copied"
jq -e '.image.path == "-" and .state == "prepared"' seen.json >/dev/null || fail "report: $(cat seen.json)"
{ printf 'x'; cat plain.raw; } >shifted
{ dd bs=1 count=1 status=none of=/dev/null; "$COLDSEAL" inspect - --quiet; } <shifted || fail "from where the stream stands"

note "zeros of the stream are holes of its copy, and a report goes elsewhere"
cat plain.raw | "$COLDSEAL" encrypt - pool2.raw --key-out four.key --no-prepare --json >report.json
jq -e '.input.path == "-" and .output.path == "pool2.raw" and .input.sha256 == $sum' \
    --arg sum "$(sha256 plain.raw)" report.json >/dev/null || fail "report: $(cat report.json)"
cat plain.raw | strace -f -qq -e trace=pwrite64 -o trace "$COLDSEAL" inspect - --quiet
written=$(awk '{ sum += $NF } END { print sum + 0 }' trace)
[ "$written" -lt $(($(stat -c %s plain.raw) / 2)) ] || fail "$written bytes were written"

note "a key through standard output or input, an image through the other"
"$COLDSEAL" encrypt - pool3.raw --key-out - --no-prepare --holes none <plain.raw >five.key
[ "$(stat -c %s five.key)" = 32 ] || fail "not a key alone"
luks_expect_root pool3.raw five.key root.plain
"$COLDSEAL" decrypt pool3.raw - --key-file - <five.key | cmp - back.raw || fail "key by stdin, image by stdout"

note "what does not go together"
expect_refusal 2 'two outputs' "$COLDSEAL" encrypt plain.raw - --key-out - --no-prepare
expect_refusal 2 '"-" both want standard output' "$COLDSEAL" encrypt plain.raw - --key-out x.key --no-prepare --json
expect_refusal 2 '"-" both want standard output' "$COLDSEAL" encrypt plain.raw - --key-out x.key --no-prepare --statement
expect_refusal 2 'two inputs' "$COLDSEAL" decrypt - x.raw --key-file - </dev/null
expect_refusal 2 'two inputs' "$COLDSEAL" encrypt - x.raw --key-file - --no-prepare </dev/null
expect_refusal 2 'two inputs' "$COLDSEAL" rekey - x.raw --key-file - --key-out x.key </dev/null
expect_refusal 2 'is the input' sh -c '"$0" encrypt plain.raw - --key-out x.key --no-prepare 1<>plain.raw' "$COLDSEAL"
expect_refusal 7 'standard input is no image here' "$COLDSEAL" predict - --firmware x.json
expect_refusal 7 'to a file, not to standard output' "$COLDSEAL" recovery add pool.raw -o - --key-file pool.key \
    --recovery-key-out x.key
[ ! -e ./- ] || fail "a file by the name of -"
[ ! -e x.key ] || fail "a key was left"

# on_terminal COMMAND: its standard input and output are a terminal.
on_terminal()
{
    python3 - "$1" <<'PYTHON'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", sys.argv[1]])
out = b""
try:
    while chunk := os.read(fd, 4096):
        out += chunk
except OSError:
    pass
sys.stderr.write(out.decode(errors="replace").replace("\r\n", "\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}

note "terminals"
expect_refusal 2 'standard output is a terminal' on_terminal "$COLDSEAL encrypt plain.raw - --key-out x.key --no-prepare"
expect_refusal 2 'standard input is a terminal' on_terminal "$COLDSEAL encrypt - x.raw --key-out x.key --no-prepare"
[ ! -e x.key ] || fail "a key was left"

note "a reader that goes away: exit 3, one line, no key"
code=0
{ "$COLDSEAL" encrypt plain.raw - --key-out x.key --no-prepare 2>err || echo $? >code; } | head -c 100000 >/dev/null
[ "$(cat code)" = 3 ] || fail "exit $(cat code)"
[ "$(wc -l <err)" = 1 ] || fail "not one line: $(cat err)"
grep -q 'standard output: write: Broken pipe' err || fail "$(cat err)"
[ ! -e x.key ] || fail "a key was left"
expect_nothing_left

note "a stream that is cut short, or is no image: nothing comes out"
for made in 'head -c 3000000 plain.raw' 'cat /dev/null' 'seq 100000' 'gzip -c plain.raw'; do
    code=0
    $made | "$COLDSEAL" encrypt - - --key-out x.key --no-prepare >nothing 2>err || code=$?
    [ "$code" = 4 ] || [ "$code" = 7 ] || fail "$made: exit $code"
    [ "$(wc -l <err)" = 1 ] || fail "$made: not one line: $(cat err)"
    grep -q '^coldseal: standard input: ' err || fail "$made: $(cat err)"
    [ ! -s nothing ] || fail "$made: something came out"
    [ ! -e x.key ] || fail "$made: a key was left"
done

note "no standard output, no room: exit 3"
expect_refusal 3 'standard output: Bad file descriptor' sh -c '"$0" decrypt pool.raw - --key-file pool.key >&-' "$COLDSEAL"
expect_refusal 3 'standard output: write: No space left' sh -c '"$0" decrypt pool.raw - --key-file pool.key >/dev/full' "$COLDSEAL"
TMPDIR=/nowhere expect_refusal 3 'temporary file in /nowhere' "$COLDSEAL" decrypt pool.raw - --key-file pool.key
TMPDIR=/nowhere expect_refusal 3 'temporary file in /nowhere' sh -c 'cat plain.raw | "$0" inspect -' "$COLDSEAL"
expect_nothing_left
