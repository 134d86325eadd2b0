/* SPDX-License-Identifier: Apache-2.0 */
/* A header is replaced on a disk that dies at each of its writes, in each of the ways in which it
 * may: what was not flushed arrived, or did not, or the last write arrived alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/disk.h"
#include "luks2_sample.h"

#define OFFSET_BYTES ((uint64_t)1 << 20)
#define DISK_BYTES (OFFSET_BYTES + LUKS2_HEADER_BYTES)

enum crash { CRASH_ALL_ARRIVED, CRASH_NONE_ARRIVED, CRASH_LAST_ALONE };

/* Durable content, and what the disk's cache makes of it until the next flush. */
struct mortal {
    uint8_t *durable;
    uint8_t *cached;
    unsigned long events; /* writes and flushes so far */
    unsigned long dies_at;
    enum crash crash;
};

static bool mortal_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    struct mortal *mortal = self;

    (void)err;
    memcpy(buffer, mortal->cached + offset, size);
    return true;
}

static bool mortal_flush(void *self, struct error *err)
{
    struct mortal *mortal = self;

    if (mortal->events >= mortal->dies_at)
        return error_set(err, COLDSEAL_IO, "dead");
    mortal->events++;
    memcpy(mortal->durable, mortal->cached, DISK_BYTES);
    return true;
}

/* The write during which it dies arrives by half. */
static void die(struct mortal *mortal, const void *buffer, size_t size, uint64_t offset)
{
    if (mortal->crash == CRASH_ALL_ARRIVED)
        memcpy(mortal->durable, mortal->cached, DISK_BYTES);
    if (mortal->crash != CRASH_NONE_ARRIVED)
        memcpy(mortal->durable + offset, buffer, size / 2);
    mortal->events++;
}

static bool mortal_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                          struct error *err)
{
    struct mortal *mortal = self;

    if (mortal->events >= mortal->dies_at) {
        if (mortal->events == mortal->dies_at)
            die(mortal, buffer, size, offset);
        return error_set(err, COLDSEAL_IO, "dead");
    }
    mortal->events++;
    memcpy(mortal->cached + offset, buffer, size);
    return true;
}

static bool mortal_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    (void)self;
    (void)err;
    *extent = (struct extent){offset, DISK_BYTES - offset, EXTENT_DATA};
    return true;
}

static void mortal_free(void *self)
{
    (void)self;
}

static const struct disk_operations mortal_operations = {
    .format = "mortal",
    .pread = mortal_pread,
    .pwrite = mortal_pwrite,
    .flush = mortal_flush,
    .extent = mortal_extent,
    .free = mortal_free,
};

static struct mortal mortal;
static struct disk *disk;
static struct luks2_header *old_header;
static struct luks2_header *new_header; /* moved apart from the old one */

static const unsigned long forever = 1000000;

/* A life begins with what is durable. */
static void revive(unsigned long dies_at, enum crash crash)
{
    memcpy(mortal.cached, mortal.durable, DISK_BYTES);
    mortal.events = 0;
    mortal.dies_at = dies_at;
    mortal.crash = crash;
}

static void start_with_old(void)
{
    struct error err = {0};

    memset(mortal.durable, 0, DISK_BYTES);
    revive(forever, CRASH_ALL_ARRIVED);
    assert_true(luks2_store(disk, OFFSET_BYTES, old_header, &err));
    assert_true(disk_flush(disk, &err));
}

static struct luks2_header *load(void)
{
    struct error err = {0};
    struct luks2_header *header = luks2_load(disk, OFFSET_BYTES, &err);

    if (header == NULL)
        fail_msg("%s", err.message);
    return header;
}

static bool opens(const struct luks2_header *header, const char *text)
{
    struct error err = {0};
    unsigned keyslot;
    OWNED(secret) passphrase = sample_secret(text);
    OWNED(secret) expected = sample_volume_key();

    OWNED(secret) key = luks2_volume_key(header, passphrase, &keyslot, &err);
    assert_true(key == NULL || secret_equal(key, expected));
    return key != NULL;
}

