// SPDX-License-Identifier: GPL-2.0-only
/*
 * Main loop, queues and options of a vhost-user device. See vu.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "vu.h"

/* ---- small things ---- */

static void log_line(const struct vu_dev *dev, const char *fmt, va_list ap)
{
	fprintf(stderr, "%s: ", dev->ops->name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void vu_log(const struct vu_dev *dev, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(dev, fmt, ap);
	va_end(ap);
}

void vu_debug(const struct vu_dev *dev, const char *fmt, ...)
{
	va_list ap;

	if (!dev->verbose)
		return;
	va_start(ap, fmt);
	log_line(dev, fmt, ap);
	va_end(ap);
}

uint64_t vu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

bool vu_number(const char *s, uint64_t *value)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	errno = 0;
	*value = strtoull(s, &end, 0);
	if (errno || end == s || *s == '-')
		return false;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		*value <<= 10 * (unit - units + 1);
		end++;
	}
	return !*end;
}

bool vu_signed(const char *s, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(s, &end, 0);
	return !errno && end != s && !*end;
}

/* ---- pieces of buffers ---- */

unsigned int vu_slice(const struct iovec *iov, unsigned int n, size_t off, size_t len,
		      struct iovec *dst)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < n && len; i++) {
		size_t part = iov[i].iov_len;

		if (off >= part) {
			off -= part;
			continue;
		}
		part -= off;
		if (part > len)
			part = len;
		dst[used].iov_base = (char *)iov[i].iov_base + off;
		dst[used++].iov_len = part;
		off = 0;
		len -= part;
	}
	return used;
}

size_t vu_read(const struct vu_elem *e, size_t off, void *buf, size_t len)
{
	struct iovec part[VU_MAX_SEG];
	unsigned int n = vu_slice(e->out, e->nout, off, len, part);
	size_t done = 0;

	for (unsigned int i = 0; i < n; i++) {
		memcpy((char *)buf + done, part[i].iov_base, part[i].iov_len);
		done += part[i].iov_len;
	}
	return done;
}

size_t vu_write(const struct vu_elem *e, size_t off, const void *buf, size_t len)
{
	struct iovec part[VU_MAX_SEG];
	unsigned int n = vu_slice(e->in, e->nin, off, len, part);
	size_t done = 0;

	for (unsigned int i = 0; i < n; i++) {
		memcpy(part[i].iov_base, (const char *)buf + done, part[i].iov_len);
		done += part[i].iov_len;
	}
	return done;
}

/* ---- events and timers ---- */

