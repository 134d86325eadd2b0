/* SPDX-License-Identifier: Apache-2.0 */
/* coldseal: encrypt cloud disk images before their first boot, for one virtual machine.
 *
 * One function for each command. Each takes its options, returns true on success, and then sets
 * `*report` (when the pointer is not NULL) to a record that the caller renders and frees. On
 * failure it returns false, sets `*err`, and leaves nothing under an output's name. No function
 * prints, exits, or keeps state between calls. Strings in options are borrowed for the call.
 *
 * A command that compares (verify, explain) and found a difference has failed with
 * COLDSEAL_DIFFERS or a graver code, and sets `*report` all the same: it holds what was found. */
#ifndef COLDSEAL_H
#define COLDSEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COLDSEAL_API __attribute__((visibility("default")))

/* Frozen: the exit codes of the command. */
enum coldseal_code {
    COLDSEAL_OK = 0,
    COLDSEAL_DIFFERS = 1,     /* a check found a difference, or some of many failed */
    COLDSEAL_USAGE = 2,       /* wrong options */
    COLDSEAL_IO = 3,          /* a file or device cannot be read or written; no memory, no room */
    COLDSEAL_BAD_IMAGE = 4,   /* malformed or hostile input */
    COLDSEAL_TPM = 5,         /* TPM or policy */
    COLDSEAL_KEY = 6,         /* wrong key, or cryptography failed */
    COLDSEAL_UNSUPPORTED = 7, /* well-formed, but not something that coldseal does */
    COLDSEAL_BUG = 70,
    COLDSEAL_TRY_AGAIN = 75, /* an appliance died; the same command may work */
};

#define COLDSEAL_ERROR_BYTES 1024

struct coldseal_error {
    enum coldseal_code code;
    char message[COLDSEAL_ERROR_BYTES]; /* one line, no newline at its end */
};

/* Called from the calling thread or a worker, never twice at once. `total` is 0 while unknown. */
struct coldseal_progress {
    void (*update)(void *context, const char *stage, uint64_t done, uint64_t total);
    void *context;
};

struct coldseal_report;

/* One JSON document without a newline, or lines of text; freed with free(3). NULL and err when
 * memory is out. */
COLDSEAL_API char *coldseal_report_json(const struct coldseal_report *report,
                                        struct coldseal_error *err);
/* The same as an in-toto statement about the output; of a call with output.checksum set. */
COLDSEAL_API char *coldseal_report_statement(const struct coldseal_report *report,
                                             struct coldseal_error *err);
COLDSEAL_API char *coldseal_report_text(const struct coldseal_report *report,
                                        struct coldseal_error *err);
COLDSEAL_API void coldseal_report_free(struct coldseal_report *report);

/* Puts what the failure is about before the message; control characters of a name become '?'. */
COLDSEAL_API void coldseal_error_prefix(struct coldseal_error *error, const char *subject);
/* The JSON document that stands for a failure. */
COLDSEAL_API char *coldseal_error_json(const struct coldseal_error *error);

COLDSEAL_API const char *coldseal_version(void);

/* For the process that is the command: no core dumps. Call it first. */
COLDSEAL_API void coldseal_harden_process(void);

struct coldseal_inspect_options {
    const char *image;
    const char *backing;     /* the file below a qcow2 that has one, or NULL */
    uint32_t root_partition; /* number that settles which is root, 0: find it */
};
COLDSEAL_API bool coldseal_inspect(const struct coldseal_inspect_options *options,
                                   struct coldseal_report **report, struct coldseal_error *err);

/* What the host may configure in the guest (SMBIOS, fw_cfg, metadata, CIDATA disks). */
enum coldseal_host_config { COLDSEAL_HOST_CONFIG_DENY, COLDSEAL_HOST_CONFIG_KEEP };

/* What unlocks the root in the guest. */
enum coldseal_unlock {
    COLDSEAL_UNLOCK_OURS,  /* coldseal-unlock */
    COLDSEAL_UNLOCK_STOCK, /* systemd-cryptsetup of a dracut guest: fewer promises, see
                              coldseal-unlock(8) */
};

/* Who writes the guest's part: a libguestfs appliance, in which the guest's own programs build its
 * initramfs, or this process, which completes the one that is there. */
