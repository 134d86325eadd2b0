/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the qcow2 reader on hand-made bytes; whole images are for the integration tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "core/writer.h"
#include "image/inflate.h"
#include "image/qcow2_entry.h"
#include "image/qcow2_header.h"

#define FILE_BYTES (UINT64_C(1) << 20)

/* docs/interop/qcow2.txt, field by field: 64 KiB clusters, 1 GiB, L1 table of two entries. */
static void write_header(uint8_t header[QCOW2_HEADER_READ_BYTES], uint32_t version)
{
    struct writer w = writer_over(header, QCOW2_HEADER_READ_BYTES);

    write_bytes(&w, "QFI\xfb", 4);
    write_u32be(&w, version);
    write_zeros(&w, 8 + 4); /* backing file */
    write_u32be(&w, 16);
    write_u64be(&w, UINT64_C(1) << 30);
    write_u32be(&w, 0);
    write_u32be(&w, 2);
    write_u64be(&w, 0x30000);
    write_u64be(&w, 0x10000);
    write_u32be(&w, 1);
    write_zeros(&w, 4 + 8 + 8 + 8 + 8);
    write_u32be(&w, 6);
    write_u32be(&w, 112);
    write_zeros(&w, 8);
    assert_false(w.failed);
}

static void parses_header(void **state)
{
    uint8_t bytes[QCOW2_HEADER_READ_BYTES];
    struct qcow2_header header;
    struct error err = {0};

    (void)state;
    write_header(bytes, 3);
    assert_true(qcow2_header_parse(bytes, sizeof(bytes), FILE_BYTES, &header, &err));
    assert_int_equal(header.cluster_bytes, 65536);
    assert_int_equal(header.l2_entries, 8192);
    assert_int_equal(header.l1_entries_used, 2);
    assert_int_equal(header.refcount_order, 6);
    assert_int_equal(header.l1_offset, 0x30000);
    assert_int_equal(header.refcount_table_offset, 0x10000);
}

/* Version 2 ends at byte 72 and has 16-bit refcounts; what follows is not part of it. */
static void parses_version_2(void **state)
{
    uint8_t bytes[QCOW2_HEADER_READ_BYTES];
    struct qcow2_header header;
    struct error err = {0};

    (void)state;
    write_header(bytes, 2);
    memset(bytes + 72, 0xff, sizeof(bytes) - 72);
    assert_true(qcow2_header_parse(bytes, 72, FILE_BYTES, &header, &err));
    assert_true(qcow2_header_parse(bytes, sizeof(bytes), FILE_BYTES, &header, &err));
    assert_int_equal(header.refcount_order, 4);
    assert_int_equal(header.incompatible, 0);
    assert_int_equal(header.compression_type, 0);
}

static void refuses_short_headers(void **state)
{
    uint8_t bytes[QCOW2_HEADER_READ_BYTES];
    struct qcow2_header header;

    (void)state;
    write_header(bytes, 3);
    for (size_t size = 0; size <= 104; size++) {
        struct error err = {0};
        assert_false(qcow2_header_parse(bytes, size, FILE_BYTES, &header, &err));
        assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    }
}

#define QCOW2_CONTRADICTION ((enum qcow2_cluster_kind) - 1)

static struct qcow2_header entry_header(uint32_t version, uint32_t cluster_bits)
{
    return (struct qcow2_header){
        .version = version,
        .cluster_bits = cluster_bits,
        .cluster_bytes = UINT64_C(1) << cluster_bits,
    };
}

static void check_entry(uint64_t entry, enum qcow2_cluster_kind kind, uint64_t offset,
                        uint32_t stored)
{
    struct qcow2_header header = entry_header(3, 16);
    struct qcow2_cluster cluster;
    struct error err = {0};

    assert_true(qcow2_l2_entry_decode(entry, 0, &header, FILE_BYTES, &cluster, &err));
    assert_int_equal(cluster.kind, kind);
    assert_int_equal(cluster.host_offset, offset);
    assert_int_equal(cluster.stored_bytes, stored);
}

static void decodes_entries(void **state)
{
    (void)state;
    check_entry(0, QCOW2_UNALLOCATED, 0, 0);
    check_entry(UINT64_C(0x8000000000000000), QCOW2_UNALLOCATED, 0, 0);
    check_entry(1, QCOW2_ZERO, 0, 0);
    check_entry(UINT64_C(0x8000000000050001), QCOW2_ZERO, 0x50000, 0);
    check_entry(UINT64_C(0x8000000000050000), QCOW2_DATA, 0x50000, 0);
    check_entry(UINT64_C(0x0000000000050000), QCOW2_DATA, 0x50000, 0);
    /* 64 KiB clusters: 54 bits of offset, 8 of additional sectors. */
    check_entry(UINT64_C(0x4000000000050064), QCOW2_COMPRESSED, 0x50064, 512 - 0x64);
    check_entry(UINT64_C(0x40c0000000050064), QCOW2_COMPRESSED, 0x50064, 4 * 512 - 0x64);
    /* The file ends within the last sector. */
    check_entry(UINT64_C(0x40c00000000ffffe), QCOW2_COMPRESSED, 0xffffe, 2);
}

static void splits_compressed_by_cluster_size(void **state)
{
    struct qcow2_cluster cluster;
    struct error err = {0};

    (void)state;
    for (uint32_t bits = QCOW2_MIN_CLUSTER_BITS; bits <= QCOW2_MAX_CLUSTER_BITS; bits++) {
        struct qcow2_header header = entry_header(3, bits);
        uint64_t sectors = UINT64_C(1) << (62 - (bits - 8));
        assert_true(qcow2_l2_entry_decode(UINT64_C(0x4000000000001000) | sectors, 0, &header,
                                          FILE_BYTES, &cluster, &err));
        assert_int_equal(cluster.host_offset, 0x1000);
        assert_int_equal(cluster.stored_bytes, 1024);
    }
}

