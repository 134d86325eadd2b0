/* SPDX-License-Identifier: Apache-2.0 */
/* What the copy engine writes and where. That its ciphertext is right is shown by cryptsetup, in
 * integration/luks2-cryptsetup. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "crypt/copy.h"
#include "crypt/sector_cipher.h"
#include "sketch_disk.h"

#define UNIT 4096
#define MIB ((uint64_t)1 << 20)

struct bench {
    struct sketch source;
    struct sketch target;
    struct disk *source_disk;
    struct disk *target_disk;
    struct secret *key;       /* of what is encrypted or decrypted, and recrypted to */
    struct secret *other_key; /* recrypted from */
    struct copy_result result;
};

static void bench_init(struct bench *bench, uint64_t source_size, uint64_t target_size)
{
    struct error err = {0};

    memset(bench, 0, sizeof(*bench));
    sketch_init(&bench->source, source_size);
    sketch_init(&bench->target, target_size);
    bench->source_disk = sketch_disk(&bench->source);
    bench->target_disk = sketch_disk(&bench->target);
    bench->key = secret_new(64, &err);
    for (size_t i = 0; i < 64; i++)
        bench->key->data[i] = (uint8_t)(i * 7);
    bench->other_key = secret_random(64, &err);
}

static void bench_end(struct bench *bench)
{
    disk_free(bench->source_disk);
    disk_free(bench->target_disk);
    secret_free(bench->key);
    secret_free(bench->other_key);
    sketch_end(&bench->source);
    sketch_end(&bench->target);
}

static bool bench_run(struct bench *bench, const struct copy_region *regions, size_t count,
                      unsigned threads, struct error *err)
{
    bool recrypts = regions[0].mode == COPY_RECRYPT;
    struct copy_job job = {
        .source = bench->source_disk,
        .target = bench->target_disk,
        .regions = regions,
        .region_count = count,
        .source_key = recrypts ? bench->other_key : bench->key,
        .target_key = bench->key,
        .sector_bytes = UNIT,
        .threads = threads,
    };

    return copy_run(&job, &bench->result, err);
}

static int compare_ranges(const void *a, const void *b)
{
    const struct range *left = a;
    const struct range *right = b;

    return left->offset_bytes < right->offset_bytes ? -1 : 1;
}

/* What was written, byte for byte, is what copy_append_ranges() had said. */
static void assert_agrees(struct bench *bench, const struct copy_region *regions, size_t count)
{
    struct error err = {0};
    OWNED(ranges) said = ranges_new(&err);
    OWNED(ranges) done = ranges_new(&err);
    struct sketch *target = &bench->target;

    for (size_t i = 0; i < count; i++)
        assert_true(copy_append_ranges(said, bench->source_disk, &regions[i], &err));
    qsort(target->writes, target->write_count, sizeof(target->writes[0]), compare_ranges);
    for (size_t i = 0; i < target->write_count; i++)
        assert_true(ranges_append(done, target->writes[i].offset_bytes,
                                  target->writes[i].length_bytes, &err));
    assert_int_equal(said->count, done->count);
    assert_memory_equal(said->items, done->items, said->count * sizeof(said->items[0]));
    assert_int_equal(bench->result.written_bytes, ranges_total(said));
}

/* `size` bytes of the target at `offset`, decrypted as the data segment that starts at `start`. */
static struct bytes *decrypted(struct bench *bench, uint64_t start, uint64_t offset, size_t size)
{
    struct error err = {0};
    struct bytes *bytes = bytes_copy(bench->target.data->data + offset, size, &err);
    OWNED(sector_cipher) cipher = sector_cipher_new(bench->key, UNIT, false, &err);

