// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dead man's hand: a process of its own that puts a device back after a
 * time, unless "vpv keep" takes its token away. It outlives the session that
 * started it, whose connection the move may have cut.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vpv.h"

static char *token(const char *address)
{
	return sys_path(STATE_DIR "/revert-%s", address);
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec;
}

static bool token_is(const char *address, long long pid)
{
	autofree char *text = sys_read(STATE_DIR "/revert-%s", address);

	return text && strtoll(text, NULL, 10) == pid;
}

static void detach(void)
{
	int fd = open("/dev/null", O_RDWR);

	move_lock_forget();
	setsid();
	signal(SIGHUP, SIG_IGN);
	if (fd >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		if (fd > 2)
			close(fd);
	}
	if (chdir("/"))
		_exit(ST_FAILED);
}

static void wait_and_revert(const char *address, const char *driver, long long end)
{
	struct move_options options = { .force = true, .wait_ms = 15000 };
	json_t *report = json_object();
	autofree char *path = token(address);
	autodevice dev = { 0 };

	while (now() < end) {
		sleep(1);
		if (!token_is(address, getpid()))
			_exit(ST_OK);
	}
	if (!move_lock() || unlink(path) || !device_read(address, &dev))
		_exit(ST_OK);
	persist_set(address, NULL);
	if (load_driver(dev.kind, driver, report) == ST_OK &&
	    move_device(address, driver, &options, report) == ST_OK && !strcmp(driver, IN_TREE))
		sys_write("\n", "/sys/bus/pci/devices/%s/driver_override", address);
	_exit(ST_OK);
}

int revert_arm(const char *address, const char *driver, unsigned int seconds)
{
	autofree char *path = token(address);
	long long end = now() + seconds;
	FILE *file;
	pid_t pid;
	int err = sys_mkdirs(STATE_DIR);

	if (err)
		return err;
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		detach();
		file = fopen(path, "we");
		if (!file)
			_exit(ST_FAILED);
		fprintf(file, "%d %lld\n", (int)getpid(), end);
		fclose(file);
		wait_and_revert(address, driver, end);
	}
	/* Nothing is moved before the hand is there. */
	for (err = 0; err < 500 && !token_is(address, pid); err++)
		usleep(10000);
	return token_is(address, pid) ? 0 : -EIO;
}

bool revert_disarm(const char *address)
{
	autofree char *path = token(address);

	return unlink(path) == 0;
}

long long revert_left(const char *address)
{
	autofree char *text = sys_read(STATE_DIR "/revert-%s", address);
	long long pid, end;

	if (!text || sscanf(text, "%lld %lld", &pid, &end) != 2)
		return -1;
	return end > now() ? end - now() : 0;
}