/* The same metadata and keyslots, so what opened `expected` opens `header`, and nothing else does.
 */
static bool is_same(const struct luks2_header *header, const struct luks2_header *expected)
{
    return json_object_equal(header->json, expected->json) &&
           memcmp(header->area->data, expected->area->data, LUKS2_KEYSLOTS_BYTES) == 0;
}

/* The disk's keyslot area holds the keyslots of `header` and nothing else. */
static void assert_alone(const struct luks2_header *header)
{
    const uint8_t *start = mortal.durable + OFFSET_BYTES + LUKS2_KEYSLOTS_OFFSET;
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);
    size_t next = 0;

    for (unsigned index = 0; index < LUKS2_AREA_COUNT; index++) {
        const uint8_t *area = start + index * LUKS2_AREA_BYTES;
        if (next < count && areas[next].index == index)
            next++;
        else
            assert_true(area[0] == 0 && memcmp(area, area + 1, LUKS2_AREA_BYTES - 1) == 0);
    }
    assert_int_equal(next, count);
}

static void test_replace(void **state)
{
    struct error err = {0};

    (void)state;
    start_with_old();
    assert_true(luks2_replace(disk, OFFSET_BYTES, old_header, new_header, &err));
    revive(forever, CRASH_ALL_ARRIVED); /* and everything was flushed */
    OWNED(luks2_header) header = load();
    assert_true(header->copies_agree);
    assert_true(opens(header, "new0"));
    assert_true(opens(header, "new1"));
    assert_false(opens(header, "old0"));
    assert_false(opens(header, "old1"));
    assert_true(is_same(header, new_header));
    assert_alone(header);
}

static void test_not_moved_apart(void **state)
{
    struct error err = {0};

    (void)state;
    start_with_old();
    assert_false(luks2_replace(disk, OFFSET_BYTES, old_header, old_header, &err));
    assert_int_equal(err.code, COLDSEAL_BUG);
    OWNED(luks2_header) header = load();
    assert_true(opens(header, "old0"));
}

static void replace_until(unsigned long dies_at, enum crash crash)
{
    struct error err = {0};

    start_with_old();
    revive(dies_at, crash);
    assert_false(luks2_replace(disk, OFFSET_BYTES, old_header, new_header, &err));
    revive(forever, CRASH_ALL_ARRIVED);
}

static unsigned long count_events(void)
{
    struct error err = {0};

    start_with_old();
    revive(forever, CRASH_ALL_ARRIVED);
    assert_true(luks2_replace(disk, OFFSET_BYTES, old_header, new_header, &err));
    return mortal.events;
}

/* After any death: one of the two opens, and luks2_finish() leaves exactly that one. */
static void check_death(unsigned long dies_at, enum crash crash)
{
    struct error err = {0};

    replace_until(dies_at, crash);
    OWNED(luks2_header) found = load();
    bool is_new = is_same(found, new_header);
    if (!is_new && !is_same(found, old_header))
        fail_msg("death at %lu, kind %d: neither the old nor the new keys", dies_at, (int)crash);
    assert_true(luks2_finish(disk, OFFSET_BYTES, found, &err));
    revive(forever, CRASH_ALL_ARRIVED);
    OWNED(luks2_header) finished = load();
    assert_true(finished->copies_agree);
    assert_true(is_same(finished, is_new ? new_header : old_header));
    assert_alone(finished);
}

static void test_death(void **state)
{
    enum crash crash = *(enum crash *)*state;
    unsigned long events = count_events();

    print_message("%lu writes and flushes\n", events);
    assert_true(events > 12);
    for (unsigned long dies_at = 0; dies_at < events; dies_at++)
        check_death(dies_at, crash);
}

/* `third` with passphrases of its own, apart from what the disk holds. */
static struct luks2_header *third_apart_from(const struct bytes *third,
                                             const struct luks2_header *found)
{
    struct error err = {0};
    struct luks2_header *header = luks2_header_read(third, &err);

    assert_non_null(header);
    assert_true(luks2_header_move_apart(header, found, &err));
    return header;
}