enum coldseal_appliance {
    COLDSEAL_APPLIANCE_AUTO, /* this process where the result is the same, else an appliance */
    COLDSEAL_APPLIANCE_YES,
    COLDSEAL_APPLIANCE_NO, /* COLDSEAL_UNSUPPORTED where the result would not be the same */
};

/* The guest's part, shared by prepare and encrypt. Zero is the default everywhere. */
struct coldseal_guest_options {
    enum coldseal_host_config host_config;
    enum coldseal_unlock unlock;
    enum coldseal_appliance appliance;
    bool console_login;          /* keep login prompts on the consoles */
    bool console_recovery;       /* Escape at boot: unlock with the recovery key, typed there */
    const char *cloud_init_seed; /* folder with user-data and meta-data, or NULL */
    const char *const *debs;     /* local packages to install in the guest */
    size_t deb_count;
    bool install; /* fetch packages that the guest lacks, over the appliance's network */
    const char *const *kernel_args; /* additions to the kernel's command line */
    size_t kernel_arg_count;
    const char *data_dir;       /* templates; NULL: the installed ones */
    const char *unlock_program; /* coldseal-unlock; NULL: the installed one */
    uint32_t root_partition;    /* number that settles which is root, 0: find it */
};

/* Shape of an output image. */
struct coldseal_output_options {
    const char *format;       /* "raw", "qcow2"; NULL: by the suffix of the name, else raw */
    uint64_t disk_size_bytes; /* 0: as small as the content allows */
    uint64_t align_bytes;     /* the disk's size is a multiple of it; 0: 1 MiB */
    bool force;               /* replace an existing regular file */
    bool no_sync;             /* do not wait until a new image is on the disk */
    bool checksum;            /* put SHA-256 of input and output files into the report */
    bool statement;           /* with checksum: an input that need not be read whole, too */
    unsigned threads;         /* 0: two for each processor, 16 at most */
};

struct coldseal_prepare_options {
    const char *in;
    const char *out;
    struct coldseal_guest_options guest;
    struct coldseal_output_options output;
    struct coldseal_progress progress;
};
COLDSEAL_API bool coldseal_prepare(const struct coldseal_prepare_options *options,
                                   struct coldseal_report **report, struct coldseal_error *err);

/* Certificate files: new pool and recovery keys are written as CMS that these open, instead of in
 * the clear. */
struct coldseal_escrow_options {
    const char *const *recipients;
    size_t recipient_count;
};

struct coldseal_encrypt_options {
    const char *in;
    const char *out;
    const char *key_in;  /* pool key to use, or NULL: 32 random bytes are made … */
    const char *key_out; /* … and written here */
    struct coldseal_escrow_options escrow;
    const char *luks_uuid; /* NULL: random */
    bool
        no_prepare; /* refuse nothing, change nothing in the guest: it is prepared by other means */
    bool holes_none; /* encrypt every sector, free blocks included */
    struct coldseal_guest_options guest;
    struct coldseal_output_options output;
    struct coldseal_progress progress;
};
COLDSEAL_API bool coldseal_encrypt(const struct coldseal_encrypt_options *options,
                                   struct coldseal_report **report, struct coldseal_error *err);

struct coldseal_decrypt_options {
    const char *in;
    const char *out;
    const char *backing;  /* of `in`, or NULL */
    const char *key_file; /* pool key, recovery key's text, or any LUKS passphrase */
    struct coldseal_output_options output;
    struct coldseal_progress progress;
};
COLDSEAL_API bool coldseal_decrypt(const struct coldseal_decrypt_options *options,
                                   struct coldseal_report **report, struct coldseal_error *err);

struct coldseal_target_read_options {
    const char *tcti;        /* as tpm2-tools take it; NULL: with swtpm_state, else the device */
    const char *swtpm_state; /* state folder of a VM that is shut off; it is not changed */
    const char *out;         /* target document; "-" is standard output */
    bool force;
};
COLDSEAL_API bool coldseal_target_read(const struct coldseal_target_read_options *options,
                                       struct coldseal_report **report, struct coldseal_error *err);

/* The content of a variable, from a file: a signature list, or for SbatLevel its text. */
struct coldseal_firmware_variable {
    const char *name; /* "db" */
    const char *file;
};

enum coldseal_secure_boot {
    COLDSEAL_SECURE_BOOT_UNSAID,
    COLDSEAL_SECURE_BOOT_OFF,
    COLDSEAL_SECURE_BOOT_ON
};