    assert_true(sector_cipher_run(cipher, bytes->data, size, offset - start, &err));
    return bytes;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

/* Sizes and offsets that fit nothing; a source that ends inside the region. */
static void test_plain(void **state)
{
    struct error err = {0};
    struct bench bench;
    const uint64_t size = 5 * MIB + 512;
    struct copy_region region = {512, 1024, size, size + 1536, COPY_PLAIN, NULL};

    (void)state;
    bench_init(&bench, size, 8 * MIB);
    sketch_fill(&bench.source, 0, 2 * MIB + 512);
    sketch_fill(&bench.source, 4 * MIB + 1024, MIB - 512);
    assert_true(bench_run(&bench, &region, 1, 2, &err));
    assert_agrees(&bench, &region, 1);
    assert_memory_equal(bench.target.data->data + 1024, bench.source.data->data + 512, size - 512);
    assert_true(is_zero(bench.target.data->data + 512 + size, 1024));
    assert_int_equal(bench.result.written_bytes, 3 * MIB - 512);
    assert_int_equal(bench.result.hole_bytes, size + 1536 - bench.result.written_bytes);
    bench_end(&bench);
}

static void test_encrypt_all(void **state)
{
    struct error err = {0};
    struct bench bench;
    struct copy_region region = {MIB, 2 * MIB, 3 * MIB + 512, 3 * MIB + UNIT, COPY_ENCRYPT, NULL};

    (void)state;
    bench_init(&bench, 4 * MIB + 512, 6 * MIB);
    sketch_fill(&bench.source, MIB, MIB);
    sketch_fill(&bench.source, 4 * MIB, 512);
    assert_true(bench_run(&bench, &region, 1, 3, &err));
    assert_agrees(&bench, &region, 1);
    assert_int_equal(bench.result.written_bytes, region.padded_length_bytes);
    OWNED(bytes) plain = decrypted(&bench, 2 * MIB, 2 * MIB, region.padded_length_bytes);
    assert_memory_equal(plain->data, bench.source.data->data + MIB, region.length_bytes);
    assert_true(is_zero(plain->data + region.length_bytes, UNIT - 512));
    assert_false(is_zero(bench.target.data->data + 4 * MIB, UNIT)); /* zeros are encrypted, too */
    assert_true(is_zero(bench.target.data->data, 2 * MIB));
    assert_true(is_zero(bench.target.data->data + 5 * MIB + UNIT, MIB - UNIT));
    bench_end(&bench);
}

/* A used range of 1 KiB takes its whole sector along; what is free stays a hole, data or not. */
static void test_encrypt_used(void **state)
{
    struct error err = {0};
    struct bench bench;
    OWNED(ranges) used = ranges_new(&err);
    struct copy_region region = {0, MIB, 4 * MIB, 4 * MIB, COPY_ENCRYPT, used};

    (void)state;
    bench_init(&bench, 4 * MIB, 6 * MIB);
    sketch_fill(&bench.source, 0, 4 * MIB);
    assert_true(ranges_append(used, 0, UNIT, &err));
    assert_true(ranges_append(used, 5 * UNIT + 1024, 1024, &err));
    assert_true(ranges_append(used, MIB - 1024, 2048, &err)); /* two sectors, two windows */
    assert_true(ranges_append(used, 3 * MIB + 2048, MIB - 2048, &err));
    assert_true(bench_run(&bench, &region, 1, 2, &err));
    assert_agrees(&bench, &region, 1);
    assert_int_equal(bench.result.written_bytes, MIB + 4 * UNIT);
    assert_int_equal(bench.result.hole_bytes, 3 * MIB - 4 * UNIT);
    const uint64_t places[] = {0, 5 * UNIT, MIB - UNIT, MIB, 3 * MIB, 4 * MIB - UNIT};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        OWNED(bytes) plain = decrypted(&bench, MIB, MIB + places[i], UNIT);
        assert_memory_equal(plain->data, bench.source.data->data + places[i], UNIT);
    }
    assert_true(is_zero(bench.target.data->data + MIB + UNIT, 4 * UNIT));
    assert_true(is_zero(bench.target.data->data + 2 * MIB + UNIT, 2 * MIB - UNIT));
    bench_end(&bench);
}

/* Decryption leaves whole blocks that never were written as holes, and only those. */
static void test_decrypt_holes(void **state)
{
    struct error err = {0};
    struct bench bench;
    struct copy_region region = {MIB, 0, 4 * MIB, 4 * MIB, COPY_DECRYPT, NULL};

    (void)state;
    bench_init(&bench, 5 * MIB, 4 * MIB);
    sketch_fill(&bench.source, MIB, 3 * UNIT + 512);
    sketch_fill(&bench.source, MIB + 9 * UNIT - 512, 1024); /* across a border */
    sketch_fill(&bench.source, 3 * MIB, MIB);
    assert_true(bench_run(&bench, &region, 1, 2, &err));
    assert_agrees(&bench, &region, 1);
    assert_int_equal(bench.result.written_bytes, MIB + 6 * UNIT);
    assert_true(is_zero(bench.target.data->data + 4 * UNIT, 4 * UNIT));
    assert_true(is_zero(bench.target.data->data + 10 * UNIT, 2 * MIB - 10 * UNIT));

    OWNED(bytes) whole = bytes_copy(bench.source.data->data + MIB, 4 * MIB, &err);
    OWNED(sector_cipher) cipher = sector_cipher_new(bench.key, UNIT, false, &err);
    assert_true(sector_cipher_run(cipher, whole->data, whole->size, 0, &err));
    assert_memory_equal(bench.target.data->data, whole->data, 4 * UNIT);
    assert_memory_equal(bench.target.data->data + 8 * UNIT, whole->data + 8 * UNIT, 2 * UNIT);
    assert_memory_equal(bench.target.data->data + 2 * MIB, whole->data + 2 * MIB, MIB);
    bench_end(&bench);
}

