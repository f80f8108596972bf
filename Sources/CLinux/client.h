/* What a client needs: connections, names, files in memory. No rules here. */
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
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

/* Closes `fd` and answers -1 with the errno of the call before. */
static inline int netbootd_give_up(int fd) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Starts to connect a non-blocking socket of `type` to an address of 4 or 16 bytes in network order. The
 * connection may still be under way when this answers. -1 with errno. */
static inline int netbootd_connect(int type, const uint8_t *address, size_t length, uint32_t scope, uint16_t port) {
    union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } peer;
    memset(&peer, 0, sizeof peer);
    socklen_t size;
    if (length == 4) {
        peer.v4.sin_family = AF_INET;
        peer.v4.sin_port = htons(port);
        memcpy(&peer.v4.sin_addr, address, 4);
        size = sizeof peer.v4;
    } else if (length == 16) {
        peer.v6.sin6_family = AF_INET6;
        peer.v6.sin6_port = htons(port);
        peer.v6.sin6_scope_id = scope;
        memcpy(&peer.v6.sin6_addr, address, 16);
        size = sizeof peer.v6;
    } else {
        errno = EAFNOSUPPORT;
        return -1;
    }
    int fd = socket(peer.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (connect(fd, &peer.any, size) && errno != EINPROGRESS) return netbootd_give_up(fd);
    return fd;
}

/* The error that is pending on a socket, or 0. */
static inline int netbootd_socket_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) ? errno : error;
}

/* A socket that sends Ethernet frames on one interface and hears those that carry whole UDP datagrams to `port`,
 * whoever holds that port; -1 with errno. */
static inline int netbootd_frame_socket(uint32_t interface_index, uint16_t port) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),            /* Ethernet type */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0800, 0, 8),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),            /* protocol */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),            /* a fragment? */
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),           /* length of the IPv4 header */
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),            /* destination port */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 65535),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    /* Protocol 0 hears nothing until it is bound, when the filter is in place. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    struct sockaddr_ll local = {
        .sll_family = AF_PACKET, .sll_protocol = htons(0x0800), .sll_ifindex = (int)interface_index};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) ||
        bind(fd, (struct sockaddr *)&local, sizeof local)) {
        return netbootd_give_up(fd);
    }
    return fd;
}
