/* Linux calls that Swift cannot import: variadics, macros, system calls without a wrapper. No rules here. */
#pragma once
/* Without _GNU_SOURCE, which would give some types another shape than they have in Swift's Glibc. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static inline int netbootd_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = 0, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

/* Keeps the capabilities of `mask` alone: permitted, effective and inheritable, of the calling thread. */
static inline int netbootd_capset(uint64_t mask) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        data[i].effective = data[i].permitted = data[i].inheritable = (uint32_t)(mask >> (32 * i));
    }
    return (int)syscall(SYS_capset, &header, data);
}

/* The capabilities that the calling thread has in effect; 0 when it cannot find out. */
static inline uint64_t netbootd_cap_effective(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data)) return 0;
    return (uint64_t)data[1].effective << 32 | data[0].effective;
}

/* Leaves the calling thread without the capabilities of `mask`, for good. */
static inline int netbootd_cap_drop(uint64_t mask) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data)) return -1;
    for (int i = 0; i < 2; i++) {
        uint32_t kept = ~(uint32_t)(mask >> (32 * i));
        data[i].effective &= kept;
        data[i].permitted &= kept;
        data[i].inheritable &= kept;
    }
    return (int)syscall(SYS_capset, &header, data);
}

static inline void netbootd_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }


static inline int netbootd_interface_mtu(int socket, const char *name) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    return ioctl(socket, SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : -1;
}

/* A received IPv4 datagram. Addresses and the port are in host byte order. */
struct netbootd_datagram {
    uint32_t peer_address;
    uint16_t peer_port;
    uint32_t local_address;   /* the address that it was sent to (IP_PKTINFO's ipi_addr) */
    uint32_t interface_index; /* the interface that it came in by; 0 without IP_PKTINFO */
    uint32_t length;          /* of the datagram; more than the buffer when it was cut off */
};

#define NETBOOTD_BATCH 32
#define NETBOOTD_O_PATH 010000000 /* O_PATH */

struct netbootd_mmsghdr { /* struct mmsghdr */
    struct msghdr msg_hdr;
    unsigned msg_len;
};

/* Reads up to `count` (at most NETBOOTD_BATCH) datagrams into consecutive parts of `buffer`, `size` bytes each.
 * Answers how many, or -1 with errno. */
static inline int netbootd_receive(int fd, uint8_t *buffer, size_t size, struct netbootd_datagram *out, int count) {
    struct netbootd_mmsghdr messages[NETBOOTD_BATCH];
    struct iovec vectors[NETBOOTD_BATCH];
    struct sockaddr_in peers[NETBOOTD_BATCH];
    union { char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))]; struct cmsghdr align; } control[NETBOOTD_BATCH];
    if (count > NETBOOTD_BATCH) count = NETBOOTD_BATCH;
    memset(messages, 0, sizeof messages[0] * (size_t)count);
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){buffer + (size_t)i * size, size};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &vectors[i], .msg_iovlen = 1,
            .msg_control = &control[i], .msg_controllen = sizeof control[i]};
    }
    int received;
    if (count == 1) { /* recvmmsg would look for a second one */
        ssize_t length = recvmsg(fd, &messages[0].msg_hdr, MSG_DONTWAIT | MSG_TRUNC);
        received = length < 0 ? -1 : 1;
        messages[0].msg_len = (unsigned)length;
    } else {
        received = (int)syscall(SYS_recvmmsg, fd, messages, (unsigned)count, MSG_DONTWAIT | MSG_TRUNC, NULL);
    }
    for (int i = 0; i < received; i++) {
        struct netbootd_datagram *d = &out[i];
        memset(d, 0, sizeof *d);
        d->peer_address = ntohl(peers[i].sin_addr.s_addr);
        d->peer_port = ntohs(peers[i].sin_port);
        d->length = messages[i].msg_len;
        struct msghdr *header = &messages[i].msg_hdr;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
            if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO) continue;
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            d->local_address = ntohl(info.ipi_addr.s_addr);
            d->interface_index = (uint32_t)info.ipi_ifindex;
        }
    }
    return received;
}

/* Sends `length` bytes to peer, as datagrams of `segment` bytes (UDP GSO) unless that is 0, from `source` by
 * interface `interface_index` unless those are 0. Addresses and ports in host byte order. */
