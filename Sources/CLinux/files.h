/* Files as they are exported: whole status, folder entries, links, space, and data from file to socket. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdint.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library has these, and statx(), for _GNU_SOURCE alone. */
#define NETBOOTD_AT_SYMLINK_NOFOLLOW 0x100
#define NETBOOTD_AT_NO_AUTOMOUNT 0x800
#define NETBOOTD_AT_EMPTY_PATH 0x1000

struct netbootd_status_s {
    uint64_t device;  /* major in the high half, minor in the low one */
    uint64_t inode, size, blocks; /* blocks of 512 bytes */
    uint32_t mode, links, uid, gid, rdev_major, rdev_minor;
    int64_t atime, mtime, ctime, btime;
    uint32_t atime_ns, mtime_ns, ctime_ns, btime_ns;
    int32_t has_btime;
};

/* The status of `path` in the folder `fd`, or of `fd` itself when `path` is empty; links are not followed, and nothing
 * is mounted for it. */
static inline int netbootd_status(int fd, const uint8_t *path, struct netbootd_status_s *out) {
    struct statx x;
    int flags = NETBOOTD_AT_SYMLINK_NOFOLLOW | NETBOOTD_AT_NO_AUTOMOUNT | (*path ? 0 : NETBOOTD_AT_EMPTY_PATH);
    if (syscall(SYS_statx, fd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &x)) return -1;
    *out = (struct netbootd_status_s){
        .device = (uint64_t)x.stx_dev_major << 32 | x.stx_dev_minor, .inode = x.stx_ino, .size = x.stx_size,
        .blocks = x.stx_blocks, .mode = x.stx_mode, .links = x.stx_nlink, .uid = x.stx_uid, .gid = x.stx_gid,
        .rdev_major = x.stx_rdev_major, .rdev_minor = x.stx_rdev_minor, .atime = x.stx_atime.tv_sec,
        .mtime = x.stx_mtime.tv_sec, .ctime = x.stx_ctime.tv_sec, .btime = x.stx_btime.tv_sec,
        .atime_ns = x.stx_atime.tv_nsec, .mtime_ns = x.stx_mtime.tv_nsec, .ctime_ns = x.stx_ctime.tv_nsec,
        .btime_ns = x.stx_btime.tv_nsec, .has_btime = (x.stx_mask & STATX_BTIME) != 0};
    return 0;
}

/* Entries of an open folder as struct linux_dirent64; answers how many bytes, 0 at its end. */
static inline ssize_t netbootd_entries(int fd, uint8_t *buffer, size_t size) {
    return syscall(SYS_getdents64, fd, buffer, size);
}

/* What the link says that is open as `fd`; answers its length. */
static inline ssize_t netbootd_link_target(int fd, uint8_t *buffer, size_t size) {
    return readlinkat(fd, "", (char *)buffer, size);
}

/* Opens what is at `path` beneath `folder` by way of folders alone; a link at the end is opened itself. For its status
 * alone unless `reading`, which for a FIFO must not wait. */
static inline int netbootd_open_node(int folder, const uint8_t *path, int reading) {
    struct open_how how = {
        .flags = (uint64_t)(O_CLOEXEC | O_NOFOLLOW | (reading ? O_RDONLY | O_NONBLOCK | O_NOCTTY : 010000000 /* O_PATH */)),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, folder, *path ? (const char *)path : ".", &how, sizeof how);
}

struct netbootd_space_s {
    uint64_t id; /* the file system's own, stable for most; 0 for some */
    uint64_t block_bytes, blocks, free_blocks, available_blocks, files, free_files;
};

static inline int netbootd_space(int fd, struct netbootd_space_s *out) {
    struct statfs s;
    if (fstatfs(fd, &s)) return -1;
    uint32_t id[2];
    memcpy(id, &s.f_fsid, sizeof id);
    *out = (struct netbootd_space_s){
        .id = (uint64_t)id[0] << 32 | id[1], .block_bytes = (uint64_t)s.f_bsize, .blocks = s.f_blocks,
        .free_blocks = s.f_bfree, .available_blocks = s.f_bavail, .files = s.f_files, .free_files = s.f_ffree};
    return 0;
}

/* Opens a folder, which may be open by its path alone, for reading its entries. */
static inline int netbootd_reopen_folder(int fd) {
    return openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
}
