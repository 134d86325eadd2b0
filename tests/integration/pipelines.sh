#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.raw
# limit: 300
# The examples of docs/pipelines.md: their commands are taken out of the files as a YAML parser reads
# them, and run in the order and with the variables and folders that the files say, by a user without
# privileges and without a network.
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/tiny_image.sh"
. "$SRC/tests/lib/schema.sh"
. "$SRC/tests/lib/unprivileged.sh"

# What a runner has, and no more: copies, since the folder of the build may be closed to others.
place=$(mktemp -d /tmp/coldseal-pipelines-XXXXXX)
on_exit rm -rf "$place"
mkdir -p "$place/bin" "$place/share/firmware"
cp "$COLDSEAL" "$place/bin"
cp "$SRC"/templates/* "$place/share" 2>/dev/null || true
cp "$SRC"/templates/firmware/*.json "$place/share/firmware"

# as_job FOLDER SCRIPT [NAME=VALUE…]: the shell that a job gets, in FOLDER.
as_job()
{
    local folder=$1 script=$2
    shift 2
    unprivileged_own "$place"
    (cd "$folder" && "${unprivileged[@]}" env -i PATH="$place/bin:$PATH" COLDSEAL_DATA_DIR="$place/share" "$@" \
        sh -euc "$script") >"$TMP/job.log" 2>&1 || { cat "$TMP/job.log" >&2; fail "the job failed"; }
}

note "what the jobs find: an image, two machines, a certificate"
made=$TMP/made
mkdir "$made"
tiny_bootable "$made/image.raw"
qemu-img convert -O qcow2 "$made/image.raw" "$made/image.qcow2"
for vm in vm1 vm2; do
    swtpm_create "$made/$vm" --create-spk --ecc
    "$COLDSEAL" target read --quiet --swtpm-state "$made/$vm" -o "$made/$vm.target"
done
"$COLDSEAL" firmware import --quiet /usr/share/OVMF/OVMF_VARS_4M.ms.fd -o "$made/vm1.firmware"
openssl req -x509 -nodes -newkey rsa:2048 -subj /CN=escrow -days 30 -addext keyUsage=critical,keyEncipherment \
    -keyout "$made/escrow.key" -out "$made/escrow.pem" 2>/dev/null
head -c 33 /dev/urandom | base64 >"$made/pool.key"

# opens DISK CMS: the recovery key, got out with the private key, opens the disk.
opens()
{
    rm -f "$TMP/recovery" "$TMP/plain.raw"
    openssl cms -decrypt -inform PEM -in "$2" -inkey "$made/escrow.key" -out "$TMP/recovery"
    expect_code 0 "$COLDSEAL" decrypt "$1" "$TMP/plain.raw" --key-file "$TMP/recovery"
}

note "GitLab CI"
python3 - "$SRC/docs/gitlab-ci.yml" "$TMP" <<'END'
import json, sys, yaml
ci = yaml.safe_load(open(sys.argv[1]))
out = sys.argv[2]
jobs = {name: job for name, job in ci.items() if isinstance(job, dict) and "script" in job}
assert list(jobs) == ["golden", "seal"], list(jobs)
assert [jobs[name]["stage"] for name in jobs] == ci["stages"]
for name, job in jobs.items():
    assert job["extends"] in ci and "coldseal_*.deb" in str(ci[job["extends"]]["before_script"])
    open("%s/%s.script" % (out, name), "w").write("\n".join(job["script"]) + "\n")
    open("%s/%s.paths" % (out, name), "w").write("\n".join(job["artifacts"]["paths"]) + "\n")
open(out + "/variables", "w").write("".join("%s=%s\n" % item for item in ci["variables"].items()))
open(out + "/vms", "w").write("\n".join(jobs["seal"]["parallel"]["matrix"][0]["VM"]) + "\n")
assert ci[".coldseal"]["retry"]["exit_codes"] == [75]
END
mapfile -t variables <"$TMP/variables"
mapfile -t vms <"$TMP/vms"
mkdir -p "$place/golden" "$place/secrets"
cp "$made/image.qcow2" "$place/golden"
cp "$made/pool.key" "$place/secrets"
as_job "$place/golden" "$(cat "$TMP/golden.script")" "${variables[@]}" POOL_KEY="$place/secrets/pool.key"
schema_check statement "$place/golden/golden.intoto.json"
for vm in "${vms[@]}"; do
    # the next job has the artifacts of the one before, and nothing else of it
    mkdir -p "$place/$vm/targets"
    (cd "$place/golden" && xargs -I{} cp {} "$place/$vm" <"$TMP/golden.paths")
    cp "$made/$vm.target" "$place/$vm/targets/$vm.json"
    cp "$made/escrow.pem" "$place/$vm"
    as_job "$place/$vm" "$(cat "$TMP/seal.script")" "${variables[@]}" POOL_KEY="$place/secrets/pool.key" VM="$vm"
    while read -r path; do
        [ -s "$place/$vm/${path/\$VM/$vm}" ] || fail "no artifact $path"
    done <"$TMP/seal.paths"
    opens "$place/$vm/$vm.qcow2" "$place/$vm/$vm.recovery.cms"
    ! grep -qF -f "$made/pool.key" "$place/$vm"/*.json || fail "the pool key is in a statement"
    [ "$(jq -r '.predicate.input.sha256' "$place/$vm/$vm.intoto.json")" = \
        "$(jq -r '.subject[0].digest.sha256' "$place/golden/golden.intoto.json")" ] || fail "the statements do not join"
done

note "Kubernetes"
work=$place/work
python3 - "$SRC/docs/kubernetes-job.yaml" "$TMP" <<'END'
import sys, yaml
job = yaml.safe_load(open(sys.argv[1]))
assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
spec = job["spec"]["template"]["spec"]
(container,) = spec["containers"]
assert spec["restartPolicy"] == "Never" and spec["securityContext"]["runAsNonRoot"]
assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                        "capabilities": {"drop": ["ALL"]}}
(rule,) = job["spec"]["podFailurePolicy"]["rules"]
assert rule["onExitCodes"]["containerName"] == container["name"] and rule["onExitCodes"]["values"] == [75]
assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in spec["volumes"]}
assert container["command"] == ["/bin/sh", "-euc"]
out, base = sys.argv[2], container["workingDir"] + "/"
mounts = [m["mountPath"] for m in container["volumeMounts"]]
assert all(m.startswith(base) for m in mounts)
(script,) = container["args"]
open(out + "/job.script", "w").write(script)
open(out + "/job.mounts", "w").write("\n".join(m[len(base):] for m in mounts) + "\n")
open(out + "/job.env", "w").write("".join("%s=%s\n" % (e["name"], e["value"]) for e in container["env"]))
open(out + "/job.base", "w").write(base)
END
(mkdir -p "$work" && cd "$work" && xargs mkdir <"$TMP/job.mounts")
cp "$made/image.qcow2" "$work/input"
cp "$made/vm1.target" "$made/vm1.firmware" "$made/escrow.pem" "$work/documents"
mapfile -t variables < <(sed "s|$(cat "$TMP/job.base")|$work/|" "$TMP/job.env")
as_job "$work" "$(cat "$TMP/job.script")" "${variables[@]}"
schema_check statement "$work/output/vm1.intoto.json"
opens "$work/output/vm1.qcow2" "$work/output/vm1.recovery.cms"
left=$(cd "$work/output" && find . -type f | sort | tr '\n' ' ')
[ "$left" = './vm1.intoto.json ./vm1.qcow2 ./vm1.recovery.cms ' ] || fail "the output holds $left"
