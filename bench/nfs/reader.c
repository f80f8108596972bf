/* Loads an NFSv3 server from one process, on libnfs:
 *   reader read URL CHUNK DEPTH          reads a file from front to back, DEPTH reads of CHUNK bytes in flight
 *   reader random URL CHUNK DEPTH COUNT  COUNT reads of CHUNK bytes at random places
 *   reader list URL                      every entry below a folder, with its attributes
 *   reader hold URL CLIENTS              mounts so many times, reads a little, prints "ready", and waits for its input's end
 * Prints one line: what was done, and the seconds that it took. */
#include <errno.h>
#include <fcntl.h>
#include <nfsc/libnfs.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct nfs_context *nfs;
static struct nfsfh *file;
static uint64_t chunk, size, next_offset, done_bytes, requests, wanted;
static int depth, in_flight, is_random, failed;
static uint64_t seed = 88172645463325252ull;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "reader: %s: %s\n", what, nfs ? nfs_get_error(nfs) : strerror(errno));
    exit(1);
}

static struct nfs_context *mount_url(const char *text, char **path) {
    nfs = nfs_init_context();
    if (!nfs) die("context");
    struct nfs_url *url = nfs_parse_url_incomplete(nfs, text);
    if (!url) die("URL");
    if (nfs_mount(nfs, url->server, url->path)) die("mount");
    if (path) *path = url->file && *url->file ? strdup(url->file) : NULL;
    return nfs;
}

static void issue(void);

static void answered(int status, struct nfs_context *context, void *data, void *unused) {
    (void)context; (void)data; (void)unused;
    in_flight--;
    if (status < 0) { fprintf(stderr, "reader: read: %s\n", nfs_get_error(nfs)); failed = 1; return; }
    done_bytes += (uint64_t)status;
    requests++;
    issue();
}

static void issue(void) {
    while (!failed && in_flight < depth) {
        uint64_t offset;
        if (is_random) {
            if (wanted == 0) return;
            wanted--;
            seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17;
            offset = seed % (size / chunk) * chunk;
        } else {
            if (next_offset >= size) return;
            offset = next_offset;
            next_offset += chunk;
        }
        if (nfs_pread_async(nfs, file, offset, chunk, answered, NULL)) die("pread");
        in_flight++;
    }
}

static void run_reads(void) {
    issue();
    while (in_flight && !failed) {
        struct pollfd waiting = {.fd = nfs_get_fd(nfs), .events = nfs_which_events(nfs)};
        if (poll(&waiting, 1, 30000) <= 0) die("poll");
        if (nfs_service(nfs, waiting.revents) < 0) die("service");
    }
    if (failed) exit(1);
}

static uint64_t list(const char *path) {
    struct nfsdir *folder;
    struct nfsdirent *entry;
    uint64_t count = 0;
    if (nfs_opendir(nfs, path, &folder)) die(path);
    while ((entry = nfs_readdir(nfs, folder))) {
        if (!strcmp(entry->name, ".") || !strcmp(entry->name, "..")) continue;
        count++;
        if ((entry->mode & 0170000) == 0040000) {
            char *child;
            if (asprintf(&child, "%s/%s", strcmp(path, "/") ? path : "", entry->name) < 0) exit(1);
            count += list(child);
            free(child);
        }
    }
    nfs_closedir(nfs, folder);
    return count;
}

static void hold(const char *url, int clients) {
    char buffer[4096], *path;
    for (int i = 0; i < clients; i++) {
        mount_url(url, &path);
        if (nfs_open(nfs, path, O_RDONLY, &file)) die("open");
        if (nfs_pread(nfs, file, 0, sizeof buffer, buffer) < 0) die("pread");
    }
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF) {}
}

int main(int count, char **words) {
    if (count < 3) return 2;
    if (!strcmp(words[1], "hold")) { hold(words[2], count > 3 ? atoi(words[3]) : 200); return 0; }
    char *path;
    if (!strcmp(words[1], "list")) {
        mount_url(words[2], &path);
        double start = now();
        uint64_t entries = list(path ? path : "/");
        printf("%llu entries %.4f\n", (unsigned long long)entries, now() - start);
        return 0;
    }
    if (count < 5) return 2;
    chunk = strtoull(words[3], NULL, 0);
    depth = atoi(words[4]);
    is_random = !strcmp(words[1], "random");
    mount_url(words[2], &path);
    if (nfs_open(nfs, path, O_RDONLY, &file)) die("open");
    struct nfs_stat_64 status;
    if (nfs_fstat64(nfs, file, &status)) die("fstat");
    size = status.nfs_size;
    if (is_random) wanted = count > 5 ? strtoull(words[5], NULL, 0) : 100000;
    double start = now();
    run_reads();
    printf("%llu bytes %llu requests %.4f\n", (unsigned long long)done_bytes, (unsigned long long)requests, now() - start);
    return 0;
}