/* From one key to the other: plaintext stays, whole blocks that never were written stay holes. */
static void test_recrypt(void **state)
{
    struct error err = {0};
    struct bench bench;
    struct copy_region region = {MIB, 2 * MIB, 4 * MIB, 4 * MIB, COPY_RECRYPT, NULL};

    (void)state;
    bench_init(&bench, 5 * MIB, 6 * MIB);
    sketch_fill(&bench.source, MIB, 3 * UNIT + 512);
    sketch_fill(&bench.source, 3 * MIB, 2 * MIB);
    assert_true(bench_run(&bench, &region, 1, 2, &err));
    assert_agrees(&bench, &region, 1);
    assert_int_equal(bench.result.written_bytes, 2 * MIB + 4 * UNIT);
    assert_int_equal(bench.result.hole_bytes, 2 * MIB - 4 * UNIT);
    assert_true(is_zero(bench.target.data->data + 2 * MIB + 4 * UNIT, 2 * MIB - 4 * UNIT));

    OWNED(bytes) expected = bytes_copy(bench.source.data->data + MIB, 4 * MIB, &err);
    OWNED(sector_cipher) cipher = sector_cipher_new(bench.other_key, UNIT, false, &err);
    assert_true(sector_cipher_run(cipher, expected->data, expected->size, 0, &err));
    OWNED(bytes) plain = decrypted(&bench, 2 * MIB, 2 * MIB, 4 * MIB);
    assert_memory_equal(plain->data, expected->data, 4 * UNIT);
    assert_memory_equal(plain->data + 2 * MIB, expected->data + 2 * MIB, 2 * MIB);
    bench_end(&bench);
}

struct watch {
    uint64_t last;
    uint64_t total;
    bool backwards;
    char stage[16];
};

static void watch_update(void *context, const char *stage, uint64_t done, uint64_t total)
{
    struct watch *watch = context;

    watch->backwards |= done < watch->last;
    watch->last = done;
    watch->total = total;
    strncpy(watch->stage, stage, sizeof(watch->stage) - 1);
}

/* Several regions in one go: what a disk is made of. */
static void test_regions(void **state)
{
    struct error err = {0};
    struct bench bench;
    struct watch watch = {0};
    const struct copy_region regions[] = {
        {0, 0, MIB, MIB, COPY_PLAIN, NULL},
        {MIB, 3 * MIB, 2 * MIB, 2 * MIB, COPY_ENCRYPT, NULL},
        {3 * MIB, 2 * MIB, 0, 0, COPY_PLAIN, NULL},
        {3 * MIB, 5 * MIB, MIB, MIB, COPY_PLAIN, NULL},
    };

    (void)state;
    bench_init(&bench, 4 * MIB, 6 * MIB);
    sketch_fill(&bench.source, 0, 4 * MIB);
    struct copy_job job = {
        .source = bench.source_disk,
        .target = bench.target_disk,
        .regions = regions,
        .region_count = 4,
        .target_key = bench.key,
        .sector_bytes = UNIT,
        .threads = 4,
        .progress = {watch_update, &watch},
    };
    assert_true(copy_run(&job, &bench.result, &err));
    assert_memory_equal(bench.target.data->data, bench.source.data->data, MIB);
    assert_memory_equal(bench.target.data->data + 5 * MIB, bench.source.data->data + 3 * MIB, MIB);
    OWNED(bytes) plain = decrypted(&bench, 3 * MIB, 3 * MIB, 2 * MIB);
    assert_memory_equal(plain->data, bench.source.data->data + MIB, 2 * MIB);
    assert_false(watch.backwards);
    assert_int_equal(watch.last, 4 * MIB);
    assert_int_equal(watch.total, 4 * MIB);
    assert_string_equal(watch.stage, "encrypt");
    bench_end(&bench);
}

