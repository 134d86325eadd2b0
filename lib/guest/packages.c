/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/packages.h"

#include <string.h>

/* Debian 12 and Ubuntu 22.04 agree on these names, and so do Debian 13 and Ubuntu 24.04, which
 * renamed libraries in the change to 64-bit time_t. */
struct library_package {
    const char *soname;
    const char *before_t64;
    const char *since_t64;
};

static const struct library_package packages[] = {
    {"libc.so.6", "libc6", "libc6"},
    {"libm.so.6", "libc6", "libc6"},
    {"ld-linux-x86-64.so.2", "libc6", "libc6"},
    {"ld-linux-aarch64.so.1", "libc6", "libc6"},
    {"libgcc_s.so.1", "libgcc-s1", "libgcc-s1"},
    {"libcryptsetup.so.12", "libcryptsetup12", "libcryptsetup12"},
    {"libcrypto.so.3", "libssl3", "libssl3t64"},
    {"libssl.so.3", "libssl3", "libssl3t64"},
    {"libtss2-esys.so.0", "libtss2-esys-3.0.2-0", "libtss2-esys-3.0.2-0t64"},
    {"libtss2-mu.so.0", "libtss2-mu0", "libtss2-mu-4.0.1-0t64"},
    {"libtss2-rc.so.0", "libtss2-rc0", "libtss2-rc0t64"},
    {"libtss2-sys.so.1", "libtss2-sys1", "libtss2-sys1t64"},
    {"libtss2-tctildr.so.0", "libtss2-tctildr0", "libtss2-tctildr0t64"},
    {"libtss2-tcti-device.so.0", "libtss2-tcti-device0", "libtss2-tcti-device0t64"},
    {"libjson-c.so.5", "libjson-c5", "libjson-c5"},
    {"libdevmapper.so.1.02.1", "libdevmapper1.02.1", "libdevmapper1.02.1"},
    {"libz.so.1", "zlib1g", "zlib1g"},
    {"libzstd.so.1", "libzstd1", "libzstd1"},
    {"libblkid.so.1", "libblkid1", "libblkid1"},
    {"libuuid.so.1", "libuuid1", "libuuid1"},
    {"libudev.so.1", "libudev1", "libudev1"},
    {"libargon2.so.1", "libargon2-1", "libargon2-1"},
    {"libselinux.so.1", "libselinux1", "libselinux1"},
    {"libpcre2-8.so.0", "libpcre2-8-0", "libpcre2-8-0"},
    {"libcap.so.2", "libcap2", "libcap2"},
};

static bool is_before_t64(const char *os, const char *version)
{
    static const char *const debian[] = {"10", "11", "12"};
    static const char *const ubuntu[] = {"20.04", "22.04", "22.10", "23.04", "23.10"};
    bool is_ubuntu = strcmp(os, "ubuntu") == 0;
    const char *const *old = is_ubuntu ? ubuntu : debian;
    size_t count = is_ubuntu ? sizeof(ubuntu) / sizeof(*ubuntu) : sizeof(debian) / sizeof(*debian);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(old[i], version) == 0)
            return true;
    }
    return false;
}

const char *package_of_library(const char *os, const char *version, const char *soname)
{
    for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        if (strcmp(packages[i].soname, soname) == 0)
            return is_before_t64(os, version) ? packages[i].before_t64 : packages[i].since_t64;
    }
    return NULL;
}