int vu_watch(struct vu_dev *dev, struct vu_source *s, int fd, void (*ready)(struct vu_source *s),
	     void *ctx)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };

	s->fd = fd;
	s->ready = ready;
	s->ctx = ctx;
	return epoll_ctl(dev->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

void vu_unwatch(struct vu_dev *dev, struct vu_source *s)
{
	if (s->fd < 0)
		return;
	epoll_ctl(dev->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	close(s->fd);
	s->fd = -1;
}

void vu_timer_set(struct vu_dev *dev, struct vu_timer *t, uint64_t due)
{
	struct vu_timer *i;

	t->due = due;
	for (i = dev->timers; i; i = i->next)
		if (i == t)
			return;
	t->next = dev->timers;
	dev->timers = t;
}

/* Fires what is due; returns milliseconds to the next, -1: none. */
static int timers_run(struct vu_dev *dev)
{
	uint64_t now = vu_now(), next = 0;

	for (struct vu_timer *t = dev->timers; t; t = t->next) {
		if (t->due && t->due <= now) {
			t->due = 0;
			t->fire(t);
		}
		if (t->due && (!next || t->due < next))
			next = t->due;
	}
	if (!next)
		return -1;
	now = vu_now();
	return next <= now ? 0 : (int)((next - now + 999999) / 1000000);
}

/* ---- queues ---- */

void vu_queue_irq(struct vu_queue *q)
{
	uint64_t one = 1;

	if (vu_fault_hit(q, VU_FAULT_NO_IRQ, NULL)) {
		q->n.irqs_dropped++;
		return;
	}
	if (q->call_fd < 0)
		return;
	if (write(q->call_fd, &one, sizeof(one)) == sizeof(one))
		q->n.irqs++;
}

void vu_queue_look(struct vu_queue *q)
{
	if (q->ring.running && vu_ring_want_irq(&q->ring))
		vu_queue_irq(q);
}

static void publish(struct vu_queue *q)
{
	const struct vu_ops *ops = q->dev->ops;

	vu_ring_publish(&q->ring);
	if (!ops->hold_irq || !ops->hold_irq(q))
		vu_queue_look(q);
}

/* Serve one buffer, unless a fault or the device has it otherwise. */
static void serve(struct vu_queue *q, struct vu_elem *e)
{
	const struct vu_ops *ops = q->dev->ops;
	uint32_t len;
	int64_t arg;

	q->n.requests++;
	if (ops->status_request && vu_fault_hit(q, VU_FAULT_STATUS, &arg))
		len = ops->status_request(q, e, (int)arg);
	else
		len = ops->request(q, e);
	if (len == VU_LATER)
		return;
	vu_fault_done(q, e, len);
	free(e);
}

void vu_done(struct vu_queue *q, struct vu_elem *e, uint32_t len)
{
	vu_fault_done(q, e, len);
	free(e);
	publish(q);
}

static void hold(struct vu_queue *q, struct vu_elem *e, int64_t ms)
{
	e->due = vu_now() + (uint64_t)ms * 1000000;
	e->next = NULL;
	*q->held_tail = e;
	q->held_tail = &e->next;
	if (!q->timer.due)
		vu_timer_set(q->dev, &q->timer, e->due);
}

/* Serve held buffers up to a time; 0: all. */
static void held_serve(struct vu_queue *q, uint64_t until)
{
	struct vu_elem *e;

	while ((e = q->held) && (!until || e->due <= until)) {
		q->held = e->next;
		if (!q->held)
			q->held_tail = &q->held;
		serve(q, e);
	}
	if (q->ring.running || !until)
		publish(q);
	if (q->held)
		vu_timer_set(q->dev, &q->timer, q->held->due);
}

static void held_due(struct vu_timer *t)
{
	held_serve(t->ctx, vu_now());
}

void vu_queue_flush(struct vu_queue *q)
{
	if (q->held)
		held_serve(q, 0);
}

/* Take what is there, and serve it in another order. Never on an in-order queue. */
static bool serve_shuffled(struct vu_queue *q, unsigned int max)
{
	struct vu_elem *list[256], *e;
	unsigned int n = 0;

	if (max > 256)
		max = 256;
	while (n < max && (e = vu_ring_pop(&q->ring)))
		list[n++] = e;
	for (unsigned int left = n; left; left--) {
		unsigned int i = rand() % left;

		serve(q, list[i]);
		list[i] = list[left - 1];
	}
	return n;
}

/* The last one to be served; from here on, silence. */
static void fall_silent(struct vu_dev *dev)
{
	struct vu_fault *after = &dev->faults[VU_FAULT_SILENT_AFTER];

	if (after->on)
		return;
	dev->faults[VU_FAULT_SILENT] = *after;
	dev->faults[VU_FAULT_SILENT].on = true;
	dev->faults[VU_FAULT_SILENT].left = 0;
}

static bool is_silent(struct vu_queue *q)
{
	return vu_fault_hit(q, VU_FAULT_SILENT, NULL) || vu_fault_hit(q, VU_FAULT_MUTE, NULL);
}

/* Nothing is taken from this queue now, by a fault or because nothing is wanted. */
static bool leaves_alone(struct vu_queue *q)
{
	const struct vu_ops *ops = q->dev->ops;

	return is_silent(q) || (ops->idle && ops->idle(q));
}

/* Take and serve up to a batch; false: there was nothing to take. */
static bool serve_batch(struct vu_queue *q)
{
	struct vu_dev *dev = q->dev;
	unsigned int done;
	struct vu_elem *e;

	if (!q->ring.in_order && vu_fault_hit(q, VU_FAULT_SHUFFLE, NULL))
		return serve_shuffled(q, dev->batch);
	for (done = 0; done < dev->batch; done++) {
		int64_t ms = 0;

		/* What was served until now is published all the same. */
		if (leaves_alone(q))
			break;
		e = vu_ring_pop(&q->ring);
		if (!e)
			break;
		if (vu_fault_hit(q, VU_FAULT_SILENT_AFTER, NULL))
			fall_silent(dev);
		/* Behind a held buffer the next one waits too: order is kept. */
		if (vu_fault_hit(q, VU_FAULT_SLOW, &ms) || q->held)
			hold(q, e, ms);
		else
			serve(q, e);
	}
	return done;
}

/*
 * The budget keeps one busy queue from starving the others and the control
 * socket; the main loop comes back to what was left.
 */
void vu_queue_run(struct vu_queue *q)
{
	unsigned int rounds = 0;
	bool more;

	q->again = false;
	if (!q->ring.running || !q->enabled)
		return;
	q->n.runs++;
	do {
		vu_ring_kicks_off(&q->ring);
		while (serve_batch(q)) {
			publish(q);
			if (++rounds == q->dev->queue_budget) {
				q->again = true;
				return;
			}
		}
		if (q->ring.error) {
			vu_log(q->dev, "queue %u stopped: %s", q->index, q->ring.error);
			return;
		}
		more = vu_ring_kicks_on(&q->ring);
	} while (more && !leaves_alone(q));
}

void vu_run_all(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < dev->nr_queues; i++)
		vu_queue_run(&dev->queues[i]);
}

/* Buffers may be there already, and their notification long gone. */
void vu_queue_start(struct vu_queue *q)
{
	struct vu_dev *dev = q->dev;
	struct vu_ring *r = &q->ring;

	r->packed = dev->features & VU_BIT(VU_F_RING_PACKED);
	r->in_order = dev->features & VU_BIT(VU_F_IN_ORDER);
	r->event_idx = dev->features & VU_BIT(VU_F_EVENT_IDX);
	r->indirect = dev->features & VU_BIT(VU_F_INDIRECT_DESC);
	if (!vu_ring_start(r)) {
		vu_log(dev, "queue %u does not start: %s", q->index, r->error);
		return;
	}
	q->n.starts++;
	if (vu_fault_hit(q, VU_FAULT_MUTE, NULL))
		dev->faults[VU_FAULT_MUTE].on = false;
	vu_debug(dev, "queue %u: %u %s%s%s%s", q->index, r->num, r->packed ? "packed" : "split",
		 r->in_order ? " in-order" : "", r->event_idx ? " event-idx" : "",
		 r->indirect ? " indirect" : "");
	q->again = true;
}

/* What was taken is finished first: the driver may go on with it elsewhere. */
void vu_queue_stop(struct vu_queue *q)
{
	if (!q->ring.running && !q->held)
		return;
	vu_queue_flush(q);
	vu_ring_stop(&q->ring);
	vu_timer_set(q->dev, &q->timer, 0);
}

static void queues_init(struct vu_dev *dev)
{
	for (unsigned int i = 0; i < VU_MAX_QUEUES; i++) {
		struct vu_queue *q = &dev->queues[i];

		q->dev = dev;
		q->index = i;
		q->kick.fd = -1;
		q->call_fd = -1;
		q->held_tail = &q->held;
		q->timer.fire = held_due;
		q->timer.ctx = q;
	}
}

/* ---- options ---- */

static int set_socket(struct vu_dev *dev, const char *v)
{
	dev->socket_path = v;
	return *v ? 0 : -1;
}

static int set_control(struct vu_dev *dev, const char *v)
{
	dev->control_path = v;
	return *v ? 0 : -1;
}

static int set_batch(struct vu_dev *dev, const char *v)
{
	uint64_t n;

	if (!vu_number(v, &n) || !n || n > 32768)
		return -1;
	dev->batch = n;
	return 0;
}

static int set_verbose(struct vu_dev *dev, const char *v)
{
	(void)v;
	dev->verbose = true;
	return 0;
}

static const struct {
	const char *name;
	unsigned int bit;
} feature_names[] = {
	{ "indirect", VU_F_INDIRECT_DESC },
	{ "event-idx", VU_F_EVENT_IDX },
	{ "packed", VU_F_RING_PACKED },
	{ "in-order", VU_F_IN_ORDER },
	{ "notification-data", VU_F_NOTIFICATION_DATA },
};

static int feature_bit(const char *name, uint64_t *bit)
{
	for (size_t i = 0; i < sizeof(feature_names) / sizeof(feature_names[0]); i++) {
		if (!strcmp(name, feature_names[i].name)) {
			*bit = feature_names[i].bit;
			return 0;
		}
	}
	return vu_number(name, bit) && *bit < 64 ? 0 : -1;
}

static int feature_list(const char *list, uint64_t *mask)
{
	char *copy = strdup(list), *save = NULL, *word;
	uint64_t bit;
	int ret = 0;

	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (feature_bit(word, &bit)) {
			ret = -1;
			break;
		}
		*mask |= VU_BIT(bit);
	}
	free(copy);
	return ret;
}

