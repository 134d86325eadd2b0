#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# firmware import against OVMF's variable stores, virt-firmware, efitools and recorded event logs.
# limit: 120
. "$SRC/tests/lib/common.sh"
cd "$TMP"

ovmf=/usr/share/OVMF
recorded=$SRC/tests/replay/ubuntu-2.06-mok
import()
{
    "$COLDSEAL" firmware import "$@"
}

# variables_of FILE: what a document says of them, whatever its origin
variables_of()
{
    jq -S '{secure_boot, variables}' "$1"
}

# data_of FILE NAME: a variable's content
data_of()
{
    jq -r --arg name "$2" '.variables[$name].data // ""' "$1" | base64 -d
}

# digests_of LOG: name and SHA-256 of the variables' events in PCR 7, as tpm2_eventlog has them
digests_of()
{
    tpm2_eventlog "$1" 2>/dev/null | awk '
        /EventType:/ { config = /EV_EFI_VARIABLE_DRIVER_CONFIG/ }
        /AlgorithmId: sha256/ { getline; gsub(/.*"(.*)".*/, "&"); split($0, part, "\""); digest = part[2] }
        config && /UnicodeName:/ { print $2, digest }'
}

# TCG PC Client Platform Firmware Profile, UEFI_VARIABLE_DATA, from a document
digests_from()
{
    python3 - "$1" <<'PYTHON'
import base64, hashlib, json, struct, sys, uuid
variables = json.load(open(sys.argv[1]))["variables"]
vendors = {"SecureBoot": "8be4df61-93ca-11d2-aa0d-00e098032b8c"}
vendors["PK"] = vendors["KEK"] = vendors["SecureBoot"]
vendors["db"] = vendors["dbx"] = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
for name in "SecureBoot", "PK", "KEK", "db", "dbx":
    data = base64.b64decode(variables[name].get("data", ""))
    head = uuid.UUID(vendors[name]).bytes_le + struct.pack("<QQ", len(name), len(data))
    print(name, hashlib.sha256(head + name.encode("utf-16le") + data).hexdigest())
PYTHON
}

note "a store gives what the recorded boots measured"
import "$ovmf/OVMF_VARS_4M.ms.fd" -o ms.json >/dev/null
[ "$(jq -c .secure_boot ms.json)" = true ] || fail "Secure Boot"
jq -e '[.variables[] | select(.guessed)] == []' ms.json >/dev/null || fail "nothing is a guess"
import "$ovmf/OVMF_VARS_4M.fd" -o empty.json >/dev/null
jq -e '.secure_boot == false and .variables.SecureBoot.guessed and .variables.PK.present == false' \
    empty.json >/dev/null || fail "without keys"
