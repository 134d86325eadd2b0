#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of the code that a compiler does not know: HACKING.md says why.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

max_lines=400
# To a stream of its own in memory is another matter.
no_output='(printf|vprintf|dprintf|puts|putchar|perror|warn|warnx|err|errx)'
no_process='(exit|_exit|abort|system|popen|signal)'
# What people set for libraries and temporary files; and one file tells tpm2-tss not to print.
environment_known='getenv\("(TMPDIR|LIBGUESTFS_PATH|SUPERMIN_KERNEL|TSS2_LOG)"\)|^lib/seal/tss_quiet\.c:.*\bsetenv\('
unsafe='(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|strncpy|strncat|rand|random|tmpnam|mktemp)'

cd "$SRC"
mapfile -t lib_files < <(find lib -name '*.[ch]' | sort)
mapfile -t program_files < <(find cmd -name '*.[ch]' | sort)
mapfile -t test_files < <(find tests -name '*.[ch]' | sort)
[ ${#lib_files[@]} -gt 50 ] || fail "where is the library?"

# The same files without comments and without what stands in quotes, lines kept, below $TMP.
mkdir "$TMP/code"
perl -e '
    for my $name (@ARGV) {
        open(my $in, "<", $name) or die "$name: $!";
        (my $folder = "$ENV{TMP}/code/$name") =~ s{/[^/]*$}{};
        system("mkdir", "-p", $folder);
        open(my $out, ">", "$ENV{TMP}/code/$name") or die "$name: $!";
        local $/;
        my $code = <$in>;
        $code =~ s{("(?:[^"\\\n]|\\.)*")|(\x27(?:[^\x27\\\n]|\\.)*\x27)|(/\*.*?\*/|//[^\n]*)}
            {defined $3 ? "\n" x ($3 =~ tr/\n//) : "\"\""}gesx;
        print $out $code;
    }' "${lib_files[@]}" "${program_files[@]}" "${test_files[@]}"

# code_with PATTERN FILE…: "FILE:LINE:…" of the code that matches.
code_with()
{
    local pattern=$1
    shift
    (cd "$TMP/code" || exit 1; grep -HnE -- "$pattern" "$@" || true)
}

none()
{
    local what=$1 found
    shift
    found=$(code_with "$@")
    [ -z "$found" ] || fail "$what:
$found"
}

no_calls()
{
    local what=$1 names=$2
    shift 2
    none "$what" "(^|[^A-Za-z0-9_.>])$names *\\(" "$@"
}

no_calls "lib/ prints" "$no_output" "${lib_files[@]}"
no_calls "lib/ ends the process" "$no_process" "${lib_files[@]}"
! grep -nE '\b(secure_)?(get|set|put|unset)env *\(' "${lib_files[@]}" | grep -vE "$environment_known" ||
    fail "lib/ uses the environment"
no_calls "unsafe function" "$unsafe" "${lib_files[@]}" "${program_files[@]}"

none "lib/ has to do with a terminal" '\b(stdout|stderr|stdin)\b' "${lib_files[@]}"
none "goto" '\bgoto\b' "${lib_files[@]}" "${program_files[@]}" "${test_files[@]}"

for file in "${lib_files[@]}" "${program_files[@]}" "${test_files[@]}"; do
    read -r first <"$file"
    [ "$first" = '/* SPDX-License-Identifier: Apache-2.0 */' ] || fail "$file: no licence line"
done
# In two parts, so that this file does not find itself.
! grep -rnE 'TO''DO|FIX''ME|XX''X:' lib cmd templates tests --include='*.[ch]' --include='*.sh' ||
    fail "unfinished"

for file in "${lib_files[@]}" "${program_files[@]}"; do
    [ "$(wc -l <"$file")" -le $max_lines ] || fail "$file is longer than $max_lines lines"
done

note "no state between calls: nothing of the library's lies in writable memory"
writable=$(objdump -t "$BUILD/libcoldseal.a" |
    awk 'NF > 3 && $(NF-2) ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)$/ && $(NF-1) !~ /^0+$/ { print $NF }')
[ -z "$writable" ] || fail "writable: $writable"