static uint64_t features_on, features_off;

static int set_features_on(struct vu_dev *dev, const char *v)
{
	(void)dev;
	return feature_list(v, &features_on);
}

static int set_features_off(struct vu_dev *dev, const char *v)
{
	(void)dev;
	return feature_list(v, &features_off);
}

static int set_fault(struct vu_dev *dev, const char *v)
{
	char line[256];
	const char *wrong;

	snprintf(line, sizeof(line), "fault %s", v);
	wrong = vu_command_run(dev, line, stderr);
	if (wrong)
		vu_log(dev, "--fault: %s", wrong);
	return wrong ? -1 : 0;
}

static const struct vu_option base_options[] = {
	{ "socket", "PATH", "vhost-user socket to listen on (needed)", set_socket },
	{ "control", "PATH", "control socket (default: the socket's path with .ctl)", set_control },
	{ "features-on", "LIST", "offer these too: packed, in-order, ... or bit numbers",
	  set_features_on },
	{ "features-off", "LIST", "do not offer these: event-idx, indirect, ... or bit numbers",
	  set_features_off },
	{ "batch", "N", "publish and interrupt at least every N requests (default 64)", set_batch },
	{ "fault", "\"NAME ...\"", "start with a fault; see the help command of the control socket",
	  set_fault },
	{ "verbose", NULL, "say what happens", set_verbose },
	{ 0 }
};