/* A file's SEEK_HOLE takes as long as the extent is: nobody asks for one extent twice. */
static void test_extents_are_asked_for_once(void **state)
{
    struct error err = {0};
    struct bench bench;
    struct copy_region region = {0, 0, 32 * MIB, 32 * MIB, COPY_PLAIN, NULL};

    (void)state;
    bench_init(&bench, 32 * MIB, 32 * MIB);
    sketch_fill(&bench.source, 0, 32 * MIB);
    bench.source.extent_limit = 64 * MIB;
    assert_true(bench_run(&bench, &region, 1, 4, &err));
    assert_in_range(bench.source.extent_calls, 1, 4);
    bench_end(&bench);
}

static void test_failure_stops(void **state)
{
    struct error err = {0};
    struct bench bench;
    struct copy_region region = {0, 0, 64 * MIB, 64 * MIB, COPY_ENCRYPT, NULL};

    (void)state;
    bench_init(&bench, 64 * MIB, 64 * MIB);
    bench.target.fail_after = 5;
    assert_false(bench_run(&bench, &region, 1, 4, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_int_equal(bench.target.write_count, 5);
    assert_true(bench.result.written_bytes <= 5 * MIB);
    bench_end(&bench);
}

static void test_refusals(void **state)
{
    struct error err = {0};
    struct bench bench;
    struct copy_region odd = {0, 0, MIB + 512, MIB + 512, COPY_ENCRYPT, NULL};
    struct copy_region shrunk = {0, 0, MIB, MIB - 1, COPY_PLAIN, NULL};
    struct copy_region endless = {UINT64_MAX, 0, MIB, MIB, COPY_PLAIN, NULL};

    (void)state;
    bench_init(&bench, 2 * MIB, 2 * MIB);
    assert_false(bench_run(&bench, &odd, 1, 1, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_false(bench_run(&bench, &shrunk, 1, 1, &err));
    assert_false(bench_run(&bench, &endless, 1, 1, &err));
    assert_int_equal(bench.target.write_count, 0);
    bench_end(&bench);
}

/* Random lists of what is in use, and random extents: written is what was said, and every sector
 * that is written is the right one. */
static void test_random(void **state)
{
    struct error err = {0};
    const uint64_t size = 6 * MIB;

    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++) {
        struct bench bench;
        OWNED(ranges) used = ranges_new(&err);
        uint64_t offset = 0;

        srand(seed);
        bench_init(&bench, size, size);
        while (offset < size - 300000) {
            uint64_t length = 512 + (uint64_t)(rand() % 400) * 512;
            assert_true(ranges_append(used, offset, length, &err));
            sketch_fill(&bench.source, offset, length);
            offset += length + (uint64_t)(rand() % (seed % 3 == 0 ? 300 : 12)) * 512;
        }
        enum copy_mode mode = seed % 2 == 0 ? COPY_ENCRYPT : COPY_DECRYPT;
        struct copy_region region = {0, 0, size, size, mode, mode == COPY_ENCRYPT ? used : NULL};
        assert_true(bench_run(&bench, &region, 1, 3, &err));
        assert_agrees(&bench, &region, 1);

        OWNED(bytes) expected = bytes_copy(bench.source.data->data, size, &err);
        OWNED(sector_cipher) cipher =
            sector_cipher_new(bench.key, UNIT, mode == COPY_ENCRYPT, &err);
        assert_true(sector_cipher_run(cipher, expected->data, size, 0, &err));
        for (uint64_t at = 0; at < size; at += UNIT) {
            bool inside = false;
            for (uint64_t piece = at; piece < at + UNIT; piece += 512)
                inside |= bench.source.is_data[piece / 512];
            const uint8_t *written = bench.target.data->data + at;
            if (inside)
                assert_memory_equal(written, expected->data + at, UNIT);
            else
                assert_true(is_zero(written, UNIT));
        }
        bench_end(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_encrypt_all),
        cmocka_unit_test(test_encrypt_used), cmocka_unit_test(test_decrypt_holes),
        cmocka_unit_test(test_regions),      cmocka_unit_test(test_failure_stops),
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_extents_are_asked_for_once),
        cmocka_unit_test(test_random),       cmocka_unit_test(test_recrypt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