/* A second run dies, too, and a third one finishes; what opens in between is never nothing. */
static void check_second_death(const struct bytes *third, unsigned long first, unsigned long second,
                               enum crash crash)
{
    struct error err = {0};

    replace_until(first, crash);
    OWNED(luks2_header) found = load();
    OWNED(luks2_header) next = third_apart_from(third, found);
    revive(second, crash);
    assert_false(luks2_replace(disk, OFFSET_BYTES, found, next, &err));
    revive(forever, CRASH_ALL_ARRIVED);

    OWNED(luks2_header) then = load();
    if (!is_same(then, old_header) && !is_same(then, new_header) && !is_same(then, next))
        fail_msg("deaths at %lu and %lu, kind %d: nobody's keys", first, second, (int)crash);
    OWNED(luks2_header) last = third_apart_from(third, then);
    assert_true(luks2_replace(disk, OFFSET_BYTES, then, last, &err));
    revive(forever, CRASH_ALL_ARRIVED);
    OWNED(luks2_header) finished = load();
    assert_true(is_same(finished, last));
    assert_alone(finished);
}

/* Slots, flush, copy A, flush, copy B, flush, and into the wiping. */
static void test_two_deaths(void **state)
{
    struct error err = {0};
    OWNED(luks2_header) header = sample_header("third", 2, false);
    OWNED(bytes) third = luks2_header_serialise(header, &err);

    (void)state;
    for (unsigned long first = 3; first < 8; first++) {
        for (unsigned long second = 0; second < 10; second++)
            check_second_death(third, first, second, CRASH_ALL_ARRIVED);
        check_second_death(third, first, 5, CRASH_LAST_ALONE);
        check_second_death(third, first, 7, CRASH_NONE_ARRIVED);
    }
}

static void test_move_apart(void **state)
{
    struct error err = {0};
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    OWNED(luks2_header) full = sample_header("full", LUKS2_MAX_KEYSLOTS, false);
    OWNED(bytes) bytes = luks2_header_serialise(full, &err);
    OWNED(luks2_header) moved = luks2_header_read(bytes, &err);

    (void)state;
    assert_true(luks2_header_move_apart(moved, full, &err));
    assert_int_equal(moved->sequence_id, full->sequence_id + 1);
    assert_int_equal(luks2_header_areas(moved, areas), LUKS2_MAX_KEYSLOTS);
    for (unsigned i = 0; i < LUKS2_MAX_KEYSLOTS; i++)
        assert_int_equal(areas[i].index, LUKS2_MAX_KEYSLOTS + i);
    assert_true(opens(moved, "full31"));
    full->sequence_id = LUKS2_MAX_SEQUENCE_ID;
    assert_false(luks2_header_move_apart(moved, full, &err));
}

static int group_setup(void **state)
{
    struct error err = {0};

    (void)state;
    mortal.durable = malloc(DISK_BYTES);
    mortal.cached = malloc(DISK_BYTES);
    disk = disk_new(&mortal_operations, &mortal, DISK_BYTES, &err);
    old_header = sample_header("old", 2, false);
    new_header = sample_header("new", 2, false);
    return luks2_header_move_apart(new_header, old_header, &err) ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    luks2_header_free(old_header);
    luks2_header_free(new_header);
    disk_free(disk);
    free(mortal.durable);
    free(mortal.cached);
    return 0;
}

int main(void)
{
    static enum crash crashes[] = {CRASH_ALL_ARRIVED, CRASH_NONE_ARRIVED, CRASH_LAST_ALONE};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_not_moved_apart),
        cmocka_unit_test_prestate(test_death, &crashes[0]),
        cmocka_unit_test_prestate(test_death, &crashes[1]),
        cmocka_unit_test_prestate(test_death, &crashes[2]),
        cmocka_unit_test(test_two_deaths),
        cmocka_unit_test(test_move_apart),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