static void usage(const struct vu_ops *ops)
{
	const struct vu_option *lists[] = { base_options, ops->options };

	printf("usage: %s --socket PATH [options]\n", ops->name);
	for (int l = 0; l < 2; l++) {
		for (const struct vu_option *o = lists[l]; o && o->name; o++) {
			char left[64];

			snprintf(left, sizeof(left), "--%s %s", o->name, o->arg ? o->arg : "");
			printf("  %-34s %s\n", left, o->help);
		}
	}
}

static const struct vu_option *find_option(const struct vu_ops *ops, const char *name, size_t len)
{
	const struct vu_option *lists[] = { base_options, ops->options };

	for (int l = 0; l < 2; l++)
		for (const struct vu_option *o = lists[l]; o && o->name; o++)
			if (strlen(o->name) == len && !strncmp(o->name, name, len))
				return o;
	return NULL;
}

/* --name, --name VALUE or --name=VALUE */
static int read_options(struct vu_dev *dev, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i] + 2, *value = "";
		size_t len = strcspn(name, "=");
		const struct vu_option *o;

		if (!strcmp(argv[i], "--help")) {
			usage(dev->ops);
			exit(0);
		}
		o = !strncmp(argv[i], "--", 2) ? find_option(dev->ops, name, len) : NULL;
		if (!o) {
			vu_log(dev, "no such option: %s; --help lists them", argv[i]);
			return -1;
		}
		if (name[len])
			value = name + len + 1;
		else if (o->arg && i + 1 < argc)
			value = argv[++i];
		if ((o->arg && !*value) || o->set(dev, value)) {
			vu_log(dev, "--%s wants %s, not '%s'", o->name, o->arg ? o->arg : "nothing",
			       value);
			return -1;
		}
	}
	if (!dev->socket_path) {
		vu_log(dev, "--socket PATH is needed; --help lists the options");
		return -1;
	}
	return 0;
}

