/* A terminal whose keys are read one by one. No rules here but one: it is given back however the process ends. */
#pragma once
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct {
    volatile sig_atomic_t is_raw;
    int fd;
    struct termios before, raw;
} netbootd_terminal = {0, -1, {0}, {0}};

static const int netbootd_terminal_signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGABRT,
                                                SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGTRAP};

/* Shows the cursor again and switches off what was switched on; safe within a signal's handler. */
static inline void netbootd_terminal_give_back(void) {
    if (!netbootd_terminal.is_raw) return;
    netbootd_terminal.is_raw = 0;
    ssize_t written = write(netbootd_terminal.fd, "\033[0m\033[?25h\r\n", 12);
    (void)written;
    tcsetattr(netbootd_terminal.fd, TCSADRAIN, &netbootd_terminal.before);
}

static inline void netbootd_terminal_on_end(int number) {
    netbootd_terminal_give_back();
    signal(number, SIG_DFL);
    raise(number);
}

/* Another size, or going on after a stop: poll() returns, and the screen is drawn again. */
static inline void netbootd_terminal_on_change(int number) {
    int code = errno;
    if (number == SIGCONT && netbootd_terminal.is_raw) {
        tcsetattr(netbootd_terminal.fd, TCSADRAIN, &netbootd_terminal.raw);
    }
    errno = code;
}

/* Takes the terminal; -1 with errno. */
static inline int netbootd_terminal_take(int fd) {
    if (tcgetattr(fd, &netbootd_terminal.before)) return -1;
    netbootd_terminal.fd = fd;
    netbootd_terminal.raw = netbootd_terminal.before;
    netbootd_terminal.raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    netbootd_terminal.raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    netbootd_terminal.raw.c_cc[VMIN] = 1;
    netbootd_terminal.raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSADRAIN, &netbootd_terminal.raw)) return -1;
    netbootd_terminal.is_raw = 1;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = netbootd_terminal_on_end;
    for (unsigned i = 0; i < sizeof netbootd_terminal_signals / sizeof(int); i++) {
        sigaction(netbootd_terminal_signals[i], &action, NULL);
    }
    action.sa_handler = netbootd_terminal_on_change;
    sigaction(SIGWINCH, &action, NULL);
    sigaction(SIGCONT, &action, NULL);
    return 0;
}

/* Gives it back, and the signals their usual meaning. */
static inline void netbootd_terminal_leave(void) {
    netbootd_terminal_give_back();
    for (unsigned i = 0; i < sizeof netbootd_terminal_signals / sizeof(int); i++) {
        signal(netbootd_terminal_signals[i], SIG_DFL);
    }
    signal(SIGWINCH, SIG_DFL);
    signal(SIGCONT, SIG_DFL);
}

/* Columns and rows; -1 if the terminal does not know, as on a serial line. */
static inline int netbootd_terminal_size(int fd, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

/* Whether a key waits: 1, or 0 after this time (-1: no time), -1 with errno (EINTR: a signal). */
static inline int netbootd_terminal_wait(int fd, int milliseconds) {
    struct pollfd key = {.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&key, 1, milliseconds);
}
