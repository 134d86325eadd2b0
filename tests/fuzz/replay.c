/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds each file named on the command line to a fuzz target, without libFuzzer. */
#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "fuzz.h"

#define INPUT_LIMIT_BYTES ((size_t)64 << 20)

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct error err = {0};
        OWNED(bytes) input = bytes_read_file(argv[i], INPUT_LIMIT_BYTES, &err);
        if (input == NULL) {
            fprintf(stderr, "%s\n", err.message);
            return EXIT_FAILURE;
        }
        LLVMFuzzerTestOneInput(input->data, input->size);
    }
    printf("%d inputs replayed\n", argc - 1);
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
