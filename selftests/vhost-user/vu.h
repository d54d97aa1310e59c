/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio device in a process of its own, behind a vhost-user socket, that
 * tells the truth or, on demand, lies. What all devices share is here:
 *
 *	vu.c		main loop, queues, options
 *	vu_proto.c	vhost-user messages, guest memory
 *	vu_recv.c	receiving a message
 *	vu_ring.c	virtqueues
 *	vu_fault.c	lies and their commands
 *	vu_lie.c	well-formed answers that are not true
 *	vu_ctl.c	control socket, statistics
 *
 * A device is one more file with a struct vu_ops and a main() that calls
 * vu_main(). One thread; callbacks run one after another.
 */
#ifndef VU_H
#define VU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vu_ring.h"

#define VU_MAX_QUEUES 64
#define VU_MAX_CONFIG 256
#define VU_MAX_REGIONS 32
#define VU_MAX_ARGS 16
#define VU_MAX_FDS 16

#define VU_BIT(n) (1ULL << (n))

/* Feature bits every device type shares (6.). */
enum {
	VU_F_PROTOCOL_FEATURES = 30,	/* vhost-user's own, never the guest's */
	VU_F_INDIRECT_DESC = 28,
	VU_F_EVENT_IDX = 29,
	VU_F_VERSION_1 = 32,
	VU_F_RING_PACKED = 34,
	VU_F_IN_ORDER = 35,
	VU_F_NOTIFICATION_DATA = 38,
};

struct vu_dev;
struct vu_queue;

/* From vu_ops.request(): the device keeps the buffer and calls vu_done() later. */
#define VU_LATER UINT32_MAX

/**
 * struct vu_option - a command line option
 * @name: without the dashes
 * @arg: name of its value for the help text, NULL: it takes none
 * @help: one line
 * @set: called with the value or ""; -1: the value is no good
 */
struct vu_option {
	const char *name;
	const char *arg;
	const char *help;
	int (*set)(struct vu_dev *dev, const char *value);
};

/**
 * struct vu_command - a command of the control socket
 * @name: first word
 * @args: the rest, for the help text
 * @help: one line
 * @run: output goes to @out; return NULL, or what is wrong
 */
struct vu_command {
	const char *name;
	const char *args;
	const char *help;
	const char *(*run)(struct vu_dev *dev, int argc, char **argv, FILE *out);
};

/**
 * struct vu_ops - a device type
 * @name: the program's name
 * @options: of this device, ended by an empty one; may be NULL
 * @commands: of this device, likewise
 * @start: after the options were read: fill in config, offered, nr_queues
 * @request: serve one buffer; return bytes written to it, or VU_LATER
 * @status_request: answer a buffer with a status and nothing else, for the
 *	fault of that name; NULL where the device has no such thing
 * @idle: leave the buffers of this queue where they are for now; vu_queue_run()
 *	when that has changed. May be NULL
 * @hold_irq: an interrupt may be due, and shall wait; vu_queue_look() when it shall
 *	no longer. May be NULL
 * @config_written: the driver wrote to the configuration space
 * @reset: all queues were stopped
 * @stats: print counters of this device, "name value" per line
 */
struct vu_ops {
	const char *name;
	const struct vu_option *options;
	const struct vu_command *commands;
	int (*start)(struct vu_dev *dev);
	uint32_t (*request)(struct vu_queue *q, struct vu_elem *e);
	uint32_t (*status_request)(struct vu_queue *q, struct vu_elem *e, int status);
	bool (*idle)(struct vu_queue *q);
	bool (*hold_irq)(struct vu_queue *q);
	void (*config_written)(struct vu_dev *dev, size_t off, size_t len);
	void (*reset)(struct vu_dev *dev);
	void (*stats)(struct vu_dev *dev, FILE *out);
};

struct vu_source {
	int fd;
	void (*ready)(struct vu_source *s);
	void *ctx;
};

struct vu_timer {
	uint64_t due;		/* ns, CLOCK_MONOTONIC; 0: off */
	void (*fire)(struct vu_timer *t);
	void *ctx;
	struct vu_timer *next;
};

struct vu_queue {
	struct vu_dev *dev;
	unsigned int index;
	struct vu_ring ring;
	bool enabled;
	struct vu_source kick;
	int call_fd;
	uint64_t desc_uva, driver_uva, device_uva;
	struct vu_elem *held, **held_tail;
	struct vu_timer timer;
	bool again;
	struct {
		uint64_t kicks, runs, requests, irqs, irqs_dropped, starts;
	} n;
};

struct vu_region {
	uint64_t gpa, uva, size;
	void *map;
	size_t map_size;
	uint8_t *host;
};