static void check_extended(uint64_t entry, uint64_t bitmap, enum qcow2_cluster_kind kind)
{
    struct qcow2_header header = entry_header(3, 16);
    struct qcow2_cluster cluster;
    struct error err = {0};

    header.incompatible = QCOW2_INCOMPATIBLE_EXTENDED_L2;
    bool good = qcow2_l2_entry_decode(entry, bitmap, &header, FILE_BYTES, &cluster, &err);
    if (kind == QCOW2_CONTRADICTION)
        assert_true(!good && err.code == COLDSEAL_BAD_IMAGE);
    else
        assert_true(good && cluster.kind == kind);
}

/* docs/interop/qcow2.txt, "Extended L2 Entries". */
static void decodes_extended_entries(void **state)
{
    (void)state;
    check_extended(0, 0, QCOW2_UNALLOCATED);
    check_extended(0x50000, 0, QCOW2_UNALLOCATED);
    check_extended(0x50000, 0x00000000ffffffff, QCOW2_DATA);
    check_extended(0, 0xffffffff00000000, QCOW2_ZERO);
    check_extended(0x50000, 0xffffffff00000000, QCOW2_ZERO);
    check_extended(0, 0x0000000100000000, QCOW2_MIXED);
    check_extended(0x50000, 0xfffffffe00000001, QCOW2_MIXED);
    check_extended(UINT64_C(0x4000000000050064), 0, QCOW2_COMPRESSED);
    check_extended(0, 1, QCOW2_CONTRADICTION);
    check_extended(0x50000, 0x0000000100000001, QCOW2_CONTRADICTION);
    check_extended(0x50001, 0x00000000ffffffff, QCOW2_CONTRADICTION);
}

static void refuses_entries(void **state)
{
    struct qcow2_header header = entry_header(3, 16);
    struct qcow2_header old = entry_header(2, 16);
    struct qcow2_cluster cluster;
    uint64_t table;
    struct error err = {0};

    (void)state;
    assert_false(qcow2_l2_entry_decode(0x50200, 0, &header, FILE_BYTES, &cluster, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_false(qcow2_l2_entry_decode(FILE_BYTES, 0, &header, FILE_BYTES, &cluster, &err));
    assert_false(qcow2_l2_entry_decode(1, 0, &old, FILE_BYTES, &cluster, &err));
    assert_false(qcow2_l2_entry_decode(UINT64_C(0x4000000000000000) | FILE_BYTES, 0, &header,
                                       FILE_BYTES, &cluster, &err));
    assert_false(qcow2_l1_entry_decode(0x50200, &header, FILE_BYTES, &table, &err));
    assert_false(qcow2_l1_entry_decode(FILE_BYTES, &header, FILE_BYTES, &table, &err));
    assert_false(qcow2_l1_entry_decode(FILE_BYTES - 512, &header, FILE_BYTES, &table, &err));
    assert_true(qcow2_l1_entry_decode(FILE_BYTES - 65536, &header, FILE_BYTES, &table, &err));
}

/* A raw deflate stream of zlib's, with QEMU's parameters. */
static size_t deflate_bytes(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    z_stream stream = {.next_in = (z_const Bytef *)in,
                       .avail_in = (uInt)in_size,
                       .next_out = out,
                       .avail_out = (uInt)out_size};

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t size = stream.total_out;
    deflateEnd(&stream);
    return size;
}

static void inflates(void **state)
{
    uint8_t plain[8192], stored[16384], out[8192];
    struct error err = {0};
    OWNED(inflater) inflater = inflater_new(QCOW2_COMPRESSION_ZLIB, &err);

    (void)state;
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)((i * i) >> 7);
    size_t size = deflate_bytes(plain, sizeof(plain), stored, sizeof(stored));
    assert_true(inflater_run(inflater, stored, size, out, sizeof(out), &err));
    assert_memory_equal(out, plain, sizeof(plain));
    /* With the next cluster's bytes behind it. */
    memset(stored + size, 0x5a, 600);
    memset(out, 0, sizeof(out));
    assert_true(inflater_run(inflater, stored, size + 600, out, sizeof(out), &err));
    assert_memory_equal(out, plain, sizeof(plain));
    /* Longer than the cluster: QEMU takes what fits. */
    memset(out, 0, sizeof(out));
    assert_true(inflater_run(inflater, stored, size, out, 4096, &err));
    assert_memory_equal(out, plain, 4096);
    assert_int_equal(out[4096], 0);
}

static void refuses_bad_streams(void **state)
{
    uint8_t plain[4096] = {1, 2, 3}, stored[8192], out[8192];
    struct error err = {0};
    OWNED(inflater) inflater = inflater_new(QCOW2_COMPRESSION_ZLIB, &err);

    (void)state;
    size_t size = deflate_bytes(plain, sizeof(plain), stored, sizeof(stored));
    assert_false(inflater_run(inflater, stored, size, out, sizeof(plain) + 1, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_false(inflater_run(inflater, stored, size / 2, out, sizeof(plain), &err));
    assert_false(inflater_run(inflater, stored, 0, out, sizeof(plain), &err));
    memset(stored, 0xff, size);
    assert_false(inflater_run(inflater, stored, size, out, sizeof(plain), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_header),
        cmocka_unit_test(parses_version_2),
        cmocka_unit_test(refuses_short_headers),
        cmocka_unit_test(decodes_entries),
        cmocka_unit_test(decodes_extended_entries),
        cmocka_unit_test(splits_compressed_by_cluster_size),
        cmocka_unit_test(refuses_entries),
        cmocka_unit_test(inflates),
        cmocka_unit_test(refuses_bad_streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
