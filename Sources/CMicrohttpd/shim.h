/* libmicrohttpd's variadic calls, which Swift cannot import. No rules here. */
#pragma once
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct netbootd_httpd_options {
    int listen_socket; /* bound and listening; the daemon closes it */
    unsigned threads;
    unsigned connections;
    unsigned connections_per_address;
    unsigned idle_seconds;
    unsigned connection_memory_bytes;
};

struct netbootd_httpd_callbacks {
    void *context;
    MHD_LogCallback log;
    void *(*begin)(void *context, const char *target, struct MHD_Connection *connection);
    MHD_AccessHandlerCallback answer;
    MHD_RequestCompletedCallback finish;
};

/* libmicrohttpd would decode targets before our one decoding: leave them as they are. */
static size_t netbootd_httpd_keep_escapes(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

static inline struct MHD_Daemon *netbootd_httpd_start(const struct netbootd_httpd_options *options,
                                                      const struct netbootd_httpd_callbacks *callbacks) {
    void *context = callbacks->context;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)callbacks->begin, context},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)callbacks->finish, context},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)netbootd_httpd_keep_escapes, NULL},
        {MHD_OPTION_LISTEN_SOCKET, options->listen_socket, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, options->connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connections_per_address, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, options->idle_seconds, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_memory_bytes, NULL},
        /* A pool of one is refused: without the option there is one thread. */
        {options->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                            callbacks->answer, context,
                            /* First, or what it says of the other options goes to stderr. */
                            MHD_OPTION_EXTERNAL_LOGGER, callbacks->log, context,
                            MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

/* The client's IPv4 address in host byte order; 0 when it has none. */
static inline uint32_t netbootd_httpd_client(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr || info->client_addr->sa_family != AF_INET) return 0;
    struct sockaddr_in address;
    memcpy(&address, info->client_addr, sizeof address);
    return ntohl(address.sin_addr.s_addr);
}

/* The status that was queued, by us or by the library itself; 0 when none was. */
static inline unsigned netbootd_httpd_status(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
    return info ? info->http_status : 0;
}

/* How many bytes this connection's client has acknowledged so far (tcpi_bytes_acked of TCP_INFO, at byte 120). */
static inline uint64_t netbootd_httpd_acknowledged(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    uint64_t words[16];
    socklen_t length = sizeof words;
    if (!info || getsockopt(info->connect_fd, IPPROTO_TCP, 11 /* TCP_INFO */, words, &length) ||
        length < sizeof words)
        return 0;
    return words[15];
}
