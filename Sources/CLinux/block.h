/* Disks, mounts, modules and what the first process needs. No rules here. */
#pragma once
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The mount calls of Linux 5.2 by number: glibc has them since 2.36 alone. */
static inline int netbootd_fsopen(const char *type) { return (int)syscall(430, type, 1u /* CLOEXEC */); }
static inline int netbootd_fsconfig_flag(int fs, const char *key) {
    return (int)syscall(431, fs, 0u /* SET_FLAG */, key, NULL, 0);
}
static inline int netbootd_fsconfig_string(int fs, const char *key, const char *value) {
    return (int)syscall(431, fs, 1u /* SET_STRING */, key, value, 0);
}
static inline int netbootd_fsconfig_create(int fs) {
    return (int)syscall(431, fs, 6u /* CMD_CREATE */, NULL, NULL, 0);
}
/* A mount that is attached nowhere, and goes with its descriptor: read-only, nosuid, nodev, noexec. */
static inline int netbootd_fsmount_detached(int fs) {
    return (int)syscall(432, fs, 1u /* CLOEXEC */, 1u | 2u | 4u | 8u);
}

static inline int netbootd_mount(const char *source, const char *target, const char *type) {
    return mount(source, target, type, MS_NOSUID | MS_NOEXEC, NULL);
}

/* MAJOR and MINOR of what a device node stands for, or of the file system of an open file; -1 with errno. */
static inline int netbootd_node_number(const char *path, uint32_t *major_number, uint32_t *minor_number) {
    struct stat status;
    if (stat(path, &status)) return -1;
    if (!S_ISBLK(status.st_mode)) { errno = ENOTBLK; return -1; }
    *major_number = major(status.st_rdev);
    *minor_number = minor(status.st_rdev);
    return 0;
}
static inline int netbootd_file_system_number(int fd, uint32_t *major_number, uint32_t *minor_number) {
    struct stat status;
    if (fstat(fd, &status)) return -1;
    *major_number = major(status.st_dev);
    *minor_number = minor(status.st_dev);
    return 0;
}

static inline int netbootd_finit_module(int fd, int is_compressed) {
    return (int)syscall(SYS_finit_module, fd, "", is_compressed ? 4 /* MODULE_INIT_COMPRESSED_FILE */ : 0);
}
static inline int netbootd_init_module(const uint8_t *bytes, size_t count) {
    return (int)syscall(SYS_init_module, bytes, count, "");
}

/* What Swift does not import. The child of fork() is alone with the thread that called. */
static inline int netbootd_fork(void) { return fork(); }
static inline int netbootd_take_console(void) { return setsid() < 0 ? -1 : ioctl(0, TIOCSCTTY, 1); }
static inline int netbootd_restart(void) { return reboot(RB_AUTOBOOT); }
static inline int netbootd_power_off(void) { return reboot(RB_POWER_OFF); }

static inline void netbootd_fill_address(struct sockaddr *out, uint32_t address) {
    struct sockaddr_in value = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(address)}};
    memcpy(out, &value, sizeof value);
}
static inline int netbootd_interface_up(int socket, const char *name) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(socket, SIOCGIFFLAGS, &request)) return -1;
    request.ifr_flags |= IFF_UP;
    return ioctl(socket, SIOCSIFFLAGS, &request);
}
/* An IPv4 address and its mask, both in host byte order. */
static inline int netbootd_interface_address(int socket, const char *name, uint32_t address, uint32_t mask) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    netbootd_fill_address(&request.ifr_addr, address);
    if (ioctl(socket, SIOCSIFADDR, &request)) return -1;
    netbootd_fill_address(&request.ifr_netmask, mask);
    return ioctl(socket, SIOCSIFNETMASK, &request);
}
/* A route to everything by a router on the interface. */
static inline int netbootd_default_route(int socket, const char *name, uint32_t router) {
    struct rtentry route = {0};
    netbootd_fill_address(&route.rt_dst, 0);
    netbootd_fill_address(&route.rt_genmask, 0);
    netbootd_fill_address(&route.rt_gateway, router);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    route.rt_dev = (char *)name;
    return ioctl(socket, SIOCADDRT, &route);
}
