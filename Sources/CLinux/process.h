/* Other programs, and what is switched off before another kernel starts. No rules here. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

/* Starts a program from PATH; answers 0 or an errno. `silent`: /dev/null as its input and output. `detached`: in a
 * session of its own. The signals that this process has blocked or ignores are as usual for it. */
static inline int netbootd_spawn(pid_t *pid, char *const *arguments, int silent, int detached) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (detached) flags |= 0x80; /* POSIX_SPAWN_SETSID, which glibc hides without _GNU_SOURCE */
    posix_spawnattr_setflags(&attributes, flags);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    for (int fd = 0; silent && fd < 3; fd++) {
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", fd ? O_WRONLY : O_RDONLY, 0);
    }
    int code = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return code;
}

/* Switches a network interface off; -1 with errno. */
static inline int netbootd_interface_down(const char *name) {
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int status = ioctl(fd, SIOCGIFFLAGS, &request);
    request.ifr_flags &= (short)~IFF_UP;
    if (!status) status = ioctl(fd, SIOCSIFFLAGS, &request);
    int error = errno;
    close(fd);
    errno = error;
    return status;
}

/* The width of a terminal in characters; 0 when it is none, or does not know. */
static inline int netbootd_terminal_columns(int fd) {
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}