for log in "$SRC"/tests/replay/*/eventlog.bin; do
    digests_of "$log" >wanted
    [ "$(wc -l <wanted)" -eq 5 ] || fail "tpm2_eventlog shows no variables"
    case $log in
    *-sboff/*) store=empty ;;
    *) store=ms ;;
    esac
    digests_from $store.json | diff wanted - || fail "${log%/*}: not what was measured"
    import "$log" -f -o log.json >/dev/null
    digests_from log.json | diff wanted - || fail "${log%/*}: from the log"
    # and the boot's other facts
    jq -e '.boot_option_action == {"measured": true}' log.json >/dev/null || fail "boot option"
    level=$(tpm2_eventlog "$log" 2>/dev/null | grep -A 1 'UnicodeName: SbatLevel' | sed -n 's/.*VariableData: "\(.*\)"/\1/p')
    [ -n "$level" ] || fail "tpm2_eventlog shows no SbatLevel"
    [ "$(data_of log.json SbatLevel | xxd -p -c 0)" = "$level" ] || fail "SbatLevel"
    for pcr in 0 1 2 3 5 6; do
        grep -q "^$pcr $(jq -r ".recorded.pcrs.sha256[\"$pcr\"]" log.json)$" "${log%/*}/pcrs.txt" ||
            fail "PCR $pcr is not what the TPM had"
    done
done

note "what virt-fw-vars reads from a store with a MOK"
import "$recorded/virt-fw-vars.json" -o virt.json >/dev/null
jq -r '.variables[] | select(.name == "MokList").data' "$recorded/virt-fw-vars.json" | xxd -r -p >mok.esl
"$SRC/tests/lib/ovmf-add" "$ovmf/OVMF_VARS_4M.ms.fd" mok.fd MokList 605dab50-e046-4300-abb6-3dd810dd8b23 mok.esl
import mok.fd -o mok.json >/dev/null
diff <(variables_of virt.json) <(variables_of mok.json) || fail "not what virt-fw-vars reads"
[ "$(data_of mok.json MokList | wc -c)" -eq 842 ] || fail "MokList"

note "inside a flash image, and as qcow2"
cat "$ovmf/OVMF_VARS_4M.ms.fd" "$ovmf/OVMF_CODE_4M.secboot.fd" >flash.fd
import flash.fd -o flash.json >/dev/null
diff <(variables_of ms.json) <(variables_of flash.json) || fail "flash image"
qemu-img convert -O qcow2 "$ovmf/OVMF_VARS_4M.ms.fd" vars.qcow2
import vars.qcow2 -o qcow2.json >/dev/null
diff <(variables_of ms.json) <(variables_of qcow2.json) || fail "qcow2"

note "Secure Boot switched off"
python3 - "$ovmf/OVMF_VARS_4M.ms.fd" off.fd <<'PYTHON'
import sys
store = bytearray(open(sys.argv[1], "rb").read())
name = "SecureBootEnable\0".encode("utf-16le")
at = store.index(name) + len(name)
assert store[at] == 1
store[at] = 0
open(sys.argv[2], "wb").write(store)
PYTHON
import off.fd -o off.json >/dev/null
jq -e '.secure_boot == false and .variables.SecureBoot.data == "AA==" and
    .variables.SecureBoot.guessed == null and .variables.PK.present' off.json >/dev/null ||
    fail "switched off"

note "a folder of efivars"
mkdir efivars
python3 - "$recorded/virt-fw-vars.json" efivars <<'PYTHON'
import json, struct, sys
shim = "605dab50-e046-4300-abb6-3dd810dd8b23"
variables = json.load(open(sys.argv[1]))["variables"]
mok = bytes.fromhex(next(v["data"] for v in variables if v["name"] == "MokList"))
files = {v["name"] + "-" + v["guid"]: (v["attr"], bytes.fromhex(v["data"])) for v in variables
         if v["attr"] & 4}
files["SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"] = 6, b"\1"
files["MokListRT-" + shim] = 6, mok + mok # shim's own certificate first
files["MokListTrustedRT-" + shim] = 6, b"\1"
files["SbatLevelRT-" + shim] = 6, b"sbat,1,2022052400\ngrub,2\n"
for name, (attributes, data) in files.items():
    open(sys.argv[2] + "/" + name, "wb").write(struct.pack("<I", attributes) + data)
PYTHON
import efivars -o efivars.json >/dev/null
for name in SecureBoot PK KEK db dbx MokList; do
    cmp <(data_of efivars.json $name) <(data_of mok.json $name) || fail "efivars: $name"
done
jq -e '.variables.MokList.guessed and .variables.SbatLevel.present and
    .variables.MokListTrusted == {"present": false} and .variables.MokListX == null and
    .variables.MokSBState == {"present": false}' efivars.json >/dev/null || fail "shim's copies"

note "sources together"
import mok.fd "$recorded/eventlog.bin" -o both.json >out
grep -q 'another SbatLevel' out || fail "the difference is not told"
jq -e '.variables.SbatLevel.present and .variables.MokList.present and .recorded.events != [] and
    .boot_option_action.guessed == null' both.json >/dev/null || fail "together"
import efivars "$recorded/virt-fw-vars.json" -q -o later.json
jq -e '.variables.MokList.guessed == null' later.json >/dev/null || fail "read counts more"
import both.json -q -o again.json
cmp <(jq 'del(.origin)' both.json) <(jq 'del(.origin)' again.json) || fail "a document again"
import mok.fd -q -o - | diff - mok.json || fail "standard output"
expect_refusal 3 'exist' "$COLDSEAL" firmware import mok.fd -o mok.json
import mok.fd -q -f -o mok.json

note "lists that efitools made"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out one.pem -subj '/CN=a test key/' 2>/dev/null
openssl x509 -in one.pem -outform DER -out one.der
cert-to-efi-sig-list -g 11111111-2222-3333-4444-123456789abc one.pem one.esl
cat one.esl one.esl >two.esl
printf 'sbat,1,2025051000\n' >level
: >none
import mok.fd --db two.esl --mok-list one.esl --dbx none --sbat-level level --secure-boot off \
    -o lists.json >out
grep -q 'CN = a test key' out || fail "the certificate's subject is not shown"
cmp two.esl <(data_of lists.json db) || fail "db"
jq -e '.secure_boot == false and .variables.dbx == {"present": false}' lists.json >/dev/null ||
    fail "what was said"
data_of lists.json MokList >read.esl
sig-list-to-certs read.esl back >/dev/null
cmp one.der back-0.der || fail "sig-list-to-certs reads another certificate"
import --db one.esl --json -o db.json >out
jq -e '.firmware.variables.db.certificates == ["CN = a test key"] and
    (.firmware.unknown | index("dbx") != null)' out >/dev/null || fail "JSON report"

note "documents that come with coldseal are those of the package"
diff <(jq 'del(.origin)' "$SRC/templates/firmware/debian-12-ovmf-ms.json") \
    <(jq 'del(.origin)' ms.json) || fail "debian-12-ovmf-ms"
diff <(jq 'del(.origin)' "$SRC/templates/firmware/debian-12-ovmf.json") \
    <(jq 'del(.origin)' empty.json) || fail "debian-12-ovmf"

note "refusals"
head -c 300000 mok.fd >cut.fd
expect_refusal 4 'cut.fd: event log' "$COLDSEAL" firmware import cut.fd -o x.json
expect_refusal 4 'digest' "$COLDSEAL" firmware import \
    <(xxd -p "$recorded/eventlog.bin" | tr -d '\n' | sed 's/a159c0a5e494a74a/a159c0a5e494a74b/' | xxd -r -p) -o x.json
expect_refusal 4 'no EFI variables' "$COLDSEAL" firmware import . -o x.json
expect_refusal 4 'malformed' "$COLDSEAL" firmware import --db one.der -o x.json
expect_refusal 3 'nowhere' "$COLDSEAL" firmware import nowhere -o x.json
expect_refusal 2 'nothing to import' "$COLDSEAL" firmware import -o x.json
expect_refusal 2 'needed' "$COLDSEAL" firmware import mok.fd
expect_refusal 2 '"on" or "off"' "$COLDSEAL" firmware import mok.fd --secure-boot yes -o x.json
expect_refusal 2 'one too many' "$COLDSEAL" firmware import 1 2 3 4 5 6 7 8 9 -o x.json
expect_refusal 7 'version 3' "$COLDSEAL" firmware import <(echo '{"version": 3, "variables": []}') -o x.json
[ ! -e x.json ] || fail "something is left under the output's name"