struct coldseal_firmware_import_options {
    /* Variable stores, event logs, efivars folders, JSON of virt-firmware, firmware documents; told
     * apart by content, a later one counts more than one before it. */
    const char *const *sources;
    size_t source_count;
    const struct coldseal_firmware_variable *variables; /* these count more than the sources */
    size_t variable_count;
    enum coldseal_secure_boot secure_boot;
    const char *out; /* firmware document; "-" is standard output */
    bool force;
};
COLDSEAL_API bool coldseal_firmware_import(const struct coldseal_firmware_import_options *options,
                                           struct coldseal_report **report,
                                           struct coldseal_error *err);

/* States that the target may come to be in later, besides the ones that its firmware states lead
 * to. */
struct coldseal_more_states {
    bool other_kernels;     /* each kernel in /boot that has an initramfs, under the stable names */
    bool latest_sbat_level; /* shim raises SbatLevel to the latest that it brings along */
};

struct coldseal_predict_options {
    const char *image;   /* or a folder of boot files with volumes.json */
    const char *backing; /* of the image, or NULL */
    /* The target's firmware state, one for each it may be in, one at least: a document that comes
     * with coldseal by its name ("debian-12-ovmf-ms"), or a file. */
    const char *const *firmware;
    size_t firmware_count;
    const char *data_dir; /* where the names are looked for; NULL: the installed ones */
    struct coldseal_more_states more;
    const char *log; /* a TCG event log of it; NULL: none, "-": standard output */
    bool force;
};
COLDSEAL_API bool coldseal_predict(const struct coldseal_predict_options *options,
                                   struct coldseal_report **report, struct coldseal_error *err);

enum coldseal_key_choice {
    COLDSEAL_KEY_UNSAID,
    COLDSEAL_KEY_SHARED, /* the sealed disk keeps the image's volume key */
    COLDSEAL_KEY_FRESH,  /* it gets one of its own: its data is encrypted anew */
};

/* To which TPM, and under which values. */
struct coldseal_policy_options {
    const char *target;      /* target document; or … */
    const char *parent;      /* … a bare public key, whose kind must be said: */
    const char *parent_kind; /* "srk" */
    /* The target's firmware state, one for each it may be in: a document that comes with coldseal,
     * by its name, or a file; or … */
    const char *const *firmware;
    size_t firmware_count;
    struct coldseal_more_states more; /* with those */
    const char *pcr_values; /* … JSON, binary event log, or console text of a boot; a file */
    const char *pcrs;       /* "4,7,8,9,14,15"; NULL: what protects the image's boot chain */
    bool allow_weak_policy; /* also one that leaves out what decides the boot */
    const char *data_dir;   /* where those documents are; NULL: the installed ones */
};

/* What is written for a disk that keeps the image's volume key. */
enum coldseal_seal_form {
    COLDSEAL_FORM_COPY,
    COLDSEAL_FORM_OVERLAY, /* a qcow2 over the image, which has the new header only */
    COLDSEAL_FORM_DELTA,   /* a JSON document of the blocks that change */
};

struct coldseal_seal_options {
    const char *image;
    const char *backing; /* of the image, or NULL */
    const char *out;     /* NULL with in_place */
    bool in_place;
    enum coldseal_seal_form form; /* of `out`; seal with COLDSEAL_KEY_SHARED */
    const char *key_file;         /* a secret that opens IMAGE; or, for reseal, … */
    const char *tcti;             /* … a TPM that still releases one */
    struct coldseal_policy_options policy;
    enum coldseal_key_choice key_choice;
    const char *recovery_key_out; /* one of these two … */
    bool no_recovery;             /* … must be said */
    struct coldseal_escrow_options escrow;
    struct coldseal_output_options output;
    struct coldseal_progress progress;
};
COLDSEAL_API bool coldseal_seal(const struct coldseal_seal_options *options,
                                struct coldseal_report **report, struct coldseal_error *err);

/* The same for many machines at once. Options that a line does not say come from `seal`, whose
 * `out`, `in_place` and `recovery_key_out` are not used. What is there from an earlier run is left,
 * unless `seal.output.force`. */
