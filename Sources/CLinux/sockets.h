/* Streams and datagrams of both kinds of IP, and files that go out by sendfile. */
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

/* Both ends of a connection or datagram. An IPv4 address is in the first four bytes, in network order. */
struct netbootd_ends {
    uint8_t peer[16], local[16];
    uint32_t is_ipv6, scope, peer_port; /* the port in host byte order; the scope is the interface's index */
};

/* A non-blocking socket bound to an address; with `device`, to that interface alone. IPv6 takes no IPv4. -1 with errno. */
static inline int netbootd_bind_any(int type, int is_ipv6, const uint8_t *address, uint16_t port, const char *device) {
    int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int on = 1, failed;
    if (is_ipv6) {
        struct sockaddr_in6 local = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        memcpy(&local.sin6_addr, address, 16);
        failed = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) ||
            (type == SOCK_DGRAM && setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)) ||
            (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) ||
            (device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1)) ||
            bind(fd, (struct sockaddr *)&local, sizeof local);
    } else {
        struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&local.sin_addr, address, 4);
        failed = (type == SOCK_DGRAM && setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on)) ||
            (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) ||
            (device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1)) ||
            bind(fd, (struct sockaddr *)&local, sizeof local);
    }
    if (failed) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* The port that a socket of either kind is bound to; -1 with errno. */
static inline int netbootd_bound_port(int fd) {
    struct sockaddr_storage local;
    socklen_t length = sizeof local;
    if (getsockname(fd, (struct sockaddr *)&local, &length)) return -1;
    return ntohs(local.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&local)->sin6_port
                                             : ((struct sockaddr_in *)&local)->sin_port);
}

static inline void netbootd_fill_peer(const struct sockaddr_storage *from, struct netbootd_ends *ends) {
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *peer = (const struct sockaddr_in6 *)from;
        memcpy(ends->peer, &peer->sin6_addr, 16);
        ends->peer_port = ntohs(peer->sin6_port);
        ends->scope = peer->sin6_scope_id;
        ends->is_ipv6 = 1;
    } else {
        const struct sockaddr_in *peer = (const struct sockaddr_in *)from;
        memcpy(ends->peer, &peer->sin_addr, 4);
        ends->peer_port = ntohs(peer->sin_port);
        ends->is_ipv6 = 0;
    }
}

/* The next connection, which does not wait and sends at once; -1 with errno. */
static inline int netbootd_accept(int listener, struct netbootd_ends *ends) {
    struct sockaddr_storage peer, local;
    socklen_t length = sizeof peer;
    int fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return -1;
    memset(ends, 0, sizeof *ends);
    netbootd_fill_peer(&peer, ends);
    length = sizeof local;
    if (!getsockname(fd, (struct sockaddr *)&local, &length)) {
        if (local.ss_family == AF_INET6) memcpy(ends->local, &((struct sockaddr_in6 *)&local)->sin6_addr, 16);
        else memcpy(ends->local, &((struct sockaddr_in *)&local)->sin_addr, 4);
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* One datagram; answers its length, or -1 with errno. */
static inline ssize_t netbootd_receive_any(int fd, uint8_t *buffer, size_t size, struct netbootd_ends *ends) {
    struct sockaddr_storage peer;
    struct iovec vector = {buffer, size};
    union { char bytes[CMSG_SPACE(20) + CMSG_SPACE(sizeof(struct in_pktinfo))]; struct cmsghdr align; } control;
    struct msghdr message = {.msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &vector, .msg_iovlen = 1,
                             .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0) return -1;
    memset(ends, 0, sizeof *ends);
    netbootd_fill_peer(&peer, ends);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
            memcpy(ends->local, &((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr, 4);
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            memcpy(ends->local, CMSG_DATA(c), 16); /* ipi6_addr is its first member */
            memcpy(&ends->scope, CMSG_DATA(c) + 16, sizeof ends->scope);
        }
    }
    return length;
}

/* One datagram back to where another came from, from the address that that was sent to. */
static inline ssize_t netbootd_send_back(int fd, const uint8_t *bytes, size_t length, const struct netbootd_ends *ends) {
    struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)ends->peer_port)};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)ends->peer_port), .sin6_scope_id = ends->scope};
    struct iovec vector = {(void *)bytes, length};
    union { char bytes[CMSG_SPACE(32)]; struct cmsghdr align; } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (ends->is_ipv6) {
        memcpy(&to6.sin6_addr, ends->peer, 16);
        message.msg_name = &to6;
        message.msg_namelen = sizeof to6;
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(20);
        memcpy(CMSG_DATA(c), ends->local, 16);
        memcpy(CMSG_DATA(c) + 16, &ends->scope, 4);
        message.msg_controllen = CMSG_SPACE(20);
    } else {
        memcpy(&to4.sin_addr, ends->peer, 4);
        message.msg_name = &to4;
        message.msg_namelen = sizeof to4;
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, ends->local, 4);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        message.msg_controllen = CMSG_SPACE(sizeof info);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Sends what fits; with `more`, the kernel waits for what follows. */
static inline ssize_t netbootd_stream_send(int fd, const uint8_t *bytes, size_t length, int more) {
    return send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
}

/* Sends what fits of a file's bytes from `offset`; 0 at the file's end. */
static inline ssize_t netbootd_send_file(int socket, int file, uint64_t offset, size_t count) {
    off_t position = (off_t)offset;
    return sendfile(socket, file, &position, count);
}

static inline int netbootd_epoll_change(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

/* A connected UDP socket to an IPv4 address (host byte order) of this host, from a privileged port, which waits for
 * answers for at most `milliseconds`; -1 with errno. */
static inline int netbootd_privileged_datagram(uint32_t address, uint16_t port, int milliseconds) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(address)}};
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    int bound = -1;
    for (int own = 1023; own >= 600 && bound; own--) {
        struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((uint16_t)own)};
        bound = bind(fd, (struct sockaddr *)&local, sizeof local);
        if (bound && errno != EADDRINUSE) break;
    }
    if (bound || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) ||
        connect(fd, (struct sockaddr *)&to, sizeof to)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* The addresses of a host, as `peer` of each; answers how many. */
static inline int netbootd_resolve_host(const char *name, struct netbootd_ends *out, int count) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    if (getaddrinfo(name, NULL, &hints, &list)) return 0;
    int found = 0;
    for (struct addrinfo *item = list; item && found < count; item = item->ai_next) {
        if (item->ai_family != AF_INET && item->ai_family != AF_INET6) continue;
        struct sockaddr_storage address;
        memset(&address, 0, sizeof address);
        memcpy(&address, item->ai_addr, item->ai_addrlen);
        memset(&out[found], 0, sizeof out[found]);
        netbootd_fill_peer(&address, &out[found++]);
    }
    freeaddrinfo(list);
    return found;
}
