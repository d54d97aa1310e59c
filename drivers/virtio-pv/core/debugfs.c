// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/virtio_pv/<device>/{device,features,queues/N}: what the core
 * knows. Shows private state only; the device is not touched.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "vpv_core.h"

static struct dentry *root;

static const char * const state_names[] = {
	[VPV_BINDING] = "binding",
	[VPV_LIVE] = "live",
	[VPV_STOPPED] = "stopped",
	[VPV_FAILED] = "failed",
};

static int device_show(struct seq_file *s, void *unused)
{
	struct vpv_dev_core *d = s->private;

	seq_printf(s, "driver: %s\n", d->vdev.drv->name);
	seq_printf(s, "transport: %s\n", d->ops->name);
	seq_printf(s, "state: %s\n", state_names[READ_ONCE(d->state)]);
	seq_printf(s, "vectors: %s\n", d->ops->vector_mode(d));
	seq_printf(s, "queues: %u\n", d->vdev.nr_queues);
	seq_printf(s, "config_irqs: %llu\n", d->config_irqs);
	seq_printf(s, "resets: %llu\n", d->resets);
	seq_printf(s, "recoveries_in_a_row: %u\n", d->tries);
	seq_printf(s, "quarantined_bytes: %zu\n", d->quarantined);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(device);

static int features_show(struct seq_file *s, void *unused)
{
	struct vpv_dev_core *d = s->private;
	const struct vpv_driver *drv = d->vdev.drv;
	const char *name;
	unsigned int bit;

	for_each_set_bit(bit, d->vdev.offered, VPV_FEATURE_BITS) {
		name = vpv_feature_name(drv->features, drv->nr_features, bit);
		seq_printf(s, "%3u %-8s %s\n", bit,
			   vpv_has_feature(&d->vdev, bit) ? "agreed" : "offered",
			   name ?: "(not known)");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(features);

static void show_ring(struct seq_file *s, struct vpv_queue *q)
{
	const struct vpv_ring_cfg *cfg = &q->core->cfg;
	struct vpv_ring_state st;

	vpv_ring_peek(q->ring, &st);
	seq_printf(s, "layout: %s%s%s\n", cfg->packed ? "packed" : "split",
		   cfg->in_order ? ", in order" : "", cfg->event_idx ? ", event index" : "");
	seq_printf(s, "num: %u\n", st.num);
	seq_printf(s, "table_len: %u\n", cfg->table_len);
	seq_printf(s, "free: %u\n", st.free);
	seq_printf(s, "staged: %u\n", st.staged);
	seq_printf(s, "published: %u\n", st.published);
	seq_printf(s, "completed: %u\n", st.completed);
	seq_printf(s, "in_flight: %u\n", st.in_flight);
	seq_printf(s, "undecided: %u\n", st.undecided);
	seq_printf(s, "avail_pos: %u\n", st.avail_pos);
	seq_printf(s, "used_pos: %u\n", st.used_pos);
	seq_printf(s, "device_event: %#x\n", st.device_event);
	seq_printf(s, "armed_at: %u\n", st.armed_at);
	seq_printf(s, "error: %s\n", vpv_ring_error_str(st.error));
}

static int queue_show(struct seq_file *s, void *unused)
{
	struct vpv_queue *q = s->private;
	struct vpv_queue_core *qc = q->core;

	seq_printf(s, "name: %s\n", q->name);
	seq_printf(s, "live: %d\n", READ_ONCE(qc->live));
	seq_printf(s, "irq: %d\n", vpv_core(q->vdev)->ops->queue_irq(q));
	/* The ring may be replaced by one of another size. */
	mutex_lock(&vpv_core(q->vdev)->lock);
	show_ring(s, q);
	mutex_unlock(&vpv_core(q->vdev)->lock);
	seq_printf(s, "publishes: %llu\n", qc->submit.publishes);
	seq_printf(s, "buffers: %llu\n", qc->submit.buffers);
	seq_printf(s, "decisions: %llu\n", qc->submit.decisions);
	seq_printf(s, "kicks: %llu\n", qc->submit.kicks);
	seq_printf(s, "kicks_avoided: %llu\n", qc->submit.kicks_avoided);
	seq_printf(s, "waits: %llu\n", qc->submit.waits);
	seq_printf(s, "waits_drained: %llu\n", qc->submit.waits_drained);
	seq_printf(s, "waits_timer: %llu\n", qc->submit.waits_timer);
	seq_printf(s, "waits_pay: %d\n", READ_ONCE(qc->submit.trial.prefers));
	seq_printf(s, "buffer_ns: %u\n", READ_ONCE(qc->submit.trial.ns[false]));
	seq_printf(s, "buffer_waits_ns: %u\n", READ_ONCE(qc->submit.trial.ns[true]));
	seq_printf(s, "latency_ns: %u\n", READ_ONCE(qc->latency.ns));
	seq_printf(s, "gap_ns: %u\n", qc->submit.gap_ns);
	seq_printf(s, "exit_ns: %u\n", READ_ONCE(qc->exit_ns));
	seq_printf(s, "irqs: %llu\n", qc->irqs);
	seq_printf(s, "irqs_spurious: %llu\n", qc->spurious);
	seq_printf(s, "reaps: %llu\n", qc->reap.reaps);
	seq_printf(s, "completions: %llu\n", qc->reap.completions);
	seq_printf(s, "arms: %llu\n", qc->reap.arms);
	seq_printf(s, "arm_raced: %llu\n", qc->reap.arm_raced);
	seq_printf(s, "arms_late: %llu\n", qc->reap.arms_late);
	seq_printf(s, "irqs_timer: %llu\n", qc->irqs_timer);
	seq_printf(s, "lost_kicks: %llu\n", qc->lost_kicks);
	seq_printf(s, "lost_irqs: %llu\n", qc->lost_irqs);
	seq_printf(s, "queue_resets: %llu\n", qc->queue_resets);
	seq_printf(s, "breaks: %llu\n", qc->breaks);
	if (qc->breaks)
		seq_printf(s, "last_break: %s (%#x)\n", vpv_ring_error_str(qc->last_error),
			   qc->last_value);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(queue);

void vpv_debugfs_add(struct vpv_dev_core *d)
{
	struct dentry *queues;
	char name[12];
	unsigned int i;

	d->debugfs = debugfs_create_dir(dev_name(d->vdev.dev), root);
	debugfs_create_file("device", 0400, d->debugfs, d, &device_fops);
	debugfs_create_file("features", 0400, d->debugfs, d, &features_fops);
	queues = debugfs_create_dir("queues", d->debugfs);
	for (i = 0; i < d->vdev.nr_queues; i++) {
		snprintf(name, sizeof(name), "%u", i);
		debugfs_create_file(name, 0400, queues, &d->vdev.queues[i], &queue_fops);
	}
}

void vpv_debugfs_remove(struct vpv_dev_core *d)
{
	debugfs_remove_recursive(d->debugfs);
	d->debugfs = NULL;
}

void vpv_debugfs_init(void)
{
	root = debugfs_create_dir("virtio_pv", NULL);
}

void vpv_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
