/*
 * Preloaded into a process, it writes down what that process does to its database files, and can make those calls fail.
 * Only files whose path contains one of the colon-separated texts of RECORD_MATCH are looked at.
 *
 *   RECORD_TO       file of records: kind (1), file number (1), offset (8), length (4), then `length` bytes
 *                   W write, T truncate, S sync, O open, U unlink, A acknowledgement (a write to a path ending in .acks)
 *   RECORD_ALONE    programs that this one starts are not looked at
 *   RECORD_SYNC_MS  how long each sync takes, as on a slow disk
 *   FAIL_AT         number of the matching call, from 1, that fails with FAIL_ERRNO (5 EIO, 28 ENOSPC); all later syncs,
 *                   writes and truncations count on, and fail too when FAIL_ALWAYS is set
 *   FAIL_KINDS      which calls count: any of W T S R (write, truncate, sync, read)
 *   FAIL_COUNT_TO   file that gets the number of calls at the end, as text
 *   FAIL_WHILE      while this file exists, writes that make a file longer and truncations fail with FAIL_ERRNO
 *   FAIL_MARK       file that is made when a call was made to fail
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 64
#define DESCRIPTORS 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[FILES];
static int file_count;
static signed char file_of[DESCRIPTORS]; /* 0: not looked at, else file number + 1 */
static int record_fd = -1;
static long fail_at, fail_errno = EIO, calls;
static int fail_always, sync_ms;
static const char *match, *fail_kinds = "WTS", *fail_while, *fail_mark, *count_to;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fallocate)(int, int, off_t, off_t);
static int (*real_posix_fallocate)(int, off_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_close)(int);
static int (*real_open)(const char *, int, ...), (*real_openat)(int, const char *, int, ...);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_pread = dlsym(RTLD_NEXT, "pread64");
  real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fallocate = dlsym(RTLD_NEXT, "fallocate64");
  real_posix_fallocate = dlsym(RTLD_NEXT, "posix_fallocate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_close = dlsym(RTLD_NEXT, "close");
  real_open = dlsym(RTLD_NEXT, "open64");
  real_openat = dlsym(RTLD_NEXT, "openat64");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  match = getenv("RECORD_MATCH");
  const char *to = getenv("RECORD_TO");
  if (to) record_fd = real_open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (getenv("RECORD_ALONE")) unsetenv("LD_PRELOAD");
  if (getenv("RECORD_SYNC_MS")) sync_ms = atoi(getenv("RECORD_SYNC_MS"));
  if (getenv("FAIL_AT")) fail_at = atol(getenv("FAIL_AT"));
  if (getenv("FAIL_ERRNO")) fail_errno = atol(getenv("FAIL_ERRNO"));
  if (getenv("FAIL_KINDS")) fail_kinds = getenv("FAIL_KINDS");
  fail_always = getenv("FAIL_ALWAYS") != NULL;
  fail_while = getenv("FAIL_WHILE");
  fail_mark = getenv("FAIL_MARK");
  count_to = getenv("FAIL_COUNT_TO");
}