struct coldseal_seal_many_options {
    struct coldseal_seal_options seal;
    const char *targets; /* file of JSON lines; "-" is standard input */
    /* Called with the result of each line, from any thread, never twice at once; may be NULL. */
    void (*result)(void *context, const struct coldseal_report *report);
    void *context;
};
/* COLDSEAL_DIFFERS when lines failed: `*report`, the summary, is set then too. */
COLDSEAL_API bool coldseal_seal_many(const struct coldseal_seal_many_options *options,
                                     struct coldseal_report **report, struct coldseal_error *err);
/* Another TPM or another policy, the same volume key; recovery keys stay without no_recovery. */
COLDSEAL_API bool coldseal_reseal(const struct coldseal_seal_options *options,
                                  struct coldseal_report **report, struct coldseal_error *err);

enum coldseal_recovery_action {
    COLDSEAL_RECOVERY_ADD,
    COLDSEAL_RECOVERY_ROTATE, /* a new recovery key instead of those that are there */
    COLDSEAL_RECOVERY_TEST,   /* does key_file hold one? Changes nothing */
    COLDSEAL_RECOVERY_REMOVE,
};

struct coldseal_recovery_options {
    enum coldseal_recovery_action action;
    const char *image;
    const char *backing; /* of the image, or NULL */
    const char *out;     /* NULL with in_place */
    bool in_place;
    const char *key_file;         /* a secret that opens IMAGE; or … */
    const char *tcti;             /* … a TPM that releases one */
    const char *recovery_key_out; /* add, rotate */
    struct coldseal_escrow_options escrow;
    bool no_recovery; /* no way in but the TPM */
    struct coldseal_output_options output;
};
COLDSEAL_API bool coldseal_recovery(const struct coldseal_recovery_options *options,
                                    struct coldseal_report **report, struct coldseal_error *err);

struct coldseal_verify_options {
    const char *image;
    const char *backing;         /* of the image, or NULL */
    const char *const *firmware; /* as for predict; may be none */
    size_t firmware_count;
    const char *data_dir;
    const char *target;   /* target document, or NULL */
    const char *source;   /* the plain image that was encrypted, or NULL */
    const char *key_file; /* a secret that opens the image, or NULL */
    struct coldseal_progress progress;
};
COLDSEAL_API bool coldseal_verify(const struct coldseal_verify_options *options,
                                  struct coldseal_report **report, struct coldseal_error *err);

/* A new volume key. A keyslot of the old header stays when its secret is in a key file; one for the
 * policy's storage key is made anew; every other has to be in `drop_slots`. */
struct coldseal_rekey_options {
    const char *in;
    const char *backing; /* of `in`, or NULL; not with in_place */
    const char *out;     /* NULL with in_place */
    bool in_place;
    const char *const *key_files; /* at least one */
    size_t key_file_count;
    uint32_t drop_slots;                   /* bit N: keyslot N */
    const char *key_out;                   /* make a pool key and write it here, or NULL */
    const char *luks_uuid;                 /* NULL: a random one, or the old one in place */
    struct coldseal_policy_options policy; /* nothing set: not for a TPM */
    const char *recovery_key_out;          /* make a recovery key as well, or NULL */
    struct coldseal_escrow_options escrow;
    bool no_recovery; /* no way in but the TPM */
    struct coldseal_output_options output;
    struct coldseal_progress progress;
};
COLDSEAL_API bool coldseal_rekey(const struct coldseal_rekey_options *options,
                                 struct coldseal_report **report, struct coldseal_error *err);

struct coldseal_explain_options {
    const char *image;
    const char *backing;  /* of the image, or NULL */
    const char *log;      /* console text or binary event log; "-" is standard input */
    const char *firmware; /* the target's firmware state, a name or a file, or NULL */
    const char *data_dir; /* as for predict */
};
COLDSEAL_API bool coldseal_explain(const struct coldseal_explain_options *options,
                                   struct coldseal_report **report, struct coldseal_error *err);

struct coldseal_unseal_options {
    const char *image;
    const char *backing; /* of the image, or NULL */
    const char *tcti;    /* NULL: the device */
    const char *key_out; /* LUKS passphrase; "-" is standard output */
};
COLDSEAL_API bool coldseal_unseal(const struct coldseal_unseal_options *options,
                                  struct coldseal_report **report, struct coldseal_error *err);

#ifdef __cplusplus
}
#endif
#endif
