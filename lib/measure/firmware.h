/* SPDX-License-Identifier: Apache-2.0 */
/* A target's firmware state: what the firmware and shim measure whatever image is booted, and what
 * decides which images they start. coldseal-firmware(5) describes the document. */
#ifndef MEASURE_FIRMWARE_H
#define MEASURE_FIRMWARE_H

#include "core/guid.h"
#include "measure/eventlog.h"

#define FIRMWARE_FORMAT 1
/* A store of OVMF's has 256 KiB; a bound that no real variable comes near. */
#define FIRMWARE_VARIABLE_LIMIT_BYTES ((size_t)1 << 20)

enum firmware_variable_id {
    FIRMWARE_SECURE_BOOT,
    FIRMWARE_PK,
    FIRMWARE_KEK,
    FIRMWARE_DB,
    FIRMWARE_DBX,
    FIRMWARE_DBT,
    FIRMWARE_DBR,
    /* shim's */
    FIRMWARE_SBAT_LEVEL,
    FIRMWARE_SBAT_POLICY,
    FIRMWARE_MOK_LIST,
    FIRMWARE_MOK_LIST_X,
    FIRMWARE_MOK_LIST_TRUSTED,
    FIRMWARE_MOK_SB_STATE,
    FIRMWARE_MOK_DB_STATE,
    FIRMWARE_MOK_POLICY,
    FIRMWARE_VARIABLES
};

struct firmware_variable {
    bool known;   /* false: nothing is known, and the rest is zero */
    bool present; /* false: it is known that there is none */
    bool guessed; /* what is said here was not read but assumed */
    uint32_t attributes;
    struct bytes *data; /* owned; NULL where it is not present */
};

/* PCRs whose events a log hands on: firmware, its settings, option ROMs and drivers, the boot
 * manager, the platform's maker; and shim's, as evidence of what shim measured. */
#define FIRMWARE_RECORDED_PCRS (1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 6)
#define FIRMWARE_RECORDED_EVENTS (FIRMWARE_RECORDED_PCRS | 1u << 14)

struct firmware {
    struct firmware_variable variables[FIRMWARE_VARIABLES];
    /* Whether images must be signed: of the variable SecureBoot, see firmware_settle(). */
    bool secure_boot;
    bool secure_boot_guessed;
    /* Whether "Calling EFI Application from Boot Option" is measured into PCR 4. */
    bool boot_option_action;
    bool boot_option_action_guessed;
    /* Events of FIRMWARE_RECORDED_EVENTS as a log had them, in its order; NULL without a log. */
    struct eventlog *recorded;
    /* Values of FIRMWARE_RECORDED_PCRS. */
    struct pcr_bank_values recorded_pcrs;
    char origin[128]; /* "OVMF_VARS_4M.ms.fd, event log": for people */
};

/* Nothing is known but that the boot option's action is measured, which is a guess. */
struct firmware *firmware_new(struct error *err);
void firmware_free(struct firmware *firmware);
DEFINE_OWNED(firmware);

/* The variable's name and vendor GUID; borrowed. */
const char *firmware_variable_name(enum firmware_variable_id id);
const struct guid *firmware_variable_guid(enum firmware_variable_id id);
/* The attributes that it has by its specification. */
uint32_t firmware_variable_attributes(enum firmware_variable_id id);
/* False where the variable is none of those. A NULL `guid` stands for any. */
bool firmware_variable_find(const char *name, const struct guid *guid,
                            enum firmware_variable_id *id);
/* In place of what was known. Signature lists are checked: COLDSEAL_BAD_IMAGE. */
bool firmware_set_variable(struct firmware *firmware, enum firmware_variable_id id,
                           uint32_t attributes, const void *data, size_t size, bool guessed,
                           struct error *err);
void firmware_set_absent(struct firmware *firmware, enum firmware_variable_id id, bool guessed);
/* Takes over what `from` says: of what both know, that of `from`, but nothing guessed in place of
 * what was read, and one recorded boot for another. Bit N of `*differing`: both had read variable
 * N, and otherwise. */
bool firmware_merge(struct firmware *into, struct firmware *from, uint32_t *differing,
                    struct error *err);
/* Secure Boot's state from its variable, which also says whether that is guessed; without the
 * variable it is off and guessed. */
void firmware_settle(struct firmware *firmware);

/* The document, read strictly: unknown members are refused. COLDSEAL_BAD_IMAGE, and
 * COLDSEAL_UNSUPPORTED for a newer format. */
struct firmware *firmware_from_json(json_object *json, struct error *err);
struct firmware *firmware_read_file(const char *path, struct error *err);
json_object *firmware_to_json(const struct firmware *firmware, struct error *err);
/* What --firmware takes: the name of a document that comes with coldseal ("debian-12-ovmf-ms"),
 * or a path. `data_dir` holds the templates; NULL: the installed ones. */
struct firmware *firmware_find(const char *name_or_path, const char *data_dir, struct error *err);

/* The recorded part of the document: PCR values and events. */
bool firmware_recorded_from_json(json_object *json, struct firmware *firmware, struct error *err);
json_object *firmware_recorded_to_json(const struct firmware *firmware, struct error *err);

#endif