__attribute__((destructor)) static void end(void) {
  if (!count_to) return;
  int fd = real_open(count_to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return;
  char text[32];
  int length = snprintf(text, sizeof text, "%ld\n", calls);
  if (real_write(fd, text, length) != length) { /* nothing can be done about it here */ }
  real_close(fd);
}

static int is_matched(const char *path) {
  if (!match || !path) return 0;
  char copy[1024];
  snprintf(copy, sizeof copy, "%s", match);
  for (char *rest = copy, *one; (one = strsep(&rest, ":"));)
    if (*one && strstr(path, one)) return 1;
  return 0;
}

static int looked_at(int fd) { return fd >= 0 && fd < DESCRIPTORS ? file_of[fd] : 0; }

static void record(char kind, int file, uint64_t offset, const void *bytes, uint32_t length, uint32_t stored) {
  if (record_fd < 0) return;
  unsigned char head[14];
  head[0] = kind;
  head[1] = (unsigned char)file;
  memcpy(head + 2, &offset, 8);
  memcpy(head + 10, &length, 4);
  struct iovec parts[2] = {{head, sizeof head}, {(void *)bytes, stored}};
  if (writev(record_fd, parts, stored ? 2 : 1) < 0) _exit(99);
}

/* Whether this call is the one that is to fail. */
static int fails(char kind) {
  if (!strchr(fail_kinds, kind)) return 0;
  calls++;
  if (fail_at == 0) return 0;
  if (calls != fail_at && !(fail_always && calls > fail_at)) return 0;
  if (fail_mark) {
    int fd = real_open(fail_mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) real_close(fd);
  }
  errno = (int)fail_errno;
  return 1;
}

/* The disk is full: what is there may be overwritten, nothing becomes longer. */
static int is_full(int fd, off_t upto) {
  struct stat about;
  if (!fail_while || access(fail_while, F_OK) != 0) return 0;
  if (fstat(fd, &about) != 0 || upto <= about.st_size) return 0;
  errno = ENOSPC;
  return 1;
}

static void opened(int fd, const char *path) {
  if (fd < 0 || fd >= DESCRIPTORS) return;
  int saved = errno;
  pthread_mutex_lock(&lock);
  file_of[fd] = 0;
  if (is_matched(path)) {
    int file = 0;
    while (file < file_count && strcmp(paths[file], path) != 0) file++;
    if (file == file_count && file_count < FILES) {
      paths[file_count++] = strdup(path);
      record('O', file, 0, path, (uint32_t)strlen(path), (uint32_t)strlen(path));
    }
    file_of[fd] = (signed char)(file + 1);
  }
  pthread_mutex_unlock(&lock);
  errno = saved;
}

static int do_open(const char *path, int flags, mode_t mode) {
  int fd = real_open(path, flags, mode);
  opened(fd, path);
  return fd;
}
int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return do_open(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return do_open(path, flags, mode);
}
static int do_openat(int folder, const char *path, int flags, mode_t mode) {
  int fd = real_openat(folder, path, flags, mode);
  opened(fd, path);
  return fd;
}
int openat(int folder, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return do_openat(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return do_openat(folder, path, flags, mode);
}
int close(int fd) {
  if (fd >= 0 && fd < DESCRIPTORS) file_of[fd] = 0;
  return real_close(fd);
}

static int is_acks(int file) {
  size_t length = strlen(paths[file]);
  return length > 5 && strcmp(paths[file] + length - 5, ".acks") == 0;
}

static ssize_t do_pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  int file = looked_at(fd);
  if (!file) return real_pwrite(fd, bytes, length, offset);
  pthread_mutex_lock(&lock);
  ssize_t done = -1;
  if (!fails('W') && !is_full(fd, offset + (off_t)length)) {
    done = real_pwrite(fd, bytes, length, offset);
    if (done > 0) record('W', file - 1, (uint64_t)offset, bytes, (uint32_t)done, (uint32_t)done);
  }
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return do_pwrite(fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return do_pwrite(fd, bytes, length, offset); }

ssize_t write(int fd, const void *bytes, size_t length) {
  int file = looked_at(fd);
  if (!file) return real_write(fd, bytes, length);
  pthread_mutex_lock(&lock);
  ssize_t done = -1;
  if (is_acks(file - 1)) {
    done = real_write(fd, bytes, length);
    if (done > 0) record('A', file - 1, 0, bytes, (uint32_t)done, (uint32_t)done);
  } else {
    off_t offset = lseek(fd, 0, SEEK_CUR);
    if (!fails('W') && !is_full(fd, offset + (off_t)length)) {
      done = real_write(fd, bytes, length);
      if (done > 0) record('W', file - 1, (uint64_t)offset, bytes, (uint32_t)done, (uint32_t)done);
    }
  }
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return done;
}

static ssize_t do_pread(int fd, void *bytes, size_t length, off_t offset) {
  if (looked_at(fd) && strchr(fail_kinds, 'R')) {
    pthread_mutex_lock(&lock);
    int failed = fails('R');
    int saved = errno;
    pthread_mutex_unlock(&lock);
    errno = saved;
    if (failed) return -1;
  }
  return real_pread(fd, bytes, length, offset);
}
ssize_t pread(int fd, void *bytes, size_t length, off_t offset) { return do_pread(fd, bytes, length, offset); }
ssize_t pread64(int fd, void *bytes, size_t length, off_t offset) { return do_pread(fd, bytes, length, offset); }

static int do_ftruncate(int fd, off_t length) {
  int file = looked_at(fd);
  if (!file) return real_ftruncate(fd, length);
  pthread_mutex_lock(&lock);
  int done = -1;
  if (!fails('T') && !is_full(fd, length)) {
    done = real_ftruncate(fd, length);
    if (done == 0) record('T', file - 1, (uint64_t)length, NULL, 0, 0);
  }
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return done;
}
int ftruncate(int fd, off_t length) { return do_ftruncate(fd, length); }
int ftruncate64(int fd, off_t length) { return do_ftruncate(fd, length); }
static int do_posix_fallocate(int fd, off_t offset, off_t length) {
  if (looked_at(fd) && is_full(fd, offset + length)) return ENOSPC;
  return real_posix_fallocate(fd, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) { return do_posix_fallocate(fd, offset, length); }
int posix_fallocate64(int fd, off_t offset, off_t length) { return do_posix_fallocate(fd, offset, length); }

static int do_sync(int fd, int (*real)(int)) {
  int file = looked_at(fd);
  if (!file) return real(fd);
  /* Who is killed now has nothing of it for sure. */
  if (sync_ms) usleep((useconds_t)sync_ms * 1000);
  pthread_mutex_lock(&lock);
  int done = -1;
  if (!fails('S')) {
    /* The disk of this computer need not be waited for: what counts is where the record says that it was. */
    done = 0;
    record('S', file - 1, 0, NULL, 0, 0);
  }
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return done;
}
int fsync(int fd) { return do_sync(fd, real_fsync); }
int fdatasync(int fd) { return do_sync(fd, real_fdatasync); }

int unlink(const char *path) {
  int done = real_unlink(path);
  if (done == 0 && is_matched(path)) {
    pthread_mutex_lock(&lock);
    for (int file = 0; file < file_count; file++)
      if (strcmp(paths[file], path) == 0) record('U', file, 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
  }
  return done;
}
