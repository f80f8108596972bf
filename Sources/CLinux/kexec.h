/* Loading and starting another kernel: system calls without a wrapper in libc. No rules here. */
#pragma once
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct kexec_segment; sizes and addresses in bytes. */
struct netbootd_kexec_segment {
    const void *buffer;
    size_t buffer_size;
    uintptr_t address;
    size_t memory_size;
};

/* `length` counts the command line's NUL. -1 with errno. */
static inline int netbootd_kexec_file_load(int kernel, int initrd, size_t length, const char *command_line,
                                           unsigned long flags) {
    return (int)syscall(SYS_kexec_file_load, kernel, initrd, length, command_line, flags);
}

/* `entry` is an address of 64-bit code. -1 with errno. */
static inline int netbootd_kexec_load(uintptr_t entry, size_t count, const struct netbootd_kexec_segment *segments) {
    return (int)syscall(SYS_kexec_load, entry, count, segments, 62ul << 16 /* KEXEC_ARCH_X86_64 */);
}

/* Leaves the running kernel for the loaded one, at once; -1 with errno when nothing is loaded. */
static inline int netbootd_kexec_restart(void) {
    return (int)syscall(SYS_reboot, 0xfee1dead, 0x28121969, 0x45584543 /* LINUX_REBOOT_CMD_KEXEC */, 0);
}

/* A file as memory that is read only; NULL with errno. Private: of a sealed file, older kernels give no other. */
static inline const void *netbootd_map_file(int fd, size_t size) {
    void *address = mmap(0, size, PROT_READ, MAP_PRIVATE, fd, 0);
    return address == MAP_FAILED ? 0 : address;
}
