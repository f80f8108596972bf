/* What a client needs: connections, names, files in memory. No rules here. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An empty file that is in memory alone and can be sealed; -1 with errno. */
static inline int netbootd_memory_file(const char *name) {
    return (int)syscall(SYS_memfd_create, name, 1u | 2u /* MFD_CLOEXEC | MFD_ALLOW_SEALING */);
}

/* Nobody may change such a file from here on. -1 with errno. */
static inline int netbootd_seal(int fd) {
    /* F_ADD_SEALS, which glibc hides without _GNU_SOURCE; F_SEAL_SEAL | SHRINK | GROW | WRITE */
    return fcntl(fd, 1024 + 9, 1 | 2 | 4 | 8);
}