/* ---- main loop ---- */

int vu_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 4)) {
		close(fd);
		return -1;
	}
	return fd;
}

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static int listen_on(struct vu_dev *dev, struct vu_source *s, const char *path,
		     void (*ready)(struct vu_source *s))
{
	int fd = vu_listen(path);

	if (fd < 0 || vu_watch(dev, s, fd, ready, dev)) {
		vu_log(dev, "cannot listen on %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

static int loop(struct vu_dev *dev)
{
	struct epoll_event ev[16];

	while (!stop && !dev->quit) {
		int ms = timers_run(dev), n;

		for (unsigned int i = 0; i < dev->nr_queues; i++)
			if (dev->queues[i].again && dev->queues[i].enabled)
				ms = 0;
		n = epoll_wait(dev->epoll_fd, ev, 16, ms);
		if (n < 0 && errno != EINTR) {
			vu_log(dev, "epoll_wait: %s", strerror(errno));
			return 1;
		}
		for (int i = 0; i < n; i++) {
			struct vu_source *s = ev[i].data.ptr;

			/* An earlier one of this round may have closed it. */
			if (s->fd >= 0)
				s->ready(s);
		}
		for (unsigned int i = 0; i < dev->nr_queues; i++)
			if (dev->queues[i].again)
				vu_queue_run(&dev->queues[i]);
	}
	return 0;
}

int vu_main(struct vu_dev *dev, const struct vu_ops *ops, int argc, char **argv)
{
	static char control[256];
	int ret;

	dev->ops = ops;
	dev->offered = VU_BIT(VU_F_VERSION_1) | VU_BIT(VU_F_INDIRECT_DESC) | VU_BIT(VU_F_EVENT_IDX);
	dev->nr_queues = 1;
	dev->batch = 64;
	dev->queue_budget = 16;
	dev->backend_fd = -1;
	dev->listener.fd = -1;
	dev->conn.fd = -1;
	dev->control.fd = -1;
	queues_init(dev);
	if (read_options(dev, argc, argv))
		return 2;
	if (ops->start(dev))
		return 2;
	dev->offered |= features_on;
	dev->offered &= ~features_off;
	for (unsigned int i = 0; i < VU_MAX_QUEUES; i++)
		dev->queues[i].ring.batch_max = dev->batch;
	if (!dev->control_path) {
		snprintf(control, sizeof(control), "%s.ctl", dev->socket_path);
		dev->control_path = control;
	}

	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	dev->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (dev->epoll_fd < 0 ||
	    listen_on(dev, &dev->control, dev->control_path, vu_control_accept) ||
	    listen_on(dev, &dev->listener, dev->socket_path, vu_proto_accept))
		return 1;
	vu_debug(dev, "listening on %s, commands on %s", dev->socket_path, dev->control_path);
	ret = loop(dev);
	vu_proto_close(dev);
	unlink(dev->socket_path);
	unlink(dev->control_path);
	return ret;
}