static inline ssize_t netbootd_send(int fd, const uint8_t *bytes, size_t length, uint16_t segment,
                                    uint32_t peer_address, uint16_t peer_port, uint32_t source,
                                    uint32_t interface_index) {
    struct sockaddr_in peer = {
        .sin_family = AF_INET, .sin_port = htons(peer_port), .sin_addr = {.s_addr = htonl(peer_address)}};
    struct iovec vector = {(void *)bytes, length};
    union {
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {
        .msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof control};
    size_t used = 0;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (source || interface_index) {
        struct in_pktinfo info = {
            .ipi_ifindex = (int)interface_index, .ipi_spec_dst = {.s_addr = htonl(source)}};
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        used += CMSG_SPACE(sizeof info);
        c = CMSG_NXTHDR(&message, c);
    }
    if (segment) {
        c->cmsg_level = SOL_UDP;
        c->cmsg_type = 103; /* UDP_SEGMENT, which glibc's header has only since 2.29 */
        c->cmsg_len = CMSG_LEN(sizeof segment);
        memcpy(CMSG_DATA(c), &segment, sizeof segment);
        used += CMSG_SPACE(sizeof segment);
    }
    message.msg_controllen = used;
    if (!used) message.msg_control = NULL;
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* A socket bound to an IPv4 address (host byte order) and port; -1 with errno. `device` may be NULL. */
static inline int netbootd_bind4(int type, uint32_t address, uint16_t port, const char *device) {
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int on = 1;
    struct sockaddr_in local = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(address)}};
    if ((type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) ||
        (device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1)) ||
        bind(fd, (struct sockaddr *)&local, sizeof local)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static inline int netbootd_duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

static inline int netbootd_open_folder(const char *path) {
    return open(path, NETBOOTD_O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Whom the calling thread is for the kernel when it opens files. -1 with errno when it may not be that. */
static inline int netbootd_thread_file_identity(uid_t uid, gid_t gid) {
    setfsgid(gid);
    setfsuid(uid);
    /* Both answer what was before, and an impossible number changes nothing. */
    if ((gid_t)setfsgid((gid_t)-1) == gid && (uid_t)setfsuid((uid_t)-1) == uid) return 0;
    errno = EPERM;
    return -1;
}

/* The calling thread's supplementary groups alone; setgroups() would change those of all threads. */
static inline int netbootd_thread_groups(size_t count, const gid_t *groups) {
    return (int)syscall(SYS_setgroups, count, groups);
}

/* access(), asked for the file system identity rather than for the real user. */
static inline int netbootd_accessible(const char *path, int mode) {
    return (int)syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS);
}

/* epoll_event holds a union, which Swift takes for unsafe: these two carry its 64-bit member alone. */
static inline int netbootd_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static inline int netbootd_epoll_remove(int epoll, int fd) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
}

struct netbootd_event { uint64_t token; uint32_t events; uint32_t padding; };

static inline int netbootd_epoll_wait(int epoll, struct netbootd_event *out, int count, int milliseconds) {
    struct epoll_event events[64];
    if (count > 64) count = 64;
    int ready = epoll_wait(epoll, events, count, milliseconds);
    for (int i = 0; i < ready; i++) {
        out[i] = (struct netbootd_event){.token = events[i].data.u64, .events = events[i].events};
    }
    return ready;
}

static inline int netbootd_set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value);
}

static inline int netbootd_local_port(int fd) {
    struct sockaddr_in local;
    socklen_t length = sizeof local;
    return getsockname(fd, (struct sockaddr *)&local, &length) ? -1 : ntohs(local.sin_port);
}

/* Sends one datagram to a Unix socket; a leading '@' stands for the abstract namespace. */
static inline int netbootd_send_unix(const char *path, const char *bytes, size_t length) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t path_length = strlen(path);
    if (path_length >= sizeof to.sun_path) { errno = ENAMETOOLONG; return -1; }
    memcpy(to.sun_path, path, path_length);
    if (path[0] == '@') to.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    ssize_t sent = sendto(fd, bytes, length, MSG_NOSIGNAL, (struct sockaddr *)&to,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_length));
    int error = errno;
    close(fd);
    errno = error;
    return sent < 0 ? -1 : 0;
}

/* Blocks SIGTERM, SIGINT and SIGHUP for this thread and those it starts, with `quit` SIGQUIT as well, and answers
 * a descriptor to read them from; SIGPIPE is ignored. -1 with errno. */
static inline int netbootd_signal_descriptor(int quit) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (quit) sigaddset(&set, SIGQUIT);
    signal(SIGPIPE, SIG_IGN);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error) { errno = error; return -1; }
    return signalfd(-1, &set, O_CLOEXEC | O_NONBLOCK);
}

/* The next signal of such a descriptor; 0 when none is waiting. */
static inline int netbootd_next_signal(int fd) {
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

/* Becomes another user for good, in all threads, and keeps the capabilities of `mask` alone. The thread that calls
 * must be the only one. -1 with errno. */
static inline int netbootd_become(uid_t uid, gid_t gid, uint64_t mask) {
    for (int capability = 0; capability <= 63; capability++) {
        if (mask >> capability & 1) continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) && errno == EINVAL) break; /* past the kernel's last */
    }
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) || setgid(gid) || setuid(uid)) return -1;
    if (netbootd_capset(mask)) return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* A raw ICMPv6 socket on one interface that hears router solicitations alone, with their hop limits, and sends
 * with hop limit 255; -1 with errno. */
static inline int netbootd_router_socket(const char *device, uint32_t interface_index) {
    int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
    if (fd < 0) return -1;
    struct icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
    int on = 1, hops = 255, index = (int)interface_index;
    struct ipv6_mreq routers = {.ipv6mr_interface = interface_index};
    inet_pton(AF_INET6, "ff02::2", &routers.ipv6mr_multiaddr);
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1) ||
        setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on) ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index) ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &routers, sizeof routers)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Reads one ICMPv6 message; answers its length, or -1 with errno. `hop_limit` is -1 when the kernel told none. */
static inline ssize_t netbootd_router_receive(int fd, uint8_t *buffer, size_t size, int *hop_limit) {
    struct iovec vector = {buffer, size};
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
    *hop_limit = -1;
    if (length < 0) return -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) memcpy(hop_limit, CMSG_DATA(c), sizeof(int));
    }
    return length;
}

/* Sends an ICMPv6 message, whose checksum the kernel fills in, to all nodes on an interface. */
static inline ssize_t netbootd_router_send(int fd, const uint8_t *bytes, size_t length, uint32_t interface_index) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = interface_index};
    inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
    return sendto(fd, bytes, length, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to);
}

/* Allows as many descriptors as this process may have at all; answers how many, or -1 with errno. */
static inline long netbootd_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return -1;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) ? -1 : (long)limit.rlim_cur;
}