enum vu_fault_kind {
	VU_FAULT_SILENT,
	VU_FAULT_MUTE,
	VU_FAULT_SILENT_AFTER,
	VU_FAULT_SLOW,
	VU_FAULT_SHUFFLE,
	VU_FAULT_STATUS,
	VU_FAULT_SHORT,
	VU_FAULT_BAD_LEN,
	VU_FAULT_BAD_ID,
	VU_FAULT_STALE_ID,
	VU_FAULT_DUP_ID,
	VU_FAULT_IDX_JUMP,
	VU_FAULT_REWRITE,
	VU_FAULT_NO_IRQ,
	VU_FAULT_NO_KICK,
	VU_FAULT_TORN_CONFIG,
	VU_NR_FAULTS,
};

struct vu_fault {
	bool on;
	int64_t arg;
	int queue;		/* -1: any */
	uint64_t left;		/* 0: until cleared */
	uint64_t hits;
};

struct vu_storm {
	struct vu_timer timer;
	uint64_t period, end;
	int queue;
};

struct vu_dev {
	const struct vu_ops *ops;
	void *priv;
	uint64_t offered;
	uint64_t features;
	unsigned int nr_queues;
	uint8_t config[VU_MAX_CONFIG];
	size_t config_size;

	const char *socket_path;
	const char *control_path;
	bool verbose;
	bool quit;
	unsigned int batch;
	unsigned int queue_budget;

	struct vu_queue queues[VU_MAX_QUEUES];
	struct vu_fault faults[VU_NR_FAULTS];
	struct vu_storm storm;
	struct vu_timer *timers;
	int epoll_fd;
	struct vu_source listener, conn, control;

	struct vu_region regions[VU_MAX_REGIONS];
	unsigned int nr_regions;
	uint64_t protocol;
	int backend_fd;
	uint8_t status;
	uint64_t seed;
	struct {
		uint64_t connections, resets, config_reads, config_writes, config_changes;
	} n;
};

/* ---- for devices ---- */

int vu_main(struct vu_dev *dev, const struct vu_ops *ops, int argc, char **argv);

/* Give back a buffer that was kept with VU_LATER; frees it. */
void vu_done(struct vu_queue *q, struct vu_elem *e, uint32_t len);

/* The interrupt that waited, if it is due. */
void vu_queue_look(struct vu_queue *q);

/* Copy between a buffer's pieces and memory, from @off on; returns bytes copied. */
size_t vu_read(const struct vu_elem *e, size_t off, void *buf, size_t len);
size_t vu_write(const struct vu_elem *e, size_t off, const void *buf, size_t len);

/* Pieces of @iov that make up @len bytes from @off on, into @dst; returns how many. */
unsigned int vu_slice(const struct iovec *iov, unsigned int n, size_t off, size_t len,
		      struct iovec *dst);

/* Tell the driver that the configuration changed. */
void vu_config_changed(struct vu_dev *dev);

uint64_t vu_now(void);
void vu_timer_set(struct vu_dev *dev, struct vu_timer *t, uint64_t due);

/* A number, with K M G T where it is a size; false: it is none. */
bool vu_number(const char *s, uint64_t *value);
/* One that may be negative. */
bool vu_signed(const char *s, int64_t *value);

void vu_log(const struct vu_dev *dev, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vu_debug(const struct vu_dev *dev, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- between the files of the base ---- */

int vu_watch(struct vu_dev *dev, struct vu_source *s, int fd, void (*ready)(struct vu_source *s),
	     void *ctx);
void vu_unwatch(struct vu_dev *dev, struct vu_source *s);
int vu_listen(const char *path);

void vu_queue_run(struct vu_queue *q);
void vu_queue_start(struct vu_queue *q);
void vu_queue_stop(struct vu_queue *q);
void vu_queue_flush(struct vu_queue *q);
void vu_queue_irq(struct vu_queue *q);
void vu_run_all(struct vu_dev *dev);

/* All of it; false: the other end is gone. */
bool vu_recv_rest(int fd, void *buf, size_t len);
/* The same for the beginning of a message, with up to @max file descriptors, VU_MAX_FDS at most. */
bool vu_recv(int fd, void *head, size_t len, int *fds, unsigned int *nfds, unsigned int max);

void vu_proto_accept(struct vu_source *s);
void vu_proto_close(struct vu_dev *dev);

void vu_control_accept(struct vu_source *s);
const char *vu_command_run(struct vu_dev *dev, char *line, FILE *out);

extern const struct vu_command vu_fault_commands[];
/* Of what lies between us and the VMM; ended by an empty one. */
extern const struct vu_command vu_transport_commands[];
bool vu_fault_hit(struct vu_queue *q, enum vu_fault_kind kind, int64_t *arg);
void vu_fault_config(struct vu_dev *dev, uint8_t *config);
void vu_fault_stats(struct vu_dev *dev, FILE *out);
void vu_fault_done(struct vu_queue *q, struct vu_elem *e, uint32_t len);

#endif /* VU_H */
