// SPDX-License-Identifier: GPL-2.0-only
/* Files and programs of the system. Every path goes through sys_root. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vpv.h"

extern char **environ;

const char *sys_root = "";

void free_pointer(void *p)
{
	free(*(void **)p);
}

static char *vformat(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0) {
		fputs("vpv: out of memory\n", stderr);
		exit(ST_FAILED);
	}
	return text;
}

char *format(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = vformat(fmt, args);
	va_end(args);
	return text;
}

static char *vpath(const char *fmt, va_list args)
{
	autofree char *tail = vformat(fmt, args);

	return format("%s%s", sys_root, tail);
}

/* Sets path to the path of a variadic function's fmt. */
#define GET_PATH(path, fmt)		\
	do {				\
		va_list args;		\
					\
		va_start(args, fmt);	\
		path = vpath(fmt, args);	\
		va_end(args);		\
	} while (0)

char *sys_path(const char *fmt, ...)
{
	char *path;

	GET_PATH(path, fmt);
	return path;
}

/* Files of sysfs and procfs have no size, so it is read until it ends. */
static char *slurp(int fd)
{
	size_t len = 0, room = 4096;
	char *text = malloc(room);
	ssize_t got;

	while (text && (got = read(fd, text + len, room - len - 1)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(text);
			return NULL;
		}
		len += got;
		if (len + 1 == room) {
			char *more = realloc(text, room *= 2);

			if (!more)
				free(text);
			text = more;
		}
	}
	if (!text)
		return NULL;
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	text[len] = '\0';
	return text;
}

static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0)
		return NULL;
	text = slurp(fd);
	close(fd);
	return text;
}

char *sys_read(const char *fmt, ...)
{
	autofree char *path = NULL;

	GET_PATH(path, fmt);
	return read_file(path);
}

long long sys_number(long long otherwise, const char *fmt, ...)
{
	autofree char *path = NULL, *text = NULL;
	long long value;
	char *end;

	GET_PATH(path, fmt);
	text = read_file(path);
	if (!text || !*text)
		return otherwise;
	value = strtoll(text, &end, 0);
	return end == text ? otherwise : value;
}

static int write_file(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* One write is one order to the kernel; a short one makes no sense. */
	if (write(fd, text, len) != (ssize_t)len)
		err = errno ? -errno : -EIO;
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

int sys_write(const char *text, const char *fmt, ...)
{
	autofree char *path = NULL;

	GET_PATH(path, fmt);
	return hooks.write(path, text);
}

bool sys_exists(const char *fmt, ...)
{
	autofree char *path = NULL;
	struct stat st;

	GET_PATH(path, fmt);
	return stat(path, &st) == 0;
}

char *sys_link(const char *fmt, ...)
{
	autofree char *path = NULL;
	char target[4096], *slash;
	ssize_t len;

	GET_PATH(path, fmt);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return NULL;
	target[len] = '\0';
	slash = strrchr(target, '/');
	return strdup(slash ? slash + 1 : target);
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

struct names sys_list(const char *fmt, ...)
{
	autofree char *path = NULL;
	struct names found = { 0 };
	struct dirent *entry;
	DIR *dir;

	GET_PATH(path, fmt);
	dir = opendir(path);
	if (!dir)
		return found;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			names_add(&found, entry->d_name);
	closedir(dir);
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), by_name);
	return found;
}

int sys_mkdirs(const char *path)
{
	autofree char *part = sys_path("%s", path);
	char *slash;

	for (slash = part + strlen(sys_root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

void names_add(struct names *names, const char *name)
{
	char **v = realloc(names->v, (names->n + 1) * sizeof(*v));

	if (!v || !(v[names->n] = strdup(name))) {
		fputs("vpv: out of memory\n", stderr);
		exit(ST_FAILED);
	}
	names->v = v;
	names->n++;
}

bool names_have(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

void names_free(struct names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct names){ 0 };
}

/* Exit status of the program; what it says is caught, both streams. */
static int run_program(char *const argv[], char **said)
{
	posix_spawn_file_actions_t actions;
	int pipe_fd[2], status, err;
	char *text;
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 2);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fd[1]);
	if (err) {
		close(pipe_fd[0]);
		return -err;
	}
	text = slurp(pipe_fd[0]);
	close(pipe_fd[0]);
	if (said)
		*said = text;
	else
		free(text);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(char **said, const char *program, ...)
{
	char *argv[32] = { (char *)program };
	va_list args;
	int n = 0;

	if (said)
		*said = NULL;
	va_start(args, program);
	while (argv[n] && n < 30)
		argv[++n] = va_arg(args, char *);
	va_end(args);
	argv[n] = NULL;
	return hooks.run(argv, said);
}

char *kernel_release(void)
{
	char *release = sys_read("/proc/sys/kernel/osrelease");
	struct utsname uts;

	if (!release && uname(&uts) == 0)
		release = strdup(uts.release);
	return release;
}

bool wait_until(unsigned int ms, bool (*done)(void *ctx), void *ctx)
{
	struct timespec nap = { .tv_nsec = 20 * 1000000 }, now;
	long long end;

	/* Nothing happens by itself in a system that is a folder. */
	if (*sys_root && ms > 40)
		ms = 40;
	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec * 1000LL + now.tv_nsec / 1000000 + ms;
	for (;;) {
		if (done(ctx))
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec * 1000LL + now.tv_nsec / 1000000 >= end)
			return false;
		nanosleep(&nap, NULL);
	}
}

struct hooks hooks = { .write = write_file, .run = run_program, .addresses = rtnl_addresses };
